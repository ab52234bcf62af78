"""The containers: how PNG, JPEG and WebP files are written, and where each keeps its label."""

import struct
from collections.abc import Callable
from io import BytesIO
from typing import Final

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile, PngInfo
from PIL.WebPImagePlugin import WebPImageFile

__all__ = ["extract_label", "open_image", "write_file"]

_KEYWORD: Final = "mockserver"  # of the iTXt chunk in PNG
_PREFIX: Final = b"mockserver "  # of each COM segment in JPEG
_SEGMENT: Final = 65_533 - len(_PREFIX)  # bytes of a label that one segment holds
_DESCRIPTION: Final = 0x010E  # EXIF ImageDescription, in WebP


def write_file(plane: Image.Image, file_format: str, label: bytes) -> bytes:
    """Write a plane of palette bytes, its palette attached, as a file that carries the label."""
    file = BytesIO()
    _WRITERS[file_format](plane, file, label)
    return file.getvalue()


def _write_png(plane: Image.Image, file: BytesIO, label: bytes) -> None:
    chunks = PngInfo()
    chunks.add_itxt(_KEYWORD, label.decode())
    plane.save(file, "PNG", compress_level=1, pnginfo=chunks)


def _write_jpeg(plane: Image.Image, file: BytesIO, label: bytes) -> None:
    parts = [label[start : start + _SEGMENT] for start in range(0, len(label), _SEGMENT)]
    segments = [
        struct.pack(">HH", 0xFFFE, 2 + len(_PREFIX) + len(part)) + _PREFIX + part for part in parts
    ]
    plane.convert("RGB").save(file, "JPEG", quality=85, extra=b"".join(segments))


def _write_webp(plane: Image.Image, file: BytesIO, label: bytes) -> None:
    exif = Image.Exif()
    exif[_DESCRIPTION] = label
    plane.convert("RGB").save(file, "WEBP", quality=80, method=0, exif=exif)


_WRITERS: Final[dict[str, Callable[[Image.Image, BytesIO, bytes], None]]] = {
    "png": _write_png,
    "jpeg": _write_jpeg,
    "webp": _write_webp,
}
