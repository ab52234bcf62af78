"""A listening server in a thread, connections to it byte by byte, and a wire without a socket."""

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self, cast

import pytest
import uvicorn
from uvicorn.server import ServerState

from mockserver.clock import ManualClock
from mockserver.contract.model import Contract
from mockserver.engine.call import Reply
from mockserver.engine.engine import Engine
from mockserver.engine.settings import Settings
from mockserver.server import Listener, bind
from mockserver.web.asgi import Receive, Scope, Send, answer_lifespan, send_reply
from mockserver.web.options import Options, ignore_notice
from mockserver.web.routes import Route
from mockserver.web.wire.burst import Burst
from mockserver.web.wire.limits import LIMITS, Limits
from mockserver.web.wire.protocol import Wire
from tests.web.listening import Opened

LARGE = 5 * 1024 * 1024  # bytes
PATIENCE = 5.0  # seconds after which something hangs, on a machine that does much else
HOST = b"Host: 127.0.0.1:8787\r\n"
GOOD = b"GET /_mock/health HTTP/1.1\r\n" + HOST + b"\r\n"


@dataclass(frozen=True)
class Answer:
    """One answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def closes(self) -> bool:
        return self.headers.get("connection") == "close"


class Line:
    """One connection to a server."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self.socket.close()

    def send(self, *pieces: bytes) -> Self:
        """Send bytes, each piece by itself."""
        for piece in pieces:
            self.socket.sendall(piece)
        return self

    def end(self) -> Self:
        """Send no more, as a client that still listens."""
        self.socket.shutdown(socket.SHUT_WR)
        return self

    def read(self, *, of_head: bool = False) -> Answer:
        """The next answer; one to a HEAD request has no body."""
        line = self._file.readline()
        assert line, "the connection was closed without an answer"
        headers = {}
        while (field := self._file.readline().strip()) != b"":
            name, _, value = field.decode("latin-1").partition(": ")
            headers[name.lower()] = value
        status = int(line.split()[1])
        length = 0 if of_head or status in {100, 304} else int(headers["content-length"])
        return Answer(status, headers, self._file.read(length))

    def ask(self, request: bytes) -> Answer:
        """Send a request and read its answer."""
        return self.send(request).read()

    def read_line(self) -> bytes:
        """The next line, of whatever it is."""
        line = self._file.readline()
        assert line, "the connection was closed"
        return line

    def read_rest(self) -> bytes:
        """What still comes until the server closes."""
        return self._file.read()

    def reset(self) -> None:
        """Leave as a process that is killed."""
        linger = (1).to_bytes(4, "little") + bytes(4)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.__exit__()


class Server:
    """A server that listens in a thread."""

    def __init__(self, app: Any, limits: Limits) -> None:
        bound = bind("127.0.0.1", 0)
        self.address: tuple[str, int] = bound[0].getsockname()
        self.app = app
        ready = threading.Event()
        self.listener = Listener(app, ready.set, limits)
        self.thread = threading.Thread(target=self.listener.run, args=(bound,), daemon=True)
        self.thread.start()
        assert ready.wait(PATIENCE)

    def connect(self) -> Line:
        """A new connection."""
        return Line(self.address)

    def is_well(self) -> bool:
        """Whether a good request on a new connection is answered."""
        with self.connect() as line:
            return line.ask(GOOD).status == 200

    def comes_to_rest(self) -> bool:
        """Whether at last no request is under way any more."""
        tasks = self.listener.server_state.tasks
        return any(self.is_well() and not tasks for _ in range(2_000))

    @property
    def connections(self) -> list[Wire]:
        """The connections as the server sees them."""
        return cast("list[Wire]", list(self.listener.server_state.connections))

    def signal(self) -> None:
        """Do what SIGTERM does."""
        self.listener.handle_exit(signal.SIGTERM, None)

    def join(self) -> None:
        """Wait for its end."""
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()

    def call(self, function: Callable[[], object]) -> None:
        """Call something where its event loop runs."""
        loop = self.listener.servers[0].get_loop()
        loop.call_soon_threadsafe(function)

    def stop(self) -> None:
        """Stop it, and wait for its end."""
        self.signal()
        self.join()


Serve = Callable[..., Server]
BuildApp = Callable[..., Opened]


