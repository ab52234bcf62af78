"""A listening server: its sockets, its start that is announced when it serves, its clean stop."""

import asyncio
import contextlib
import errno
import gc
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Final

import uvicorn

from mockserver.errors import MockServerError, PortInUse, UsageError
from mockserver.web.app import Emulator
from mockserver.web.wire import Wire

KEEP_ALIVE: Final = 75  # seconds; a shorter one would close under clients that poll slowly
GRACE: Final = 2  # seconds for requests that are under way when the server stops
BACKLOG: Final = 2048


def bind(host: str, port: int) -> list[socket.socket]:
    """Sockets bound to every address of a host at one port; port 0 takes any free one.

    Nothing listens yet. Raises PortInUse or UsageError.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        problem = f"--host {host}: there is no such address on this machine; try 127.0.0.1"
        raise UsageError(problem) from error
    sockets: list[socket.socket] = []
    # IPv4 first: it is there on every machine, and ::1 then has to take the same port.
    for family, address in sorted({(row[0], row[4][0]) for row in found}):
        chosen = sockets[0].getsockname()[1] if sockets else port
        try:
            sockets.append(_bind_one(family, str(address), chosen))
        except OSError as error:
            # "localhost" without IPv6, or with port 0 and that very port taken there, is fine.
            if not sockets or (port and error.errno == errno.EADDRINUSE):
                close(sockets)
                raise _explain(error, host, port) from error
    return sockets


def close(sockets: Sequence[socket.socket]) -> None:
    """Give the ports back."""
    for bound in sockets:
        bound.close()


def _bind_one(family: int, address: str, port: int) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere it would let two servers share a port
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind((address, port))
        # Two sockets may be bound to one port as long as none listens, so ask for it now.
        bound.listen(BACKLOG)
    except OSError:
        bound.close()
        raise
    return bound


def _explain(error: OSError, host: str, port: int) -> MockServerError:
    if error.errno == errno.EADDRINUSE:
        return PortInUse(f"port {port} is in use; choose another with --port, or any with --port 0")
    if error.errno == errno.EACCES:
        return UsageError(f"port {port} needs more rights; choose one above 1023, or --port 0")
    return UsageError(f"--host {host}: {error.strerror}; try 127.0.0.1")


def run(app: Emulator, sockets: Sequence[socket.socket], announce: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; `announce` is called once requests are answered."""
    config = uvicorn.Config(
        app,
        http=Wire,
        loop="asyncio",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
        backlog=BACKLOG,
    )
    Listener(config, announce, app.end_streams).run(list(sockets))


class Listener(uvicorn.Server):
    """uvicorn's server, announced when it serves, and ended by a signal with exit status 0."""

    def __init__(
        self, config: uvicorn.Config, announce: Callable[[], None], end_streams: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._announce = announce
        self._end_streams = end_streams
        self._wake: Callable[[], object] = lambda: None
        self._ended = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve, and say so."""
        loop = asyncio.get_running_loop()
        self._wake = lambda: loop.call_soon_threadsafe(self._ended.set)
        await super().startup(sockets)
        # What is loaded now stays; later collections need not look at it again.
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        gc.enable()
        self._announce()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop when every request under way is answered, which streams would never be."""
        self._end_streams()
        await super().shutdown(sockets)

    async def main_loop(self) -> None:
        """Renew the Date header each second until a signal comes; react to that at once."""
        while not self.should_exit:
            await self.on_tick(0)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), 1)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let SIGTERM and SIGINT end the server, and the process with exit status 0."""
        # uvicorn would raise the signal once more after a clean stop: exit status -15.
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        names = (signal.SIGINT, signal.SIGTERM)
        before = {name: signal.signal(name, self.handle_exit) for name in names}
        try:
            yield
        finally:
            for name, handler in before.items():
                signal.signal(name, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop; a second SIGINT does not wait for requests under way."""
        super().handle_exit(sig, frame)
        self._wake()
