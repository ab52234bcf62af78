"""Result sounds: read by ffmpeg and by the standard library, and by our own decoder."""

import wave
from array import array
from dataclasses import replace
from io import BytesIO

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.errors import MediaError
from mockserver.media.decode import decode
from mockserver.media.picture import Picture
from mockserver.media.result import draw_result

PICTURE = Picture(
    width=512,
    height=512,
    format="wav",
    provider="acorn",
    model="oak-1/voice",
    prompt="say hello",
    task_id="3f1c9e0a7b5d4c2e8f6a1b0c9d8e7f60",
    digest="0123456789abcdef" * 2,
    seconds=1.0,
)


def count_samples(data: bytes) -> int:
    with av.open(BytesIO(data), "r") as container:
        (stream,) = container.streams
        assert isinstance(stream, av.AudioStream)
        assert (stream.codec_context.sample_rate, stream.codec_context.channels) == (24_000, 1)
        return sum(frame.samples for frame in container.decode(stream))


@given(
    file_format=st.sampled_from(["mp3", "wav"]),
    seconds=st.floats(0.1, 10).map(lambda number: round(number, 2)),
    prompt=st.text(max_size=300),
)
@settings(max_examples=10)
def test_a_sound_has_the_asked_length(file_format: str, seconds: float, prompt: str) -> None:
    """Whatever was asked for, it lasts so many seconds and carries the whole request."""
    picture = replace(PICTURE, format=file_format, seconds=seconds, prompt=prompt)
    data = draw_result(picture)

    decoded = decode(data)
    assert count_samples(data) == pytest.approx(seconds * 24_000, abs=24)
    assert (decoded.metadata, decoded.format) == (picture, file_format)
    assert decoded.seconds == pytest.approx(seconds, abs=0.05)


def test_a_wav_is_read_by_the_standard_library() -> None:
    """Sixteen bits, one channel, and something to hear."""
    with wave.open(BytesIO(draw_result(PICTURE))) as sound:
        shape = (sound.getnchannels(), sound.getsampwidth(), sound.getframerate())
        samples = array("h", sound.readframes(sound.getnframes()))

    assert (shape, len(samples)) == ((1, 2, 24_000), 24_000)
    assert 8_000 < max(samples) < 10_000


@pytest.mark.parametrize("file_format", ["mp3", "wav"])
def test_equal_pictures_give_equal_sounds(file_format: str) -> None:
    """The same picture is the same file, and another request sounds otherwise."""
    picture = replace(PICTURE, format=file_format)
    other = replace(picture, digest="f" * 32)

    assert draw_result(picture) == draw_result(picture)
    assert len(draw_result(picture)) == len(draw_result(other))
    assert draw_result(picture)[-5_000:-1_000] != draw_result(other)[-5_000:-1_000]


@pytest.mark.parametrize(
    "start", [b"ID3\x04\0\0\0\0\0\0", b"RIFF\xff\0\0\0WAVEfmt ", b"\xff\xfb\x90"]
)
def test_a_damaged_sound_is_named(start: bytes) -> None:
    """What only begins like a sound is refused in one sentence."""
    with pytest.raises(MediaError, match=r"sound is damaged or incomplete|carries nothing"):
        decode(start + b"x" * 40)
