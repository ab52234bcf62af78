"""The room for bodies that are read at the same time, in bytes that have come, not announced."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from mockserver.web.asgi import Message, Receive

MAX_BYTES: Final = 256 * 1024 * 1024


class Room:
    """So many bytes, and those of one body beyond them.

    Whoever sends slowly takes little and blocks nobody. When the room is full, nobody is read but
    the one that began first, who comes to an end that way and makes room for the others.
    """

    def __init__(self, size: int = MAX_BYTES) -> None:
        self.free = size  # bytes; below zero if there is no room
        self._bodies: dict[object, int] = {}  # bytes of each that is being read, the first first
        self._waiting: list[asyncio.Future[None]] = []

    @asynccontextmanager
    async def open(self, receive: Receive) -> AsyncIterator[Receive]:
        """What receives a body in its place; when this ends, its bytes are free again."""
        body = object()
        self._bodies[body] = 0

        async def receive_in_turn() -> Message:
            while self.free <= 0 and next(iter(self._bodies)) is not body:
                await self._wait()
            message = await receive()
            self._take(body, len(message.get("body", b"")))
            return message

        try:
            yield receive_in_turn
        finally:
            self.free += self._bodies.pop(body)
            self._call_all()

    def _take(self, body: object, size: int) -> None:
        self._bodies[body] += size
        self.free -= size

    async def _wait(self) -> None:
        """Come back when a body was read, whichever."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        await turn

    def _call_all(self) -> None:
        waiting, self._waiting = self._waiting, []
        for turn in waiting:
            if not turn.done():  # else its reader was cancelled
                turn.set_result(None)
