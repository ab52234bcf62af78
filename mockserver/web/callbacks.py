"""Callbacks: what is ready in the outbox is sent, within bounds, and reported back.

Each receiver (host and port) has a lane of its own. In a lane deliveries leave in the order in
which they fell due, each when the one before it was answered; a receiver that takes longer than
PATIENCE is not waited for, so that a hanging delivery delays none.
"""

import asyncio
import contextlib
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine
from functools import cached_property
from typing import TYPE_CHECKING, Final

from mockserver.clock import Clock
from mockserver.engine.account import Account
from mockserver.engine.delivery import Attempt, Delivery
from mockserver.engine.outbox import Outbox
from mockserver.engine.signature import sign
from mockserver.version import VERSION
from mockserver.web.targets import Held, Target, Targets

if TYPE_CHECKING:
    from mockserver.web.sender import Sender

PATIENCE: Final = 0.1  # seconds
MAX_IN_FLIGHT: Final = 128  # deliveries at once, over all receivers
MAX_IN_LANE: Final = 32  # to one receiver
MAX_LANES: Final = 1_000  # that are remembered while nothing is on its way


class Job:
    """A delivery on its way: queued, then under way, then done or given up."""

    __slots__ = ("account", "delivery", "done", "task")

    def __init__(self, account: Account, delivery: Delivery) -> None:
        self.account = account
        self.delivery = delivery
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.task: asyncio.Task[None] | None = None

    def finish(self) -> None:
        """Nobody needs to wait for it any more."""
        if not self.done.done():
            self.done.set_result(None)


class Courier:
    """Sends the deliveries of an outbox, as long as an event loop runs."""

    def __init__(self, outbox: Outbox, clock: Clock, targets: Targets) -> None:
        self._outbox = outbox
        self._clock = clock
        self._targets = targets
        self._news = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None
        self._lanes: dict[str, Lane] = {}
        self._open: dict[str, set[Job]] = {}  # by account
        self._idle: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._room = asyncio.Semaphore(MAX_IN_FLIGHT)
        outbox.wake = self._wake

    @cached_property
    def _sender(self) -> "Sender":
        # The HTTP client costs as much as half of the whole start, and few servers call back.
        from mockserver.web.sender import Sender

        return Sender(MAX_IN_FLIGHT)

    async def drain(self, account: Account, seconds: float) -> None:
        """Send everything that is due for an account, retries that fall due included.

        Comes back when nothing is due any more, or when the time is up.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    account.settle()
                    self._dispatch()
                    if account.id not in self._open:
                        return
                    await self._idle[account.id].wait()

    async def drop(self, account: Account | None = None) -> None:
        """Give up what is under way, for one account or for all; nothing is sent afterwards."""
        ids = list(self._open) if account is None else [account.id]
        given_up = [job for name in ids for job in self._open.get(name, ())]
        tasks = [job.task for job in given_up if job.task is not None]
        for job in given_up:
            job.finish()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Stop sending."""
        if self._pump is not None:
            self._pump.cancel()
        await self.drop()
        if "_sender" in self.__dict__:
            await self._sender.close()

    def _wake(self) -> None:
        if self._pump is None or self._pump.done():
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                return  # the engine is used without a server: deliveries stay ready
            self._pump = loop.create_task(self._run())
        self._news.set()

    async def _run(self) -> None:
        while True:
            self._news.clear()
            now = self._clock.now()
            next_at = self._outbox.collect(now)
            self._dispatch()
            wait = None if next_at is None else max(0, next_at - now) / 1000
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), wait)

    def _dispatch(self) -> None:
        """Put what is ready into the lanes."""
        ready = self._outbox.ready
        while ready:
            account, delivery = ready.popleft()
            self._queue(Job(account, delivery))

    def _queue(self, job: Job) -> None:
        self._open.setdefault(job.account.id, set()).add(job)
        job.done.add_done_callback(lambda _: self._close_job(job))
        receiver = "/".join(job.delivery.url.split("/", 3)[:3])
        lane = self._lanes.get(receiver)
        if lane is None:
            if len(self._lanes) >= MAX_LANES:
                self._lanes = {name: lane for name, lane in self._lanes.items() if lane.is_busy}
            lane = self._lanes[receiver] = Lane(self._attempt)
        lane.add(job)

    def _close_job(self, job: Job) -> None:
        under_way = self._open.get(job.account.id, set())
        under_way.discard(job)
        if not under_way:
            self._open.pop(job.account.id, None)
            if idle := self._idle.pop(job.account.id, None):
                idle.set()

    async def _attempt(self, account: Account, delivery: Delivery) -> None:
        """Make one attempt at a delivery and report it."""
        try:
            target = await self._targets.check(delivery.url)
        except Held as reason:
            self._outbox.hold(account, delivery, str(reason))
            return
        headers = self._write_headers(target, account, delivery)
        async with self._room:
            within = delivery.terms.within / 1000
            answer = await self._sender.post(target, headers, delivery.body, within)
        attempt = Attempt(delivery.due, headers, answer.status, answer.body, answer.problem)
        self._outbox.settle_attempt(account, delivery, attempt)

    def _write_headers(
        self, target: Target, account: Account, delivery: Delivery
    ) -> dict[str, str]:
        headers = {
            "Host": target.authority,
            "Content-Type": delivery.media_type,
            "User-Agent": f"mockserver/{VERSION}",
        }
        terms, secret = delivery.terms.signature, account.webhook_secret
        if terms is not None and secret:
            # A signature's time is the wall clock of the attempt, wherever the account's clock is.
            parts = {
                "id": f"msg_{account.id}_{delivery.number}",
                "task.id": delivery.task_id,
                "timestamp": str(self._clock.now() // 1000),
            }
            headers |= sign(terms, secret, parts, delivery.body)
        return headers


class Lane:
    """The deliveries to one receiver, in order."""

    def __init__(self, attempt: Callable[[Account, Delivery], Coroutine[None, None, None]]) -> None:
        self._attempt = attempt
        self._waiting: deque[Job] = deque()
        self._in_flight: set[asyncio.Task[None]] = set()
        self._worker: asyncio.Task[None] | None = None

    def add(self, job: Job) -> None:
        """Put a delivery at the end of the lane."""
        self._waiting.append(job)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.get_running_loop().create_task(self._work())

    @property
    def is_busy(self) -> bool:
        """Whether anything is on its way."""
        return bool(self._waiting or self._in_flight)

    async def _work(self) -> None:
        while self._waiting:
            job = self._waiting.popleft()
            if job.done.done():
                continue  # given up
            job.task = asyncio.create_task(self._deliver(job))
            self._in_flight.add(job.task)
            job.task.add_done_callback(self._in_flight.discard)
            patience = PATIENCE if len(self._in_flight) == 1 else 0
            await asyncio.wait({job.task}, timeout=patience)
            if len(self._in_flight) >= MAX_IN_LANE:
                await asyncio.wait(self._in_flight, return_when=asyncio.FIRST_COMPLETED)

    async def _deliver(self, job: Job) -> None:
        try:
            await self._attempt(job.account, job.delivery)
        finally:
            job.finish()
