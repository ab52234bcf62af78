"""
The label: the request that made a result image, as JSON text for the image's metadata.

It holds the whole picture: prompt and ids in full, and the size at which it was drawn. Only the
addresses of input images are cut, because some are whole images written as an address.
"""

import json
from typing import Any, Final

from mockserver.errors import MediaError
from mockserver.media.picture import Picture

__all__ = ["MAX_ADDRESS", "read_label", "write_label"]

MAX_ADDRESS: Final = 2048  # characters of an input's address that are kept

_VERSION: Final = 1
_TEXTS: Final = ("format", "provider", "prompt", "task_id", "digest")
_NUMBERS: Final = ("width", "height", "number", "of")


def write_label(picture: Picture, *, marked: bool) -> bytes:
    """Write the label of a picture as UTF-8; `marked` tells whether its pixels carry a mark."""
    content = {
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
        "pixels": "marked" if marked else "too small for a mark",
    }
    # A lone surrogate has no UTF-8; its backslash form is the JSON escape for it.
    return json.dumps(content, ensure_ascii=False).encode("utf-8", "backslashreplace")


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
    texts = {name: content.get(name) for name in _TEXTS}
    numbers = {name: content.get(name) for name in _NUMBERS}
    model, inputs = content.get("model"), content.get("inputs")
    typed = (
        all(isinstance(text, str) for text in texts.values())
        and all(type(number) is int for number in numbers.values())
        and isinstance(model, str | None)
        and isinstance(inputs, list)
        and all(isinstance(address, str) for address in inputs)
    )
    return Picture(**texts, **numbers, model=model, inputs=tuple(inputs)) if typed else None


def _cut_address(address: str) -> str:
    return address if len(address) <= MAX_ADDRESS else address[: MAX_ADDRESS - 1] + "\u2026"
