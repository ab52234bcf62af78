"""Replies that were given: a task on the same step of its timeline is told of in the same bytes."""

from typing import Final

from mockserver.contract.shape import Shape
from mockserver.engine.accounts.shelf import Shelf
from mockserver.engine.timeline import Timeline

MAX_BYTES: Final = 4 * 1024 * 1024

_OVERHEAD: Final = 300  # bytes of a reply besides its body, roughly

# Whose it is, since when that holds, and in which shape it is told. A timeline is that of one task
# as it is planned now: it stands for the task, whose body may go while a reply is still kept.
Place = tuple[Timeline, int, Shape]


class Replies:
    """The bodies of replies about the tasks of one account at one provider."""

    __slots__ = ("_bodies", "_shelf", "_size")

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._bodies: dict[Place, bytes] = {}
        self._size = 0

    def find(self, place: Place) -> bytes | None:
        """The body that was sent before, if it is still kept."""
        return self._bodies.get(place)

    def keep(self, place: Place, body: bytes) -> None:
        """Keep a body; when they become too many, begin anew."""
        size = _OVERHEAD + len(body)
        if self._size + size > MAX_BYTES:
            self.clear()
        self._size += size
        self._shelf.used += size
        self._bodies[place] = body

    def clear(self) -> None:
        """Forget them all."""
        self._bodies.clear()
        self._shelf.used -= self._size
        self._size = 0
