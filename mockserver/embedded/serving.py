"""A server while it serves, in an event loop that runs already."""

import asyncio
from collections.abc import Sequence
from socket import socket
from typing import Final

from mockserver.server import Listener
from mockserver.web.app import Emulator
from mockserver.web.wire.limits import Limits

CONNECTIONS: Final = 500  # files are scarce in a process that is not ours


class Serving:
    """A listener, and the task in which it runs."""

    def __init__(self, listener: Listener, task: "asyncio.Task[None]") -> None:
        self._listener = listener
        self._task = task

    async def end(self) -> None:
        """Serve no more: requests under way have a moment, the rest is cut off."""
        self._listener.stop()
        await self._task


async def begin_serving(app: Emulator, sockets: Sequence[socket]) -> Serving:
    """Serve an application; requests are answered when this returns."""
    begun = asyncio.Event()
    limits = Limits(connections=CONNECTIONS, message_bytes=app.message_bytes)
    listener = Listener(app, begun.set, limits)
    task = asyncio.create_task(listener.serve(list(sockets)))
    waiting = asyncio.create_task(begun.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if not begun.is_set():
        await task  # which raises what went wrong
        raise RuntimeError("the server ended before it served")
    return Serving(listener, task)
