"""The words on an image."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops

from mockserver.media.card import draw_card
from mockserver.media.picture import Picture

PICTURE = Picture(512, 480, "png", "acorn", "oak-1", "", "task-1", "0123456789abcdef" * 2)


def draw(picture: Picture, *, marked: bool = True) -> Image.Image:
    plane = Image.new("L", (picture.width, picture.height))
    draw_card(plane, picture, picture.height, marked=marked)
    return plane


def measure_height(picture: Picture) -> int:
    _, top, _, bottom = draw(picture).getbbox() or (0, 0, 0, 0)
    return bottom - top


def test_a_missing_mark_is_told() -> None:
    """An image that is too small for a mark says so where people read it."""
    planes = [draw(PICTURE, marked=marked) for marked in (True, False)]

    assert ImageChops.difference(*planes).getbbox()


def test_a_short_prompt_is_written_large() -> None:
    """A few words are at least twice as tall as the lines below them."""
    address = "https://example.com/fox.png"
    line = measure_height(replace(PICTURE, inputs=(address,))) - measure_height(PICTURE)

    assert measure_height(replace(PICTURE, prompt="a fox")) - measure_height(PICTURE) >= 2 * line


@given(
    width=st.integers(1, 700),
    height=st.integers(1, 700),
    prompt=st.text() | st.builds(str.__mul__, st.text(min_size=1), st.integers(1, 900)),
    inputs=st.integers(0, 9),
)
def test_a_card_has_a_margin(width: int, height: int, prompt: str, inputs: int) -> None:
    """However much there is to say, no word and no card reaches the edge of the image."""
    picture = replace(
        PICTURE,
        width=width,
        height=height,
        prompt=prompt,
        model=prompt,
        task_id=prompt,
        inputs=(prompt,) * inputs,
    )
    left, top, right, bottom = draw(picture).getbbox() or (1, 1, 1, 1)

    assert min(left, top) > 0
    assert right < width or right == 1
    assert bottom < height or bottom == 1
