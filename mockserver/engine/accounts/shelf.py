"""The shelf: the room that the journals of all accounts share."""

from collections.abc import Callable


class Shelf:
    """So many bytes; whoever takes more makes the idlest journals give way."""

    __slots__ = ("_make_room", "_room", "emptied", "used")

    def __init__(self, room: int, make_room: Callable[[], None]) -> None:
        self._room = room
        self._make_room = make_room
        self.used = 0  # bytes
        self.emptied = 0  # journals that had to give way

    @property
    def is_full(self) -> bool:
        """Whether more is on it than there is room for."""
        return self.used > self._room

    def take(self, size: int) -> None:
        """Put so many bytes on it; a number below zero takes some off."""
        self.used += size
        if self.used > self._room:
            self._make_room()
