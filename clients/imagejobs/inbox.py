"""Where callbacks arrive and waits look: safe between threads, and between event loops.

A wait learns that there is news, and asks the provider what it is. What a callback says is never
taken for the truth: KIE.AI signs the task's id and a time, not the body, and nobody else signs.
"""

import asyncio
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from imagejobs.models import Task
from imagejobs.settings import SleepingCall

KEPT: Final = 10_000  # callbacks on record; the oldest go first


@dataclass(frozen=True, slots=True)
class Delivery:
    """A callback that was read; `task` is what it says, verified or not a reason to poll."""

    task: Task
    is_verified: bool


class Inbox:
    """Callbacks by task, each taken once."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._seen: OrderedDict[tuple[str, str, bool], None] = OrderedDict()
        self._waiting: OrderedDict[str, Delivery] = OrderedDict()
        self._listeners: dict[str, list[Callable[[], object]]] = {}
        self._lock = threading.Lock()

    def put(self, delivery: Delivery) -> bool:
        """Take a callback in; False if the same news of the same task was here before."""
        task = delivery.task
        mark = (task.id, task.phase, delivery.is_verified)
        with self._lock:
            if mark in self._seen:
                return False
            self._seen[mark] = None
            self._waiting[task.id] = delivery
            for book in (self._seen, self._waiting):
                while len(book) > self._kept:
                    book.popitem(last=False)
            listeners = list(self._listeners.get(task.id, ()))
        for listener in listeners:
            listener()
        return True

    def take(self, task_id: str) -> Delivery | None:
        """The callback about a task, once."""
        with self._lock:
            return self._waiting.pop(task_id, None)

    def wait(
        self, task_id: str, seconds: float, sleep: Callable[[float], object] = time.sleep
    ) -> bool:
        """Block until a callback about the task is there, at most so many seconds.

        True if it is there. Only the real sleep can be cut short; one that is given instead passes
        its time as a whole.
        """
        arrived = threading.Event()
        self._listen(task_id, arrived.set)
        try:
            if self.take(task_id) is not None:
                return True
            if sleep is time.sleep:
                arrived.wait(seconds)
            else:
                sleep(seconds)
            return self.take(task_id) is not None
        finally:
            self._leave(task_id, arrived.set)

    async def wait_async(
        self, task_id: str, seconds: float, sleep: SleepingCall = asyncio.sleep
    ) -> bool:
        """The same without blocking; any sleep can be cut short."""
        loop, arrived = asyncio.get_running_loop(), asyncio.Event()

        def listener() -> None:
            loop.call_soon_threadsafe(arrived.set)

        self._listen(task_id, listener)
        races = [asyncio.ensure_future(sleep(seconds)), asyncio.ensure_future(arrived.wait())]
        try:
            if self.take(task_id) is not None:
                return True
            done, _ = await asyncio.wait(races, return_when=asyncio.FIRST_COMPLETED)
            for race in done:
                race.result()  # an error of the given sleep is the caller's
            return self.take(task_id) is not None
        finally:
            self._leave(task_id, listener)
            for race in races:
                race.cancel()
            await asyncio.gather(*races, return_exceptions=True)

    def _listen(self, task_id: str, listener: Callable[[], object]) -> None:
        with self._lock:
            self._listeners.setdefault(task_id, []).append(listener)

    def _leave(self, task_id: str, listener: Callable[[], object]) -> None:
        with self._lock:
            remaining = self._listeners[task_id]
            remaining.remove(listener)
            if not remaining:
                del self._listeners[task_id]
