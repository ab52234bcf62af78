"""Writes a text: the request in words, or its label alone as JSON; and finds the label again."""

from collections.abc import Iterator

from mockserver.media.label import write_label
from mockserver.media.picture import Picture

__all__ = ["is_text", "list_text_labels", "write_text"]


def write_text(picture: Picture) -> bytes:
    """Write the file of a picture as text, whose last line is the label; as JSON, all of it is."""
    label = write_label(picture, marked=None)
    if picture.format == "json":
        return label
    rows = {
        "provider": picture.provider,
        "model": picture.model,
        "task": picture.task_id,
        "result": f"{picture.number} of {picture.of}",
        "prompt": picture.prompt,
    }
    lines = (f"{name:10}{value}\n" for name, value in rows.items() if value)
    return "".join(lines).encode("utf-8", "backslashreplace") + label + b"\n"


def is_text(data: bytes) -> bool:
    """Whether a file may be a text of ours."""
    return not data.startswith((b"\x89", b"\xff", b"RIFF")) and b'{"mockserver"' in data


def list_text_labels(data: bytes) -> Iterator[bytes]:
    """List what may be a label: each line that is a JSON object, the last one first."""
    yield from (line for line in reversed(data.splitlines()) if line.startswith(b"{"))
