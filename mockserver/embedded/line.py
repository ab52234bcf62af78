"""The line to a server: control calls from any thread, made where an event loop runs."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from mockserver.control_client import AsyncControlClient
from mockserver.embedded.loop_thread import LoopThread
from mockserver.errors import MockServerError

T = TypeVar("T")

ControlCall = Callable[[AsyncControlClient], Coroutine[Any, Any, T]]


class Line:
    """Makes control calls in another thread, so that no event loop of the caller is needed."""

    def __init__(self, thread: LoopThread, control: AsyncControlClient) -> None:
        self._thread = thread
        self._control = control

    def ask(self, call: ControlCall[T]) -> T:
        """Make a control call and wait for the answer; raises ControlFailed if it is refused.

        No such call waits for code of the caller, unless it asks for callbacks to be delivered.
        """
        __tracebackhide__ = True
        try:
            return self.begin(call).result()
        except MockServerError as error:
            # What is wrong is what the caller asked for: the way there and back tells nothing.
            raise error.with_traceback(None) from None

    def begin(self, call: ControlCall[T]) -> "Future[T]":
        """Make a control call without waiting for the answer."""
        return self._thread.begin(call(self._control))

    def close(self) -> None:
        """Close the connections; the thread goes on."""
        self._thread.ask(self._control.aclose())


def is_in_loop() -> bool:
    """Whether the caller runs in an event loop, which must not be made to wait."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
