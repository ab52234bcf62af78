"""Hints: what to say of a name that nobody knows."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

_MAX_NAME: Final = 100  # characters that are compared


def suggest(name: object, known: Iterable[object], otherwise: str = "") -> str:
    """The known name that was probably meant; if none is near, `otherwise`, or all of them."""
    names = list(map(str, known))
    near = get_close_matches(str(name)[:_MAX_NAME], names, 1)
    if near:
        return f"did you mean {near[0]!r}?"
    return otherwise or (f"there are {', '.join(names)}" if names else "there are none")
