"""
The label: the request that made a result file, as JSON text for the file's metadata.

It holds the whole picture: prompt and ids in full, and the size and length that it was drawn with.
Only the addresses of input images are cut, because some are whole images written as an address.
"""

import json
from typing import Any, Final

from mockserver.errors import MediaError
from mockserver.media.picture import Picture

__all__ = ["MAX_ADDRESS", "read_label", "write_label"]

MAX_ADDRESS: Final = 2048  # characters of an input's address that are kept

_VERSION: Final = 1
_UNFIT_FOR_XML: Final = {0xFFFE: "\\ufffe", 0xFFFF: "\\uffff"}
_TEXTS: Final = ("format", "provider", "prompt", "task_id", "digest")
_PIXELS: Final = {True: "marked", False: "too small for a mark", None: "none"}
_NUMBERS: Final = ("width", "height", "number", "of")


def write_label(picture: Picture, *, marked: bool | None) -> bytes:
    """
    Write the label of a picture as UTF-8.

    `marked` tells whether its pixels carry a mark; None where there are no pixels.
    """
    content: dict[str, Any] = {
        "mockserver": _VERSION,
        "task_id": picture.task_id,
        "digest": picture.digest,
        "number": picture.number,
        "of": picture.of,
        "provider": picture.provider,
        "model": picture.model,
        "prompt": picture.prompt,
        "inputs": [_cut_address(address) for address in picture.inputs],
        "width": picture.width,
        "height": picture.height,
        "format": picture.format,
        "pixels": _PIXELS[marked],
    }
    if picture.seconds is not None:
        content["seconds"] = picture.seconds
    text = json.dumps(content, ensure_ascii=False).translate(_UNFIT_FOR_XML)
    # A lone surrogate has no UTF-8; its backslash form is the JSON escape for it.
    return text.encode("utf-8", "backslashreplace")


def read_label(text: bytes) -> Picture | None:
    """Read a label; None if it is damaged or none of ours."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or content.get("mockserver") != _VERSION:
        return None
    try:
        return _to_picture(content)
    except MediaError:
        return None


def _to_picture(content: dict[str, Any]) -> Picture | None:
    """Build the picture, if every value has its type."""
    typed = (
        all(isinstance(content.get(name), str) for name in _TEXTS)
        and all(type(content.get(name)) is int for name in _NUMBERS)
        and isinstance(content.get("model"), str | None)
        and type(content.get("seconds")) in (int, float, type(None))
        and isinstance(content.get("inputs"), list)
        and all(isinstance(address, str) for address in content["inputs"])
    )
    if not typed:
        return None
    values = {name: content[name] for name in (*_TEXTS, *_NUMBERS)}
    model, seconds = content.get("model"), content.get("seconds")
    return Picture(**values, model=model, inputs=tuple(content["inputs"]), seconds=seconds)


def _cut_address(address: str) -> str:
    return address if len(address) <= MAX_ADDRESS else address[: MAX_ADDRESS - 1] + "\u2026"
