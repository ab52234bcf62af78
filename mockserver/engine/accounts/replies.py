"""Replies that were given: a task on the same step of its timeline is told of in the same bytes."""

from typing import Final

from mockserver.contract.shape import Shape
from mockserver.engine.task import Task

MAX_BYTES: Final = 4 * 1024 * 1024

Place = tuple[Task, int, Shape]  # whom it tells of, since when that holds, and in which shape


class Replies:
    """The bodies of replies about the tasks of one account at one provider."""

    __slots__ = ("_bodies", "_size")

    def __init__(self) -> None:
        self._bodies: dict[Place, bytes] = {}
        self._size = 0

    def find(self, place: Place) -> bytes | None:
        """The body that was sent before, if it is still kept."""
        return self._bodies.get(place)

    def keep(self, place: Place, body: bytes) -> None:
        """Keep a body; when they become too many, begin anew."""
        self._size += len(body)
        if self._size > MAX_BYTES:
            self._bodies.clear()
            self._size = len(body)
        self._bodies[place] = body
