"""A clock that was moved, and the callbacks that are still on their way because of that."""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from dataclasses import replace
from typing import Any, Final

from mockserver.control_client import AsyncControlClient
from mockserver.control_client.views import CallbackView, ClockMoved
from mockserver.embedded.line import Line, is_in_loop

Move = Callable[[AsyncControlClient, bool], Coroutine[Any, Any, ClockMoved]]

DELIVERED: Final = "delivered"
WAITING: Final = "waiting"


class Moved:
    """What a clock shows after it was moved. In a coroutine, await it.

    Everything that fell due has happened already. The callbacks of that were delivered as well,
    but not where an event loop runs: the receiver may live in that very loop, and could not
    answer. There, awaiting this delivers them.
    """

    def __init__(self, line: Line, key: str, now: ClockMoved, *, is_settled: bool) -> None:
        self._line = line
        self._key = key
        self._clock = now
        self._is_settled = is_settled

    @property
    def now(self) -> int:
        """Milliseconds since the Unix epoch, on the account's clock."""
        return self._clock.now

    @property
    def time(self) -> str:
        """The same as ISO 8601."""
        return self._clock.time

    @property
    def frozen(self) -> bool:
        """Whether the clock stands still."""
        return self._clock.frozen

    @property
    def undelivered(self) -> tuple[CallbackView, ...]:
        """Callbacks that fell due and did not arrive: held back, given up, or on their way."""
        return self._clock.undelivered

    def __repr__(self) -> str:
        return f"<Moved to {self.time}, {len(self.undelivered)} callbacks undelivered>"

    def __await__(self) -> Generator[Any, None, "Moved"]:
        """Wait until the callbacks were delivered, 20 s at most, without blocking the loop."""
        return self._deliver().__await__()

    async def _deliver(self) -> "Moved":
        if not self._is_settled:
            future = self._line.begin(lambda control: _settle(control, self._key, self._clock))
            self._clock = await asyncio.wrap_future(future)
            self._is_settled = True
        return self


def move(line: Line, key: str, how: Move) -> Moved:
    """Move a clock; whether callbacks are waited for depends on where the caller runs."""
    deliver = not is_in_loop()
    now = line.ask(lambda control: how(control, deliver))
    return Moved(line, key, now, is_settled=deliver)


async def _settle(control: AsyncControlClient, key: str, before: ClockMoved) -> ClockMoved:
    """Wait for the deliveries of an earlier move, and tell of those that did not arrive."""
    now = await control.advance(key, "0s")
    were_due = {callback.number for callback in before.undelivered}
    late = {callback.number for callback in now.undelivered}
    found = [
        callback
        for callback in await control.callbacks(key)
        if callback.number in late
        or (callback.number in were_due and callback.standing not in (DELIVERED, WAITING))
    ]
    return replace(now, undelivered=tuple(found))