@pytest.fixture(scope="session")
def build_emulator(contracts: Sequence[Contract]) -> BuildApp:
    """Makes applications that are equal, whatever happened to the others."""

    def build(kind: type[Opened] = Opened, **options: Any) -> Opened:
        engine = Engine(contracts, ManualClock(), Settings(speed=float("inf")))
        return kind(engine, Options(**options))

    return build


class LongWay(Opened):
    """An emulator whose every request goes through ASGI."""

    def find_route(self, *_: str) -> Route | None:
        return None


@pytest.fixture(scope="session")
def long_way() -> type[Opened]:
    """The kind of emulator that knows no short way."""
    return LongWay


@pytest.fixture(scope="module")
def server(build_emulator: BuildApp) -> Iterator[Server]:
    """The emulator with the limits that it has in earnest."""
    server = Server(build_emulator(), LIMITS)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def long_server(build_emulator: BuildApp) -> Iterator[Server]:
    """The same without the short way."""
    server = Server(build_emulator(LongWay), LIMITS)
    yield server
    server.stop()


@pytest.fixture
def serve(build_emulator: BuildApp) -> Iterator[Serve]:
    """Starts servers, as `serve(app, head_seconds=1)`; without an app it is the emulator."""
    started: list[Server] = []

    def serve(app: Any = None, **limits: Any) -> Server:
        started.append(Server(app or build_emulator(), Limits(**limits)))
        return started[-1]

    yield serve
    for server in started:
        if server.thread.is_alive():
            server.stop()


class Waiting:
    """An application that answers when it is told to, with as much as it is told."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.notice = ignore_notice

    def find_route(self, *_: str) -> None:
        """Everything goes through ASGI."""

    def end_streams(self) -> None:
        """There are none."""

    async def _nothing(self) -> None:
        """What is left to do at the end."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await answer_lifespan(receive, send, self._nothing)
        elif scope["path"] == "/large":
            await send_reply(send, Reply(200, b"x" * LARGE))
        elif scope["path"] == "/stream":
            await self._stream(send)
        elif scope["path"] == "/wait":
            await self.go.wait()
            await send_reply(send, Reply(200, b"late"))
        else:
            if scope["path"] == "/go":
                self.go.set()
            await send_reply(send, Reply(200, b"at once"))

    async def _stream(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for left in range(LARGE // 65_536, -1, -1):
            chunk = {"type": "http.response.body", "body": b"x" * 65_536, "more_body": left > 0}
            await send(chunk)


@pytest.fixture
def waiting() -> type[Waiting]:
    """The kind of application that answers when it is told to."""
    return Waiting


class Paper(asyncio.Transport):
    """A transport that only remembers what was written to it."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.written = b""
        self.is_over = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.is_over, "something is written behind the end"
        self.written += data

    def is_closing(self) -> bool:
        return self.is_over

    def close(self) -> None:
        self.is_over = True

    write_eof = abort = close

    def pause_reading(self) -> None:
        """Nothing is read by itself here."""

    def resume_reading(self) -> None:
        """Nothing is read by itself here."""


def build_wire(app: Any, transport: asyncio.Transport) -> Wire:
    """One connection of an application, in the event loop that runs."""
    config = uvicorn.Config(app, http=Wire, lifespan="off", log_config=None)
    config.load()
    state = ServerState()
    state.default_headers = [(b"date", b"today")]
    wire = Wire(config=config, server_state=state, app_state={}, burst=Burst())
    wire.connection_made(transport)
    return wire


async def pass_over(app: Any, pieces: Sequence[bytes]) -> bytes:
    """What an application answers to bytes that come in pieces over one connection."""
    paper = Paper()
    wire = build_wire(app, paper)
    for piece in pieces:
        if not paper.is_over:
            wire.data_received(piece)
        await asyncio.sleep(0)
    quiet = 0
    while wire.tasks and quiet < 10:  # a request without its end is never answered
        before = len(paper.written)
        await asyncio.sleep(0)
        quiet = quiet + 1 if len(paper.written) == before else 0
    wire.connection_lost(None)
    return paper.written


@pytest.fixture(scope="session")
def converse() -> Callable[[Any, Sequence[bytes]], bytes]:
    """Sends pieces of bytes to an application and gives what it answers."""
    return lambda app, pieces: asyncio.run(pass_over(app, pieces))
