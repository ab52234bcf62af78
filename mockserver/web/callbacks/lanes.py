"""Lanes, which are queues: in which order deliveries leave, and how many are under way at a time.

1. Each account has a lane to each receiver (host and port). In a lane deliveries leave in the order
   of the account's clock, each when the one before it was answered: what a receiver sees is the
   same every time, retries between other deliveries included.
2. One that is not answered within PATIENCE is waited for no longer. As long as a receiver is slow,
   the next ones are given IMPATIENCE.
3. However many receivers hang, there is room for another one: each may have a quarter of what the
   others leave, and one delivery at least. Accounts that wait for room take turns.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Coroutine
from functools import partial
from heapq import heappop, heappush
from itertools import islice
from typing import Final

from mockserver.engine.accounts.account import Account
from mockserver.engine.callbacks.delivery import Delivery

PATIENCE: Final = 0.25  # seconds
IMPATIENCE: Final = 0.01
MAX_UNDER_WAY: Final = 128  # deliveries at a time, over all receivers
SHARE: Final = 4

Place = tuple[Account, str]
Send = Callable[["Job"], Coroutine[None, None, None]]


class Job:
    """A delivery whose next attempt is to be made now."""

    __slots__ = ("account", "delivery", "due", "is_dropped", "receiver", "task")

    def __init__(self, account: Account, delivery: Delivery) -> None:
        self.account = account
        self.delivery = delivery
        self.due = delivery.due
        self.receiver = "/".join(delivery.url.split("/", 3)[:3])
        self.is_dropped = False  # nobody wants it any more
        self.task: asyncio.Task[None] | None = None  # once it is under way


class Lane:
    """The deliveries of one account to one receiver, the earliest first."""

    __slots__ = ("head", "is_blocked", "is_slow", "place", "timer", "under_way", "waiting")

    def __init__(self, place: Place) -> None:
        self.place = place
        self.waiting: list[tuple[int, int, Job]] = []
        self.under_way = 0
        self.head: Job | None = None  # the last that left, while the next one waits for it
        self.timer: asyncio.TimerHandle | None = None
        self.is_slow = False
        self.is_blocked = False  # it waits for nothing but room

    @property
    def receiver(self) -> str:
        """Where it leads."""
        return self.place[1]

    def add(self, job: Job) -> None:
        """Put a job where it belongs in time."""
        heappush(self.waiting, (job.due, job.delivery.number, job))

    def take(self) -> Job | None:
        """Take out the next job that somebody wants."""
        while self.waiting:
            job = heappop(self.waiting)[2]
            if not job.is_dropped:
                return job
        return None


class Lanes:
    """All lanes of one event loop."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._lanes: dict[Place, Lane] = {}
        self._total = 0  # deliveries under way
        self._under_way: Counter[str] = Counter()  # the same, by receiver
        self._blocked: dict[str, deque[Lane]] = {}  # by receiver

    def __len__(self) -> int:
        return len(self._lanes)

    def add(self, job: Job) -> None:
        """Let a job leave when it is its turn."""
        place = (job.account, job.receiver)
        lane = self._lanes.get(place)
        if lane is None:
            lane = self._lanes[place] = Lane(place)
        lane.add(job)
        self._move(lane)

    def sweep(self) -> None:
        """Forget what was dropped, and use the room that it left."""
        for lane in list(self._lanes.values()):
            self._move(lane)
        self._unblock()

    def _move(self, lane: Lane) -> None:
        """Let the next job leave, if nothing stands in its way."""
        while lane.head is None and lane.waiting and not lane.is_blocked:
            if not self._has_room(lane.receiver):
                lane.is_blocked = True
                self._blocked.setdefault(lane.receiver, deque()).append(lane)
                return
            job = lane.take()
            if job is not None:
                self._start(lane, job)
        if not lane.under_way and not lane.waiting:
            self._lanes.pop(lane.place, None)

    def _start(self, lane: Lane, job: Job) -> None:
        self._total += 1
        self._under_way[lane.receiver] += 1
        lane.under_way += 1
        lane.head = job
        patience = IMPATIENCE if lane.is_slow else PATIENCE
        lane.timer = self._loop.call_later(patience, self._lose_patience, lane)
        job.task = self._loop.create_task(self._send(job))
        job.task.add_done_callback(partial(self._finish, lane, job))

    def _lose_patience(self, lane: Lane) -> None:
        lane.head = None
        lane.is_slow = True
        self._move(lane)

    def _finish(self, lane: Lane, job: Job, task: asyncio.Task[None]) -> None:
        self._total -= 1
        self._under_way[lane.receiver] -= 1
        if not self._under_way[lane.receiver]:
            del self._under_way[lane.receiver]
        lane.under_way -= 1
        if lane.head is job and lane.timer is not None:
            lane.timer.cancel()
            lane.head = None
            lane.is_slow = False
        if not task.cancelled():  # else it was dropped, or the loop comes to its end
            self._unblock()  # first those that wait for room, so that all take turns
            self._move(lane)

    def _unblock(self) -> None:
        """Use the room that was left, for as many receivers as can be under way at most."""
        for receiver in tuple(islice(self._blocked, MAX_UNDER_WAY + 1)):
            lanes = self._blocked[receiver]
            while lanes and self._has_room(receiver):
                lane = lanes.popleft()
                lane.is_blocked = False
                self._move(lane)
            if not lanes:
                del self._blocked[receiver]
            if self._total >= MAX_UNDER_WAY:
                return

    def _has_room(self, receiver: str) -> bool:
        free = MAX_UNDER_WAY - self._total
        return free > 0 and self._under_way[receiver] < max(1, free // SHARE)
