"""Sends recorded callbacks to their clients, signed anew, those of a task in their order."""

import asyncio
from collections.abc import Callable
from typing import Final

from mockserver.clock import Clock
from mockserver.engine.callbacks.signature import sign
from mockserver.record.replay.answer import Notification
from mockserver.record.replay.play import Play
from mockserver.web.callbacks.attempt import try_delivery
from mockserver.web.callbacks.message import Message, build_headers
from mockserver.web.callbacks.sender import Sender
from mockserver.web.callbacks.targets import Held, Target, Targets
from mockserver.web.options import ignore_notice

MAX_AT_ONCE: Final = 64


class Messenger:
    """What is under way, and what is to be looked at again later."""

    def __init__(
        self,
        targets: Targets,
        clock: Clock,
        secret: str | None = None,
        notice: Callable[[str], None] = ignore_notice,
    ) -> None:
        self._targets = targets
        self._clock = clock
        self._secret = secret
        self._notice = notice
        self._sender = Sender()
        self._room = asyncio.Semaphore(MAX_AT_ONCE)
        self._last: dict[Play, asyncio.Task[None]] = {}
        self._timers: dict[Play, asyncio.TimerHandle] = {}

    def send(self, play: Play, notifications: list[Notification]) -> None:
        """Send the callbacks of a task, after those that it sends already."""
        if notifications:
            task = asyncio.create_task(self._send_all(notifications, self._last.get(play)))
            self._last[play] = task
            task.add_done_callback(lambda done: self._forget(play, done))

    def wake_at(self, play: Play, moment: int, do: Callable[[], None]) -> None:
        """Do something for a task at a moment of the wall clock, and not what was to be done."""
        if play in self._timers:
            self._timers[play].cancel()
        seconds = max(0, moment - self._clock.now()) / 1000

        def begin() -> None:
            del self._timers[play]
            do()

        self._timers[play] = asyncio.get_running_loop().call_later(seconds, begin)

    async def close(self) -> None:
        """Stop sending."""
        for timer in self._timers.values():
            timer.cancel()
        under_way = list(self._last.values())
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    def _forget(self, play: Play, done: asyncio.Task[None]) -> None:
        if self._last.get(play) is done:
            del self._last[play]

    async def _send_all(
        self, notifications: list[Notification], before: asyncio.Task[None] | None
    ) -> None:
        if before is not None:
            await asyncio.wait([before])
        for notification in notifications:
            problem = await self._send(notification)
            if problem is not None:
                address = notification.url.partition("?")[0][:200]  # the query may hold a secret
                self._notice(f"the callback of {notification.task_id} to {address} {problem}")

    async def _send(self, notification: Notification) -> str | None:
        """Send one, as often as the contract says; what went wrong in the end."""
        terms, problem = notification.terms, None
        for attempt in range(1, terms.attempts + 1):
            try:
                async with self._room:
                    problem = await self._try(notification)
            except Held as reason:
                return f"was held back: {reason}"
            wait = terms.wait_after(attempt)
            if problem is None or wait is None:
                break
            await asyncio.sleep(wait / 1000)
        return problem

    async def _try(self, notification: Notification) -> str | None:
        """Make one attempt; what went wrong. Raises Held if it must not be sent."""

        def build(target: Target) -> Message:
            return self._write_message(target, notification)

        seconds = notification.terms.within / 1000
        outcome = await try_delivery(self._sender, self._targets, notification.url, seconds, build)
        if outcome.answer is None:
            return f"failed: {outcome.problem}"
        status = outcome.answer.status
        return None if 200 <= status < 300 else f"was answered with {status}"

    def _write_message(self, target: Target, notification: Notification) -> Message:
        body = notification.body
        headers = build_headers(target, notification.media_type, body)
        terms = notification.terms.signature
        if terms is not None and self._secret:
            parts = {
                "id": f"msg_{notification.task_id}_{notification.number}",
                "task.id": notification.task_id,
                "timestamp": str(self._clock.now() // 1000),
            }
            headers |= sign(terms, self._secret, parts, body)
        return Message("POST", headers, body)
