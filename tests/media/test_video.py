"""Result videos: read by ffmpeg, as players do, and by our own decoder."""

from dataclasses import replace
from io import BytesIO
from typing import Any

import av
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageStat

from mockserver.errors import MediaError
from mockserver.media.decode import decode
from mockserver.media.mark import make_mark
from mockserver.media.picture import Picture
from mockserver.media.result import draw_result

PICTURE = Picture(
    width=320,
    height=240,
    format="mp4",
    provider="acorn",
    model="oak-1/video",
    prompt="a red fox in the snow",
    task_id="3f1c9e0a7b5d4c2e8f6a1b0c9d8e7f60",
    digest="0123456789abcdef" * 2,
    seconds=2.0,
)
FEW = settings(max_examples=8)


def list_frames(data: bytes) -> list[Image.Image]:
    with av.open(BytesIO(data), "r") as container:
        return [frame.to_image() for frame in container.decode(video=0)]  # type: ignore[no-untyped-call]


def describe(data: bytes) -> dict[str, Any]:
    with av.open(BytesIO(data), "r") as container:
        (stream,) = container.streams
        assert isinstance(stream, av.VideoStream)
        return {
            "format": container.format.name,
            "codec": stream.codec_context.name,
            "pixels": (stream.codec_context.width, stream.codec_context.height),
            "seconds": (container.duration or 0) / 1_000_000,
        }


@given(
    width=st.integers(16, 400),
    height=st.integers(16, 400),
    seconds=st.floats(0.1, 30).map(lambda number: round(number, 2)),
    prompt=st.text(max_size=200),
)
@example(width=16, height=16, seconds=600.0, prompt="")
@FEW
def test_a_video_has_the_asked_size_and_length(
    width: int, height: int, seconds: float, prompt: str
) -> None:
    """Whatever was asked for: H.264 in MP4, even sides, so many seconds, and the whole request."""
    picture = replace(PICTURE, width=width, height=height, seconds=seconds, prompt=prompt)
    data = draw_result(picture)

    found, even = describe(data), (width - width % 2, height - height % 2)
    assert (found["codec"], found["pixels"]) == ("h264", even)
    assert found["seconds"] == pytest.approx(seconds, abs=0.001)
    assert replace(picture, width=even[0], height=even[1]) == decode(data).metadata


def test_every_frame_shows_the_card_and_the_mark() -> None:
    """Frames differ only in the bar that shows the time; each carries the mark."""
    data = draw_result(PICTURE)
    first, *_, last = list_frames(data)

    bar = PICTURE.height // 60 + 16  # pixels, and what the encoding smears below it
    changed = ImageChops.difference(first, last)
    assert max(ImageStat.Stat(changed.crop((0, 0, 320, bar))).mean) > 10
    assert max(ImageStat.Stat(changed.crop((0, bar, 320, 240))).mean) < 2
    for frame in (first, last):
        file = BytesIO()
        frame.save(file, "PNG")
        assert make_mark(PICTURE) == decode(file.getvalue()).pixels


def test_a_video_is_decoded_by_both_witnesses() -> None:
    """Metadata and pixels of a video say the same, and how long it is."""
    decoded = decode(draw_result(PICTURE))

    assert (decoded.metadata, decoded.pixels) == (PICTURE, make_mark(PICTURE))
    assert (decoded.format, decoded.width, decoded.height) == ("mp4", 320, 240)
    assert (decoded.seconds, decoded.disagreements) == (2.0, ())


def test_a_video_without_its_metadata_is_still_read() -> None:
    """A video that somebody encoded anew, smaller and without its metadata, has its mark."""
    file = BytesIO()
    with av.open(file, "w", "mp4") as container:
        stream = container.add_stream("mpeg4", 8)
        stream.width, stream.height, stream.pix_fmt = 240, 180, "yuv420p"
        stream.bit_rate = 3_000_000
        for image in list_frames(draw_result(PICTURE))[:4]:
            frame = av.VideoFrame.from_image(image.resize((240, 180)))  # type: ignore[no-untyped-call]
            container.mux(stream.encode(frame))
        container.mux(stream.encode())

    decoded = decode(file.getvalue())

    assert (decoded.source, decoded.task_id) == ("pixels", PICTURE.task_id)


def test_the_index_stands_before_the_frames() -> None:
    """A player can begin before the whole file is there: moov comes before mdat."""
    long = draw_result(
        replace(PICTURE, width=64, height=64, seconds=500.0, prompt="\0\ud800" * 9_000)
    )

    assert 0 < long.index(b"moov") < long.index(b"mdat")


def test_equal_pictures_give_equal_videos() -> None:
    """The same picture is the same file, another number of the same task is not."""
    small = replace(PICTURE, width=64, height=64, of=2)

    assert draw_result(small) == draw_result(small) != draw_result(replace(small, number=2))


@pytest.mark.parametrize("part", [0.1, 0.5])
def test_a_damaged_video_is_named(part: float) -> None:
    """What is left of a video is refused in one sentence, or read by what is still there."""
    data = draw_result(PICTURE)

    with pytest.raises(MediaError, match="MP4 video is damaged or incomplete"):
        decode(data[: int(10_000 * part)])


def test_a_video_of_others_carries_nothing() -> None:
    """A video that was made elsewhere is refused with its size."""
    file = BytesIO()
    with av.open(file, "w", "mp4") as container:
        stream = container.add_stream("mpeg4", 8)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        container.mux(stream.encode())

    with pytest.raises(MediaError, match="mp4 video of 64 x 48 pixels carries nothing of ours"):
        decode(file.getvalue())
