"""The label in the metadata."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.media.label import MAX_ADDRESS, read_label, write_label
from mockserver.media.picture import IMAGE_FORMATS, Picture

PICTURE = Picture(640, 480, "png", "acorn", "oak-1", "a fox", "task-1", "0123456789abcdef" * 2)


def build_pictures(**kinds: st.SearchStrategy[Any]) -> st.SearchStrategy[Picture]:
    return st.builds(
        Picture,
        width=st.integers(1, 3_000),
        height=st.integers(1, 3_000),
        provider=st.text(),
        model=st.none() | st.text(),
        prompt=st.text(),
        task_id=st.text(),
        digest=st.text("0123456789abcdef", min_size=32, max_size=32),
        inputs=st.lists(st.text(), max_size=3).map(tuple),
        **kinds,
    )


pictures = build_pictures(format=st.sampled_from([*IMAGE_FORMATS, "txt", "json"]))
pictures |= build_pictures(
    format=st.sampled_from(["mp4", "mp3", "wav"]),
    seconds=st.floats(0, 600, exclude_min=True) | st.integers(1, 600),
)
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
CONTENT = json.loads(write_label(PICTURE, marked=True))


@given(picture=pictures, marked=st.booleans())
def test_a_label_is_read_as_it_was_written(picture: Picture, *, marked: bool) -> None:
    """A label gives back the whole picture, with any Unicode in any text."""
    assert picture == read_label(write_label(picture, marked=marked))


@pytest.mark.parametrize("prompt", ["\ud800", "a\udfffb", "\uffff\ufffe", "\x00", "\\ud800"])
def test_awkward_characters_are_kept(prompt: str) -> None:
    """Lone surrogates, noncharacters and NUL come back as they were."""
    picture = replace(PICTURE, prompt=prompt)

    assert picture == read_label(write_label(picture, marked=True))


@pytest.mark.parametrize(
    ("marked", "words"), [(True, "marked"), (False, "too small for a mark"), (None, "none")]
)
def test_a_label_says_whether_there_is_a_mark(*, marked: bool | None, words: str) -> None:
    """A file whose pixels are too few for a mark, or that has none, says so in its metadata."""
    assert words == json.loads(write_label(PICTURE, marked=marked))["pixels"]


def test_an_endless_address_is_cut() -> None:
    """The address of an input is kept to 2,048 characters, the last one an ellipsis."""
    picture = replace(PICTURE, inputs=("data:" + "A" * 9000, "https://example.com/" + "a" * 2028))
    read = read_label(write_label(picture, marked=True))

    assert read
    assert [address[-1] for address in read.inputs] == ["\u2026", "a"]
    assert [len(address) for address in read.inputs] == [MAX_ADDRESS, MAX_ADDRESS]


@given(name=st.sampled_from(sorted(CONTENT)), value=values)
def test_a_label_with_a_strange_value_is_none_or_a_picture(name: str, value: Any) -> None:
    """Whatever stands in a label, reading it never fails."""
    read = read_label(json.dumps(CONTENT | {name: value}).encode())

    assert read is None or isinstance(read, Picture)


@pytest.mark.parametrize("name", sorted(set(CONTENT) - {"pixels", "model"}))
def test_a_label_with_a_missing_value_is_none_of_ours(name: str) -> None:
    """A label needs every value; the model may be absent, the note on the pixels is for people."""
    rest = {key: value for key, value in CONTENT.items() if key != name}

    assert read_label(json.dumps(rest).encode()) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [("width", 0), ("width", True), ("digest", "x"), ("inputs", [1]), ("inputs", "a"), ("of", 0)],
)
def test_a_label_with_an_impossible_value_is_none_of_ours(name: str, value: Any) -> None:
    """A label of a picture that cannot be is not believed."""
    assert read_label(json.dumps(CONTENT | {name: value}).encode()) is None


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"mockserver": 2}']
)
def test_other_text_is_no_label(text: bytes) -> None:
    """Text that is no JSON, another thing, or another version is no label."""
    assert read_label(text) is None
