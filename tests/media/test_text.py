"""Result texts."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.errors import MediaError
from mockserver.media.decode import decode
from mockserver.media.picture import Picture
from mockserver.media.result import draw_result

PICTURE = Picture(512, 512, "txt", "acorn", "oak-1", "a fox", "task-1", "0123456789abcdef" * 2)


@given(prompt=st.text() | st.just('{"mockserver": 1}\n{"mockserver": 1'))
@pytest.mark.parametrize("file_format", ["txt", "json"])
def test_a_text_carries_its_request(file_format: str, prompt: str) -> None:
    """Either form gives back the whole request, whatever the prompt holds."""
    picture = replace(PICTURE, format=file_format, prompt=prompt)
    decoded = decode(draw_result(picture))

    assert (decoded.metadata, decoded.format) == (picture, file_format)
    assert (decoded.width, decoded.seconds, decoded.source) == (None, None, "metadata")


def test_a_text_is_read_by_people_and_programs() -> None:
    """The text says in words what was asked for; the JSON file is one JSON object."""
    assert "prompt    a fox\n" in draw_result(PICTURE).decode()
    assert json.loads(draw_result(replace(PICTURE, format="json")))["task_id"] == "task-1"


def test_a_text_of_others_is_refused() -> None:
    """A text that only looks like ours says that nothing is in it."""
    with pytest.raises(MediaError, match="carries nothing of ours"):
        decode(b'{"mockserver": 2}')
