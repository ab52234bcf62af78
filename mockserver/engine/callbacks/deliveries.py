"""The record of an account's deliveries, within a number of them and a number of bytes."""

from collections import deque
from collections.abc import Iterator
from typing import Final

from mockserver.engine.accounts.shelf import Shelf
from mockserver.engine.callbacks.delivery import Delivery
from mockserver.engine.settings import Settings

_ROOM: Final = 10  # times as many may wait as are kept once they ended
_OVERHEAD: Final = 1_000  # bytes of a delivery besides its body, roughly; and of an attempt


class Deliveries:
    """Deliveries in order of their numbers; the ones that ended first are the first to go.

    One that waits for an attempt is never forgotten. If a receiver is slower than its tasks for
    long, the record becomes full instead: then no more may wait. So it is if too much waits in all
    accounts together.
    """

    __slots__ = (
        "_by_number",
        "_ended",
        "_max",
        "_max_bytes",
        "_shelf",
        "_size",
        "_waiting",
        "forgotten",
        "total",
    )

    def __init__(self, settings: Settings, shelf: Shelf) -> None:
        self.total = 0  # deliveries ever made; the last one's number
        self.forgotten = 0  # deliveries that had to make room
        self._by_number: dict[int, Delivery] = {}
        self._ended: deque[int] = deque()  # the first to end first
        self._shelf = shelf
        self._size = 0
        self._waiting = 0  # bytes of those that wait for an attempt
        self._max = settings.max_deliveries
        self._max_bytes = settings.max_delivery_bytes

    def __len__(self) -> int:
        return len(self._by_number)

    def __iter__(self) -> Iterator[Delivery]:
        return iter(tuple(self._by_number.values()))

    @property
    def is_full(self) -> bool:
        """Whether too many wait for an attempt."""
        waiting = len(self._by_number) - len(self._ended)
        is_own_full = waiting > _ROOM * self._max or self._size > _ROOM * self._max_bytes
        return is_own_full or self._shelf.is_blocked

    def find(self, number: int) -> Delivery | None:
        """The delivery with a number, if it is on record."""
        return self._by_number.get(number)

    def add(self, delivery: Delivery) -> None:
        """Keep a new delivery."""
        self.total = delivery.number
        self._by_number[delivery.number] = delivery
        self._wait(_measure_body(delivery))
        self._take(_measure_body(delivery))

    def end(self, delivery: Delivery) -> None:
        """Take note that no further attempt will be made at a delivery."""
        self._ended.append(delivery.number)
        self._wait(-_measure_body(delivery))
        self._take(_measure_attempts(delivery))

    def forget_ended(self) -> None:
        """Let go of those for which no attempt is to come."""
        while self._ended:
            self._forget_first()

    def release(self) -> None:
        """Take off the shelf what stands there, since nobody will ask for it again."""
        self._shelf.used -= self._size
        self._size = 0
        self._wait(-self._waiting)

    def _wait(self, size: int) -> None:
        """Count bytes that wait for an attempt; less than none if one was made."""
        self._waiting += size
        self._shelf.fixed += size

    def _take(self, size: int) -> None:
        self._size += size
        self._shelf.used += size
        while self._ended and (len(self._by_number) > self._max or self._size > self._max_bytes):
            self._forget_first()
        self._shelf.take(0)

    def _forget_first(self) -> None:
        delivery = self._by_number.pop(self._ended.popleft())
        size = _measure_body(delivery) + _measure_attempts(delivery)
        self._size -= size
        self._shelf.used -= size
        self.forgotten += 1


def _measure_body(delivery: Delivery) -> int:
    return _OVERHEAD + len(delivery.body)


def _measure_attempts(delivery: Delivery) -> int:
    return sum(_OVERHEAD + len(attempt.answer) for attempt in delivery.attempts)
