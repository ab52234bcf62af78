"""The shelf: the room that all accounts share for what they keep of bodies.

On it stand tasks, replies, deliveries and journals, each with the bytes that it takes, roughly.
"""

from collections.abc import Callable
from typing import Final

_SPARE: Final = 64  # the part of the room that is made free at a time, so that it is made seldom
_FIXED: Final = 4  # the part of it that may be taken by what cannot give way


class Shelf:
    """So many bytes; whoever takes more makes the idlest accounts give way."""

    __slots__ = ("_goal", "_make_room", "_room", "emptied", "fixed", "used")

    def __init__(self, room: int, make_room: Callable[[], None]) -> None:
        self._room = room
        self._goal = room - room // _SPARE
        self._make_room = make_room
        self.used = 0  # bytes
        self.fixed = 0  # those of them that wait for somebody else, and cannot give way
        self.emptied = 0  # journals that had to give way

    @property
    def is_blocked(self) -> bool:
        """Whether too much of it cannot give way."""
        return self.fixed > self._room // _FIXED

    @property
    def is_crowded(self) -> bool:
        """Whether there is less spare room than there should be once some was made."""
        return self.used > self._goal

    def take(self, size: int) -> None:
        """Put so many bytes on it; a number below zero takes some off."""
        self.used += size
        if self.used > self._room:
            self._make_room()
