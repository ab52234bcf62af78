"""An event loop in a thread of its own, and how other threads have things done there."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from mockserver.errors import UsageError

T = TypeVar("T")


class LoopThread:
    """A thread that runs an event loop from `start` to `stop`, and leaves nothing behind."""

    def __init__(self, name: str) -> None:
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._begun = threading.Event()
        self._ended = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            self._begun.set()
            runner.run(self._wait())

    async def _wait(self) -> None:
        await self._ended.wait()

    def start(self) -> None:
        """Come back when the loop runs."""
        self._thread.start()
        self._begun.wait()

    def begin(self, coroutine: Coroutine[Any, Any, T]) -> "Future[T]":
        """Have a coroutine run; raises UsageError if the loop has ended."""
        if self._loop is None or self._ended.is_set():
            coroutine.close()
            raise UsageError("the server is closed; use its accounts inside its `with` block")
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def ask(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Have a coroutine run, and wait for what it returns or raises."""
        return self.begin(coroutine).result()

    def stop(self) -> None:
        """End the loop: whatever still runs there is cancelled."""
        if self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._ended.set)
            self._thread.join()
