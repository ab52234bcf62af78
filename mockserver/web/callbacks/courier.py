"""The dispatcher of callbacks: sends what is ready in the outbox, and reports the outcome."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Final

from mockserver.clock import Clock
from mockserver.engine.accounts.account import Account
from mockserver.engine.callbacks.delivery import Attempt, Delivery, Standing
from mockserver.engine.callbacks.outbox import Outbox
from mockserver.web.callbacks.lanes import Job, Lanes
from mockserver.web.callbacks.message import Message, write_message
from mockserver.web.callbacks.targets import Held, Target, Targets
from mockserver.web.options import ignore_notice

if TYPE_CHECKING:
    from mockserver.web.callbacks.sender import Sender

_logger: Final = logging.getLogger("uvicorn.error")

GRACE: Final = 0.1  # seconds for a receiver to read what was sent before it was dropped


class Wait:
    """Somebody waits until everything of an account is answered that was due by a moment."""

    __slots__ = ("left", "over", "until")

    def __init__(self, until: int, left: int) -> None:
        self.until = until
        self.left = left  # jobs
        self.over = asyncio.Event()

    def count(self, job: Job, change: int) -> None:
        """One more or one less."""
        if job.due <= self.until:
            self.left += change
        if not self.left:
            self.over.set()


class Courier:
    """Sends the deliveries of an outbox, as long as an event loop runs.

    When another loop runs than before, it goes on there with whatever was not answered.
    """

    def __init__(
        self,
        outbox: Outbox,
        clock: Clock,
        targets: Targets,
        notice: Callable[[str], None] = ignore_notice,
    ) -> None:
        self._outbox = outbox
        self._clock = clock
        self._targets = targets
        self._notice = notice
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lanes: Lanes | None = None  # of that loop
        self._is_called = False  # to look into the outbox, soon
        self._is_closed = False
        self._timer: asyncio.TimerHandle | None = None  # to look again when more falls due
        self._open: dict[Account, set[Job]] = {}
        self._waits: dict[Account, list[Wait]] = {}
        outbox.wake = self._wake

    @cached_property
    def _sender(self) -> "Sender":
        from mockserver.web.callbacks.sender import Sender

        return Sender()

    async def drain(self, account: Account, seconds: float) -> None:
        """Send everything that is due for an account by now, retries that fall due included.

        Comes back when all of it is answered or given up, or when the time is up.
        """
        self._enter(asyncio.get_running_loop())
        until = account.settle()
        self._dispatch()
        jobs = self._open.get(account, ())
        wait = Wait(until, sum(job.due <= until for job in jobs))
        if not wait.left:
            return
        waits = self._waits.setdefault(account, [])
        waits.append(wait)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(wait.over.wait(), seconds)
        waits.remove(wait)
        if not waits and self._waits.get(account) is waits:
            del self._waits[account]

    async def drop(self, account: Account | None = None) -> None:
        """Give up what is under way, for one account or for all; nothing arrives afterwards."""
        accounts = list(self._open) if account is None else [account]
        jobs = [job for each in accounts for job in self._open.pop(each, ())]
        for job in jobs:
            job.is_dropped = True
        for each in accounts:
            for wait in self._waits.get(each, ()):
                wait.over.set()
        under_way = {job.task for job in jobs if job.task is not None}
        if under_way:
            _, late = await asyncio.wait(under_way, timeout=GRACE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        if jobs and self._lanes is not None:
            self._lanes.sweep()

    async def close(self) -> None:
        """Stop sending."""
        self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()
        await self.drop()

    def _wake(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # the engine is used without a server: deliveries stay ready
        self._enter(loop)
        if not self._is_called and not self._is_closed:
            self._is_called = True
            loop.call_soon(self._look)

    def _enter(self, loop: asyncio.AbstractEventLoop) -> None:
        """Work in this event loop from now on."""
        if loop is self._loop:
            return
        self._loop = loop
        self._is_called = False
        self._is_closed = False
        self._timer = None
        self._lanes = lanes = Lanes(self._send)
        self._waits = {}
        left, self._open = self._open, {}
        for jobs in left.values():
            for job in jobs:
                self._queue(lanes, Job(job.account, job.delivery))

    def _look(self) -> None:
        """Send what is ready, and look again when more is."""
        self._is_called = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        next_at = self._outbox.collect(self._clock.now())
        self._dispatch()
        if next_at is not None and self._loop is not None:
            seconds = max(0, next_at - self._clock.now()) / 1000
            self._timer = self._loop.call_later(seconds, self._look)

    def _dispatch(self) -> None:
        """Put what is ready into the lanes."""
        lanes = self._lanes
        if lanes is not None:  # else no event loop has run yet: deliveries stay ready
            for account, delivery in self._outbox.take_ready():
                self._queue(lanes, Job(account, delivery))

    def _queue(self, lanes: Lanes, job: Job) -> None:
        self._open.setdefault(job.account, set()).add(job)
        for wait in self._waits.get(job.account, ()):
            wait.count(job, 1)
        lanes.add(job)

    async def _send(self, job: Job) -> None:
        """Make an attempt; a retry that is due already is in its lane before this one ends."""
        if not job.is_dropped:
            try:
                await self._attempt(job.account, job.delivery)
            except Exception:  # a mistake of ours: whoever waits is not to wait for ever
                _logger.exception("a callback could not be sent")
        if not job.is_dropped:
            self._dispatch()
            self._end(job)

    def _end(self, job: Job) -> None:
        jobs = self._open.get(job.account, set())
        jobs.discard(job)
        if not jobs:
            self._open.pop(job.account, None)
        for wait in self._waits.get(job.account, ()):
            wait.count(job, -1)

    async def _attempt(self, account: Account, delivery: Delivery) -> None:
        # Few servers call back, and all have to start quickly.
        from mockserver.web.callbacks.attempt import try_delivery

        def build(target: Target) -> Message:
            return write_message(target, account, delivery, self._clock.now())

        seconds = delivery.terms.within / 1000
        try:
            outcome = await try_delivery(self._sender, self._targets, delivery.url, seconds, build)
        except Held as reason:
            self._outbox.hold(account, delivery, str(reason))
            self._report(delivery, f"was held back: {reason}")
            return
        headers = outcome.message.headers if outcome.message else {}
        status, body = outcome.answer or (None, "")
        attempt = Attempt(delivery.due, headers, status, body, outcome.problem)
        self._outbox.settle_attempt(account, delivery, attempt)
        if delivery.standing is Standing.EXHAUSTED:
            problem = outcome.problem or status
            self._report(delivery, f"failed {len(delivery.attempts)} times: {problem}")

    def _report(self, delivery: Delivery, what: str) -> None:
        """A line for the log; the query of an address may hold a secret."""
        address = delivery.url.partition("?")[0][:200]
        self._notice(f"the callback of {delivery.task_id} to {address} {what}")
