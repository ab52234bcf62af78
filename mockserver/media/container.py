"""The containers: how PNG, JPEG and WebP files are written and opened, and where labels lie."""

import html
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Final

from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile, PngInfo
from PIL.WebPImagePlugin import WebPImageFile

from mockserver.errors import MediaError
from mockserver.media.picture import MAX_PIXELS

__all__ = ["list_labels", "open_file", "write_file"]

_KEYWORD: Final = "mockserver"  # of the iTXt chunk in PNG
_PREFIX: Final = b"mockserver "  # of each COM segment in JPEG
_SEGMENT: Final = 65_533 - len(_PREFIX)  # bytes of a label that one segment holds

# The XMP packet in WebP: the label is the description, a standard field.
_XMP: Final = """\
<x:xmpmeta xmlns:x="adobe:ns:meta/">\
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description>\
<rdf:Alt><rdf:li xml:lang="x-default">{}</rdf:li></rdf:Alt>\
</dc:description></rdf:Description></rdf:RDF></x:xmpmeta>"""
_XMP_LABEL: Final = re.compile(rb'<rdf:li xml:lang="x-default">(\{[^<]*\})</rdf:li>')

# What Pillow's readers raise on bytes that are no such image, or no longer a whole one.
_DAMAGE: Final = (
    *(OSError, SyntaxError, ValueError, EOFError, ArithmeticError, MemoryError),
    *(LookupError, TypeError, struct.error, zlib.error),
)


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
    packet = _XMP.format(html.escape(label.decode(), quote=False)).encode()
    plane.convert("RGB").save(file, "WEBP", quality=80, method=0, xmp=packet)


_WRITERS: Final[dict[str, Callable[[Image.Image, BytesIO, bytes], None]]] = {
    "png": _write_png,
    "jpeg": _write_jpeg,
    "webp": _write_webp,
}


def open_file(data: bytes) -> tuple[str, ImageFile]:
    """
    Open a file as an image with its pixels, and name its format.

    Raises MediaError if it is no PNG, JPEG or WebP, is damaged, or has over 50 million pixels;
    the last is known before any pixel is decoded.
    """
    file_format, opener = _find_opener(data)
    try:
        image = opener(BytesIO(data))
        _load_pixels(image)
    except Image.DecompressionBombError as error:
        raise MediaError(
            f"the {file_format} image is too large; at most {MAX_PIXELS} pixels are read"
        ) from error
    except _DAMAGE as error:
        raise MediaError(f"the {file_format} file is damaged or incomplete: {error}") from error
    return file_format, image


def _load_pixels(image: ImageFile) -> None:
    if image.width * image.height > MAX_PIXELS:
        # Pillow raises the same on its own at more than three times as many.
        raise Image.DecompressionBombError
    image.load()


def _find_opener(data: bytes) -> tuple[str, Callable[[BytesIO], ImageFile]]:
    # The readers are called directly: the common entrance of Pillow knows dozens of formats more,
    # and warns of large images where we refuse them.
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png", PngImageFile
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg", JpegImageFile
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "webp", WebPImageFile
    raise MediaError(
        "the file is no PNG, JPEG or WebP image, no MP4, MP3 or WAV, and no text of ours; "
        "give one that this server has made"
    )


def list_labels(image: ImageFile) -> Iterator[bytes]:
    """List what may be a label, wherever one can lie, so that a conversion may have moved it."""
    chunk = image.info.get(_KEYWORD)
    if isinstance(chunk, str):
        yield chunk.encode("utf-8", "replace")
    comments = [data for name, data in getattr(image, "applist", []) if name == "COM"]
    if parts := [data.removeprefix(_PREFIX) for data in comments if data.startswith(_PREFIX)]:
        yield b"".join(parts)
    packet = image.info.get("xmp")
    if isinstance(packet, bytes) and (found := _XMP_LABEL.search(packet)):
        yield html.unescape(found[1].decode("utf-8", "replace")).encode("utf-8", "replace")
