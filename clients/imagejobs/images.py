"""What a file is, by its own first and last bytes, whatever its name or header says."""

from typing import Final

STARTS: Final = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
PNG_END: Final = b"IEND\xaeB`\x82"


def read_media_type(content: bytes) -> str | None:
    """The media type of an image; None for anything else."""
    for start, media_type in STARTS.items():
        if content.startswith(start):
            return media_type
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] == b"ftyp" and content[8:12] in {b"avif", b"avis"}:
        return "image/avif"
    return None


def is_whole(content: bytes, media_type: str) -> bool:
    """Whether the end is there, where the format has one that can be seen at a glance."""
    if media_type == "image/png":
        return PNG_END in content[-4096:]
    if media_type == "image/jpeg":
        return content.rstrip(b"\x00").endswith(b"\xff\xd9")
    if media_type == "image/gif":
        return len(content) > 13 and content.rstrip(b"\x00").endswith(b";")
    if media_type == "image/webp":
        return len(content) >= int.from_bytes(content[4:8], "little") + 8
    return True
