"""Media types of files: told by their first bytes, by what was said, or by their names."""

import re
from collections.abc import Iterable
from typing import Final

UNKNOWN: Final = "application/octet-stream"

_TYPES: Final = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
    "bmp": "image/bmp",
    "svg": "image/svg+xml",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
    "mkv": "video/x-matroska",
    "avi": "video/x-msvideo",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "ogg": "audio/ogg",
    "m4a": "audio/mp4",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "pdf": "application/pdf",
    "zip": "application/zip",
    "json": "application/json",
    "txt": "text/plain",
}
_EXTENSIONS: Final = {media_type: name for name, media_type in reversed(_TYPES.items())}
_BEGINNINGS: Final = (
    (rb"\x89PNG\r\n\x1a\n", "png"),
    (rb"\xff\xd8\xff", "jpg"),
    (rb"RIFF....WEBP", "webp"),
    (rb"RIFF....WAVE", "wav"),
    (rb"RIFF....AVI ", "avi"),
    (rb"GIF8[79]a", "gif"),
    (rb"BM....\0\0\0\0", "bmp"),
    (rb"....ftypqt", "mov"),
    (rb"....ftypM4A", "m4a"),
    (rb"....ftyp", "mp4"),
    (rb"\x1aE\xdf\xa3.{0,60}webm", "webm"),
    (rb"\x1aE\xdf\xa3", "mkv"),
    (rb"ID3|\xff[\xfa\xfb\xf2\xf3]", "mp3"),
    (rb"OggS", "ogg"),
    (rb"fLaC", "flac"),
    (rb"%PDF-", "pdf"),
    (rb"PK\x03\x04", "zip"),
)
_TOKEN: Final = r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,60}"


def find_media_type(content: bytes, said: str | None, names: Iterable[str]) -> str:
    """The media type of a file; what its bytes are counts more than what anybody says."""
    # Compiled when first needed: together they take as long as the rest of a start's patterns.
    for beginning, name in _BEGINNINGS:
        if re.match(beginning, content, re.DOTALL):
            return _TYPES[name]
    if said and said != UNKNOWN and re.fullmatch(_TOKEN, said, re.ASCII):
        return said
    for name in names:
        if found := _TYPES.get(name.rpartition(".")[2].lower()):
            return found
    return UNKNOWN


def find_extension(media_type: str) -> str:
    """The extension for a media type, with its point."""
    return f".{_EXTENSIONS.get(media_type, 'bin')}"
