"""
Draws a video: its picture for so many seconds, with a bar along the top that shows the time.

What is approximate: a few frames a second, fewer of large or long ones; no sound; H.264 in MP4,
whatever the provider takes. Sides are even, as the encoding wants them.
"""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from math import ceil
from typing import Final

import av
from av.video.plane import VideoPlane
from PIL import Image

from mockserver.media.image import paint
from mockserver.media.label import write_label
from mockserver.media.picture import Picture

__all__ = ["draw_video"]

_RATE: Final = 8  # frames a second
_MAX_WORK: Final = 150_000_000  # pixels of all frames together; beyond it, frames are fewer
_DARK, _LIGHT = 40, 220  # brightness of the bar
# One thread, since several would cut frames into as many slices as the machine has cores. The
# quality keeps cells of the mark apart at their smallest.
_ENCODER: Final = {"preset": "ultrafast", "crf": "20", "threads": "1", "flags": "+bitexact"}


def draw_video(picture: Picture) -> bytes:
    """Draw the file of a picture with a length: equal ones give equal bytes on one installation."""
    even = replace(picture, width=_make_even(picture.width), height=_make_even(picture.height))
    plane, marked = paint(even)
    label = write_label(even, marked=marked).decode()
    seconds = Fraction(even.seconds or 1).limit_denominator(1_000)
    frames = _count_frames(even.width * even.height, seconds)
    file = BytesIO()
    # The index goes to the front, where players look for it, into room that is kept for it.
    room = {"moov_size": str(8_000 + 32 * frames + len(label.encode()))}
    container = av.open(
        file, "w", "mp4", options={}, container_options={"fflags": "+bitexact"} | room
    )
    container.metadata["comment"] = label
    stream = container.add_stream("libx264", frames / seconds, options=dict(_ENCODER))
    stream.width, stream.height, stream.pix_fmt = even.width, even.height, "yuv420p"
    for frame in _list_frames(plane.convert("RGB"), frames):
        container.mux(stream.encode(frame))
    container.mux(stream.encode())
    container.close()
    return file.getvalue()


def _make_even(side: int) -> int:
    return max(2, side - side % 2)


def _count_frames(pixels: int, seconds: Fraction) -> int:
    most = max(_MAX_WORK // pixels, ceil(seconds), 2)
    return max(1, min(ceil(seconds * _RATE), most))


def _list_frames(image: Image.Image, count: int) -> Iterator[av.VideoFrame]:
    coloured = av.VideoFrame.from_image(image)  # type: ignore[no-untyped-call]
    still: av.VideoFrame = coloured.reformat(format="yuv420p")
    planes = [bytes(plane) for plane in still.planes]
    bar = max(2, image.height // 60)
    for number in range(count):
        frame = av.VideoFrame(image.width, image.height, "yuv420p")
        for plane, content in zip(frame.planes, planes, strict=True):
            plane.update(content)
        _draw_bar(frame.planes[0], bar, image.width * (number + 1) // count)
        frame.pts = number
        yield frame


def _draw_bar(luma: VideoPlane, height: int, reached: int) -> None:
    row = bytes([_LIGHT]) * reached + bytes([_DARK]) * (luma.line_size - reached)
    memoryview(luma)[: height * luma.line_size] = row * height
