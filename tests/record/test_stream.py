"""The splitter: every entry, however the file is cut into pieces, and no more memory than one."""

import io
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.errors import RecordingError
from mockserver.record.stream import CHUNK, EntrySplitter, split_entries

values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=12)
    | st.sampled_from(["log", "entries", '"', "\\", "{", "]", '\\"}', 'entries":[{']),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=4,
)
entries = st.lists(st.dictionaries(st.text(max_size=8), values, max_size=3), max_size=4)
others = st.dictionaries(st.text(max_size=8).filter(lambda key: key != "entries"), values)


@given(entries, others, others, others, st.integers(1, 40))
def test_entries_are_found_however_the_file_is_cut(
    wanted: list[object],
    before: dict[str, object],
    after: dict[str, object],
    beside: dict[str, object],
    size: int,
) -> None:
    """Whatever stands around the entries, and wherever a piece ends, each entry comes once."""
    log = {**before, "entries": wanted, **{k: v for k, v in after.items() if k not in before}}
    root = {**{k: v for k, v in beside.items() if k != "log"}, "log": log}
    data = json.dumps(root, ensure_ascii=size % 2 == 0, indent=size % 3 or None).encode()
    splitter = EntrySplitter("x.har")
    found = [
        json.loads(entry)
        for start in range(0, len(data), size)
        for entry in splitter.feed(data[start : start + size])
    ]
    splitter.finish()

    assert found == wanted


@given(entries.filter(bool), st.data())
def test_a_cut_file_is_noticed(wanted: list[object], data: st.DataObject) -> None:
    """A file that lost its end is an error, after the entries that are complete."""
    raw = json.dumps({"log": {"entries": wanted}}).encode()
    cut = raw[: data.draw(st.integers(0, len(raw) - 1))]

    with pytest.raises(RecordingError, match="ends in the middle"):
        list(split_entries(io.BytesIO(cut), "x.har"))


def test_memory_does_not_grow_with_the_file() -> None:
    """Two hundred megabytes go by in the memory of a few entries."""
    body = json.dumps({"x": "z" * (2 * CHUNK)}).encode()
    head, tail = b'{"log":{"entries":[' + body, b"]}}"
    pieces = iter([head, *[b"," + body] * 400, tail, b""])
    file = io.BytesIO()
    file.read = lambda _=-1: next(pieces)  # type: ignore[method-assign]  # it makes what it reads
    tracemalloc.start()
    count = sum(1 for _ in split_entries(file, "x.har"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == 401
    assert peak < 8 * len(body)


def test_an_entry_has_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry that never ends is given up, before it fills the memory."""
    monkeypatch.setattr("mockserver.record.stream.MAX_ENTRY", 3 * CHUNK)
    file = io.BytesIO(b'{"log":{"entries":[{"x":"' + bytes(10 * CHUNK))

    with pytest.raises(RecordingError, match="entry 0 is longer"):
        list(split_entries(file, "x.har"))


@pytest.mark.parametrize("content", [b"root:x:0:0\n", b"[]", b"\x89PNG\r\n", b"\n\n<html>"])
def test_a_file_that_is_no_har_is_called_so(content: bytes) -> None:
    """Nobody is told that something was cut off which never was a recording."""
    with pytest.raises(RecordingError, match="this is no HAR"):
        list(split_entries(io.BytesIO(content), "some.file"))
