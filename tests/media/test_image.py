"""The drawing of result images."""

import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops

from mockserver.media.decode import decode
from mockserver.media.image import draw_image
from mockserver.media.picture import IMAGE_FORMATS, MEDIA_TYPES, Picture

PICTURE = Picture(
    width=512,
    height=480,
    format="png",
    provider="acorn",
    model="oak-1",
    prompt="a red fox in the snow",
    task_id="3f1c9e0a7b5d4c2e8f6a1b0c9d8e7f60",
    digest="0123456789abcdef" * 2,
    of=2,
)

formats = st.sampled_from(sorted(IMAGE_FORMATS))
sides = st.integers(1, 300)
texts = st.text(max_size=300)


def view_words(picture: Picture) -> Image.Image:
    """The part of an image that people read: all above the band with the mark."""
    image = Image.open(BytesIO(draw_image(picture))).convert("RGB")
    return image.crop((0, 0, image.width, image.height * 4 // 5))


def differ(one: Picture, other: Picture) -> bool:
    return ImageChops.difference(view_words(one), view_words(other)).getbbox() is not None


@given(width=sides, height=sides, file_format=formats, prompt=texts, task_id=texts)
def test_every_picture_can_be_drawn(
    width: int, height: int, file_format: str, prompt: str, task_id: str
) -> None:
    """An image of any size has exactly that size, and its metadata holds the whole picture."""
    picture = Picture(width, height, file_format, "acorn", prompt, prompt, task_id, "0f" * 16)
    decoded = decode(draw_image(picture))

    assert (file_format, width, height) == (decoded.format, decoded.width, decoded.height)
    assert picture == decoded.metadata


@pytest.mark.parametrize("file_format", IMAGE_FORMATS)
@pytest.mark.parametrize(
    "letter", ["\U0001f98a", "\0", "\n", "\u202e", " ", "w", "\ud800", "\uffff"], ids=ascii
)
def test_a_prompt_of_20000_characters_is_kept(file_format: str, letter: str) -> None:
    """The metadata of every format holds 20,000 characters, whatever they are."""
    picture = replace(PICTURE, format=file_format, prompt=letter * 20_000, width=256, height=256)

    assert picture == decode(draw_image(picture)).metadata


@pytest.mark.parametrize("file_format", IMAGE_FORMATS)
def test_the_content_type_is_that_of_the_file(file_format: str) -> None:
    """A file is what its content type says."""
    image = Image.open(BytesIO(draw_image(replace(PICTURE, format=file_format))))

    assert MEDIA_TYPES[file_format].content_type == image.get_format_mimetype()


@given(file_format=formats, prompt=texts, number=st.integers(1, 2))
def test_equal_pictures_give_equal_bytes(file_format: str, prompt: str, number: int) -> None:
    """Drawing has no memory: the same picture is the same file."""
    picture = replace(PICTURE, format=file_format, prompt=prompt, number=number)

    assert draw_image(picture) == draw_image(replace(picture))


def test_another_process_draws_the_same_bytes() -> None:
    """The same picture is the same file in another process with another hash seed."""
    program = (
        "import sys, hashlib\n"
        "from mockserver.media.image import draw_image\n"
        "from mockserver.media.picture import Picture\n"
        f"data = draw_image({PICTURE!r})\n"
        "print(hashlib.sha256(data).hexdigest())"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )

    assert sha256(draw_image(PICTURE)).hexdigest() == run.stdout.strip()


@pytest.mark.parametrize(
    "change",
    [
        {"provider": "birch"},
        {"model": None},
        {"model": "oak-2"},
        {"prompt": "a red fox in the sand"},
        {"prompt": ""},
        {"prompt": "a red f\u00f6x in the snow"},
        {"task_id": "3f1c9e0a7b5d4c2e8f6a1b0c9d8e7f61"},
        {"inputs": ("https://example.com/fox.png",)},
        {"number": 2},
        {"of": 3},
    ],
    ids=str,
)
def test_what_a_picture_says_can_be_seen(change: dict[str, Any]) -> None:
    """A change of provider, model, prompt, task, input, number or count changes what people see."""
    assert differ(PICTURE, replace(PICTURE, **change))


def test_each_input_can_be_seen() -> None:
    """The addresses of the input images are written on the card, and how many more there are."""
    address = "https://example.com/fox.png"
    seen = [replace(PICTURE, inputs=(address,) * count) for count in range(7)]

    assert all(map(differ, seen, seen[1:]))


def test_missing_characters_are_counted_on_the_image() -> None:
    """The image tells how many characters its font lacks, even where the prompt is cut."""
    long = "a fox " * 3000

    assert differ(replace(PICTURE, prompt=long + "\u4e00"), replace(PICTURE, prompt=long))


@pytest.mark.parametrize(
    ("one", "other"),
    [("a\nb", "a\r\n\n\u2028b"), ("\u4e00", "\u202e"), ("a " * 9000, "a " * 9001)],
)
def test_what_cannot_be_shown_looks_alike(one: str, other: str) -> None:
    """Line breaks look like line breaks, unknown characters like boxes, and a cut text ends."""
    assert not differ(replace(PICTURE, prompt=one), replace(PICTURE, prompt=other))


@pytest.mark.parametrize(
    "load", ["from mockserver.media import picture, mark, label, reed_solomon, palette"]
)
def test_pillow_is_loaded_only_to_draw_or_decode(load: str) -> None:
    """Whoever only describes a picture does not wait for Pillow."""
    program = f"{load}\nimport sys\nprint('PIL' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )

    assert run.stdout.strip() == "False"
