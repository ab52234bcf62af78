"""What a picture may be."""

from dataclasses import asdict, replace

import pytest

from mockserver.errors import MediaError
from mockserver.media.picture import MAX_PIXELS, MAX_SIDE, Picture

PICTURE = Picture(
    width=1024,
    height=1024,
    format="png",
    provider="acorn",
    model="oak-1",
    prompt="a red fox",
    task_id="3f1c9e0a7b5d4c2e8f6a1b0c9d8e7f60",
    digest="0123456789abcdef" * 2,
)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"format": "gif"}, "'gif' is unknown; use one of png, jpeg, webp, mp4"),
        ({"width": 0}, "0 x 1024: give sides of 1 to 16383 pixels"),
        ({"height": -1}, "1024 x -1: give sides"),
        ({"height": MAX_SIDE + 1}, "1024 x 16384: give sides"),
        ({"width": 7072, "height": 7072}, f"7072 x 7072: give at most {MAX_PIXELS} pixels"),
        ({"format": "mp4", "seconds": 5, "width": 4097, "height": 2304}, "at most 9437184 pixels"),
        ({"format": "mp4"}, "length None: give above 0 and at most 600 seconds"),
        ({"format": "mp3", "seconds": 0}, "length 0: give above 0"),
        ({"format": "wav", "seconds": 600.5}, "length 600.5: give above 0 and at most 600"),
        ({"format": "wav", "seconds": float("nan")}, "length nan: give above 0"),
        ({"seconds": 5}, "a picture as png has no length"),
        ({"digest": "0" * 31}, "give 32 lower-case hexadecimal digits"),
        ({"digest": "F" * 32}, "give 32 lower-case hexadecimal digits"),
        ({"number": 0}, "0 of 1: give a number from 1 to the count"),
        ({"number": 3, "of": 2}, "3 of 2: give a number"),
        ({"of": 256}, "1 of 256: give a number from 1 to the count, and a count of at most 255"),
    ],
)
def test_an_impossible_picture_is_refused(changes: dict[str, object], complaint: str) -> None:
    """A picture that no file can hold is refused with the value and what to give instead."""
    with pytest.raises(MediaError) as caught:
        replace(PICTURE, **changes)  # type: ignore[arg-type]

    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [{"width": 1, "height": 1}, {"width": MAX_SIDE, "height": 3051}, {"number": 255, "of": 255}],
)
def test_the_outermost_pictures_are_allowed(changes: dict[str, int]) -> None:
    """The smallest size, the largest one and the highest count are just within the limits."""
    picture = replace(PICTURE, **changes)  # type: ignore[arg-type]

    assert asdict(PICTURE) | changes == asdict(picture)
