"""The emulator as an ASGI application for any event loop, while it lives in its own."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from mockserver.embedded.loop_thread import LoopThread
from mockserver.web.asgi import App, Receive, Scope, Send, answer_lifespan


class Bridge:
    """Takes requests to an application in another thread, and its answers back."""

    def __init__(self, app: App, thread: LoopThread) -> None:
        self._app = app
        self._thread = thread

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; starting and stopping is not the business of its users."""
        if scope["type"] == "lifespan":
            await answer_lifespan(receive, send, _do_nothing)
            return
        loop = asyncio.get_running_loop()
        answering = self._app(scope, _carry(receive, loop), _carry(send, loop))
        await asyncio.wrap_future(self._thread.begin(_run(answering)))


async def _run(awaitable: Awaitable[None]) -> None:
    await awaitable


def _carry(
    call: Callable[..., Awaitable[Any]], home: asyncio.AbstractEventLoop
) -> Callable[..., Awaitable[Any]]:
    """A callable of one event loop, to be awaited in another."""

    async def run(*given: Any) -> Any:
        return await call(*given)

    async def carry(*given: Any) -> Any:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(run(*given), home))

    return carry


async def _do_nothing() -> None:
    """The emulator goes on when an application around it stops."""
