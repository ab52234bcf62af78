"""Reads a recording, a file with a length: what it is, its label, and the first of its frames."""

from dataclasses import dataclass
from io import BytesIO
from typing import Final

from PIL import Image

from mockserver.errors import MediaError
from mockserver.media.picture import MAX_FRAME

__all__ = ["Recording", "find_recording", "open_recording"]

_FORMATS: Final = {"mp4": "MP4 video", "mp3": "MP3 sound", "wav": "WAV sound"}


@dataclass(frozen=True, slots=True)
class Recording:
    """A video or a sound."""

    format: str  # mp4, mp3 or wav
    seconds: float
    label: bytes
    frame: Image.Image | None  # None in a sound


def find_recording(data: bytes) -> str | None:
    """The format of a recording by how it begins; None if it is none."""
    if data[4:8] == b"ftyp":
        return "mp4"
    if data.startswith(b"RIFF") and data[8:12] == b"WAVE":
        return "wav"
    is_frame = data[:1] == b"\xff" and data[1:2] in (b"\xfb", b"\xf3", b"\xf2", b"\xfa")
    return "mp3" if data.startswith(b"ID3") or is_frame else None


def open_recording(data: bytes, file_format: str) -> Recording:
    """Open a recording; raises MediaError if it is damaged, or its frames are too large."""
    # Whoever only looks at images need not wait for it.
    import av

    try:
        with av.open(BytesIO(data), "r", file_format, metadata_errors="replace") as container:
            frame = None
            if container.streams.video:
                shown = container.streams.video[0].codec_context
                if shown.width * shown.height > MAX_FRAME:
                    raise MediaError(f"the video is too large; at most {MAX_FRAME} pixels are read")
                frame = next(container.decode(video=0)).to_image()  # type: ignore[no-untyped-call]
            seconds = (container.duration or 0) / 1_000_000
            label = container.metadata.get("comment", "").encode("utf-8", "replace")
            return Recording(file_format, seconds, label, frame)
    except (av.FFmpegError, OSError, ValueError, LookupError, StopIteration) as error:
        name = _FORMATS[file_format]
        raise MediaError(f"the {name} is damaged or incomplete: {error}") from error
