"""
A picture: everything that one result file shows and carries.

An image is one picture, a video shows one for some seconds, a sound has one as its cover, and a
text says what would stand on it.
"""

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from mockserver.errors import MediaError

__all__ = [
    "IMAGE_FORMATS",
    "MAX_FRAME",
    "MAX_PIXELS",
    "MAX_SECONDS",
    "MAX_SIDE",
    "MEDIA_TYPES",
    "MediaType",
    "Picture",
]

MAX_PIXELS: Final = 50_000_000
MAX_SIDE: Final = 16_383  # the longest side that WebP can hold
MAX_FRAME: Final = 4_096 * 2_304  # pixels of a video
MAX_SECONDS: Final = 600.0
MAX_COUNT: Final = 255

_DIGEST: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)


class MediaType(NamedTuple):
    """How a format is named outside: its content type and its file extension (without a dot)."""

    content_type: str
    extension: str


MEDIA_TYPES: Final = {
    "png": MediaType("image/png", "png"),
    "jpeg": MediaType("image/jpeg", "jpg"),
    "webp": MediaType("image/webp", "webp"),
    "mp4": MediaType("video/mp4", "mp4"),
    "mp3": MediaType("audio/mpeg", "mp3"),
    "wav": MediaType("audio/wav", "wav"),
    "txt": MediaType("text/plain; charset=utf-8", "txt"),
    "json": MediaType("application/json", "json"),
}
IMAGE_FORMATS: Final = ("png", "jpeg", "webp")
_TIMED: Final = frozenset({"mp4", "mp3", "wav"})


@dataclass(frozen=True, slots=True)
class Picture:
    """
    Everything that a result file shows and carries; one that exists can be drawn.

    Raises MediaError for a size, length, format, digest or count that no file can have.
    """

    width: int  # pixels
    height: int
    format: str  # a key of MEDIA_TYPES
    provider: str
    model: str | None
    prompt: str
    task_id: str
    digest: str  # of the request: 128 bits as 32 lower-case hexadecimal digits
    inputs: tuple[str, ...] = ()  # addresses of input images; shown, never fetched
    number: int = 1  # which result of the task, counted from 1
    of: int = 1  # how many results the task has, at most 255
    seconds: float | None = None  # length of a video or a sound, and of nothing else

    def __post_init__(self) -> None:
        if self.format not in MEDIA_TYPES:
            known = ", ".join(MEDIA_TYPES)
            raise MediaError(f"picture format {self.format!r} is unknown; use one of {known}")
        if not (1 <= self.width <= MAX_SIDE and 1 <= self.height <= MAX_SIDE):
            raise MediaError(
                f"picture size {self.width} x {self.height}: give sides of 1 to {MAX_SIDE} pixels"
            )
        most = MAX_FRAME if self.format == "mp4" else MAX_PIXELS
        if self.width * self.height > most:
            raise MediaError(
                f"picture size {self.width} x {self.height}: give at most {most} pixels"
            )
        if not _DIGEST.fullmatch(self.digest):
            raise MediaError(
                f"picture digest {self.digest!r}: give 32 lower-case hexadecimal digits"
            )
        if not 1 <= self.number <= self.of <= MAX_COUNT:
            raise MediaError(
                f"picture {self.number} of {self.of}: give a number from 1 to the count, "
                f"and a count of at most {MAX_COUNT}"
            )
        self._check_length()

    def _check_length(self) -> None:
        if self.format not in _TIMED:
            if self.seconds is not None:
                raise MediaError(f"a picture as {self.format} has no length; leave it out")
        elif self.seconds is None or not 0 < self.seconds <= MAX_SECONDS:
            raise MediaError(
                f"picture length {self.seconds}: give above 0 and at most {MAX_SECONDS:g} seconds"
            )
