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
from functools import partial
from types import FrameType
from typing import Final

import uvicorn

from mockserver.errors import MockServerError, PortInUse, UsageError
from mockserver.web.served import Served
from mockserver.web.wire.burst import Burst
from mockserver.web.wire.limits import LIMITS, Limits
from mockserver.web.wire.protocol import Wire

GRACE: Final = 1.0  # seconds for requests that are under way when the server stops
PAUSE: Final = 0.02  # seconds between two looks at them
BACKLOG: Final = 2048  # clients that wait to be connected
BATCH: Final = 32  # of them that are connected before one is looked at
SPARE_FILES: Final = 256  # for what is open besides connections: the refused, a batch, our own


def bind(host: str, port: int) -> list[socket.socket]:
    """Sockets bound to every address of a host at one port; port 0 takes any free one.

    Nothing listens yet. Raises PortInUse or UsageError.
    """
    try:
        # As bytes where it can be: for a text Python reads its tables of foreign letters first.
        name = host.encode() if host.isascii() else host
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
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


def run(app: Served, sockets: Sequence[socket.socket], announce: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; `announce` is called once requests are answered."""

    def begin() -> None:
        # What is loaded now stays; later collections need not look at it again.
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        gc.enable()
        announce()

    Listener(app, begin, Limits(connections=make_room(), message_bytes=app.message_bytes)).run(
        list(sockets)
    )


def make_room(connections: int = LIMITS.connections) -> int:
    """How many connections fit beside what else is open; asks for room for all of them."""
    try:
        import resource
    except ImportError:  # a system that counts no files
        return connections
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + SPARE_FILES
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return connections
    soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(1, soft - SPARE_FILES)


class Listener(uvicorn.Server):
    """uvicorn's server, announced when it serves, and ended by a signal with exit status 0."""

    def __init__(self, app: Served, announce: Callable[[], None], limits: Limits = LIMITS) -> None:
        config = uvicorn.Config(
            app,
            http=partial(Wire, limits=limits, burst=Burst()),  # type: ignore[arg-type]  # it makes protocols
            loop="asyncio",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=BATCH,
        )
        super().__init__(config)
        self._announce = announce
        self._end_streams = app.end_streams
        self._tick = limits.tick_seconds
        self._wake: Callable[[], object] = lambda: None
        self._ended = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve, and say so; end again if it cannot be said."""
        loop = asyncio.get_running_loop()
        self._wake = lambda: loop.call_soon_threadsafe(self._ended.set)
        await super().startup(sockets)
        for bound in sockets or []:
            bound.listen(BACKLOG)  # which asyncio has made as short as its batch
        try:
            self._announce()
        except Exception:
            await self.shutdown(sockets)
            raise

    async def main_loop(self) -> None:
        """Renew the Date header and end late connections until a signal comes."""
        loop = asyncio.get_running_loop()
        while not self.should_exit:
            await self.on_tick(0)
            for connection in self._list_connections():
                connection.check_deadline(loop.time())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), self._tick)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more requests, wait GRACE for those under way, cut off the rest."""
        self._end_streams()
        for server in self.servers:
            server.close()
        close(sockets or [])
        for connection in self._list_connections():
            connection.shutdown()
        await self._wait_for_answers()
        for connection in self._list_connections():
            connection.transport.abort()  # which tasks hear of before they are cancelled
        for task in self.server_state.tasks:
            task.cancel()
        if not self.force_exit:
            await self.lifespan.shutdown()

    async def _wait_for_answers(self) -> None:
        state = self.server_state
        left = GRACE
        while (state.connections or state.tasks) and left > 0 and not self.force_exit:
            await asyncio.sleep(PAUSE)
            left -= PAUSE

    def _list_connections(self) -> list[Wire]:
        return list(self.server_state.connections)  # type: ignore[arg-type]  # no other kind is made

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

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Begin to stop; a second signal does not wait for requests under way."""
        self.force_exit = self.should_exit
        self.stop()

    def stop(self) -> None:
        """Begin to stop; any thread may ask for it."""
        self.should_exit = True
        self._wake()
