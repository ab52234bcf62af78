"""An emulator and the receivers of its callbacks, in one event loop, on real loopback sockets."""

import asyncio
import gc
import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import orjson
import pytest

from mockserver.clock import Clock, ManualClock
from mockserver.contract.load import load
from mockserver.contract.model import Contract
from mockserver.data import contracts_dir
from mockserver.engine.accounts.account import Account
from mockserver.engine.engine import Engine
from mockserver.engine.settings import Settings
from mockserver.web.app import Emulator, build_app
from mockserver.web.asgi import Message
from mockserver.web.options import Options

PATIENCE = 30.0  # seconds that a test waits for what has to come
KEY = "sk-mock-me"


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine; whatever the event loop complains about fails it."""
    if not inspect.iscoroutinefunction(pyfuncitem.function):
        return None
    names = inspect.signature(pyfuncitem.function).parameters
    given = {name: pyfuncitem.funcargs[name] for name in names}
    complaints: list[dict[str, Any]] = []

    async def run() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        async with asyncio.timeout(PATIENCE):
            await pyfuncitem.function(**given)
            for town in TOWNS:
                await town.stop()
        gc.collect()  # exceptions that nobody looked at show up now

    asyncio.run(run())
    gc.collect()  # and sockets that nobody closed
    assert not complaints
    return True


@dataclass(frozen=True)
class Received:
    """One request as it came in."""

    path: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    @property
    def json(self) -> Any:
        """The value in its body."""
        return orjson.loads(self.body)


Behave = Callable[[Received, asyncio.StreamWriter], Awaitable[None]]


class Receiver:
    """A small HTTP server that keeps every request, and treats it as the test says."""

    def __init__(
        self, behave: Behave | None = None, host: str = "127.0.0.1", greeting: bytes = b""
    ) -> None:
        self.received: list[Received] = []
        self.behave = behave or self.answer(200)
        self._host = host
        self._greeting = greeting  # is said before anything was asked
        self._news = asyncio.Event()
        self._open: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, self._host, 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._server.close()
        open_ones = dict(self._open)
        for writer, task in open_ones.items():
            writer.transport.abort()
            task.cancel()
        await asyncio.gather(*open_ones.values(), return_exceptions=True)

    @staticmethod
    def answer(status: int, body: bytes = b"ok", headers: str = "") -> Behave:
        """Answer with a status and a body."""
        head = f"HTTP/1.1 {status} Whatever\r\ncontent-length: {len(body)}\r\n{headers}\r\n"
        return Receiver.say(head.encode() + body)

    @staticmethod
    def say(raw: bytes) -> Behave:
        """Send some bytes, whatever they are, and close."""

        async def behave(_: Received, writer: asyncio.StreamWriter) -> None:
            writer.write(raw)

        return behave

    @staticmethod
    def wait(until: asyncio.Event) -> Behave:
        """Say nothing until something happens, and answer then."""

        async def behave(request: Received, writer: asyncio.StreamWriter) -> None:
            await until.wait()
            await Receiver.answer(200)(request, writer)

        return behave

    def url(self, path: str = "/hook", host: str = "127.0.0.1") -> str:
        """Its address."""
        return f"http://{host}:{self.port}{path}"

    async def wait_for(self, count: int) -> list[Received]:
        """What came in, once so much has."""
        while len(self.received) < count:
            self._news.clear()
            await self._news.wait()
        return self.received

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._server.is_serving():
            writer.transport.abort()
            return
        task = self._open[writer] = asyncio.create_task(self._take(reader, writer))
        task.add_done_callback(lambda _: self._open.pop(writer))

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(self._greeting)
            request = await read_request(reader)
            self.received.append(request)
            self._news.set()
            await self.behave(request, writer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the other side has left
        finally:
            writer.close()


async def read_request(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *rows = head.removesuffix("\r\n\r\n").split("\r\n")
    headers = {name.lower(): value for name, _, value in (row.partition(": ") for row in rows)}
    body = await reader.readexactly(int(headers["content-length"]))
    return Received(line.split(" ")[1], headers, body)


@cache
def read_contracts() -> list[Contract]:
    """Every contract of the package, and `hazel`, which calls back in every way."""
    folders = [file.parent for file in sorted(contracts_dir().glob("*/contract.yaml"))]
    folders.append(Path(__file__).parents[2] / "engine" / "hazel")
    contracts = [load(folder) for folder in folders]
    gc.freeze()  # what stays need not be looked at after each test
    return contracts


class Town:
    """An emulator in this process, and short ways to ask it."""

    def __init__(self, clock: Clock, speed: float, options: Options) -> None:
        self.clock = clock
        self.engine = Engine(read_contracts(), clock, Settings(speed=speed))
        self.app: Emulator = build_app(self.engine, options)
        transport = httpx.ASGITransport(app=self.app)
        self._http = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8787")

    @property
    def account(self) -> Account:
        """The account of the key."""
        return self.engine.open_account(KEY)

    async def stop(self) -> None:
        """Stop the server, in the way of ASGI."""

        async def receive() -> Message:
            return {"type": "lifespan.shutdown"}

        async def send(message: Message) -> None:
            assert message["type"] == "lifespan.shutdown.complete"

        await self.app({"type": "lifespan"}, receive, send)

    async def ask(
        self, method: str, path: str, value: object = None, *, key: str = KEY, **headers: str
    ) -> Any:
        """Make a request; the JSON value of the reply."""
        sent = {name.replace("_", "-"): text for name, text in headers.items()}
        sent |= {"authorization": f"Bearer {key}", "content-type": "application/json"}
        body = None if value is None else orjson.dumps(value)
        return (await self._http.request(method, path, content=body, headers=sent)).json()

    async def control(
        self, method: str, path: str = "", value: object = None, *, key: str = KEY
    ) -> Any:
        """Make a control call about an account."""
        return await self.ask(method, f"/_mock/accounts/{key}{path}", value)

    async def submit(self, url: str, path: str = "/ends", *, key: str = KEY, **fields: Any) -> str:
        """Submit a task that calls back to an address; its id."""
        body = {"prompt": "a nut", "tell": url, **fields}
        reply = await self.ask("POST", f"/hazel{path}", body, key=key)
        return str(reply["id"])

    async def advance(self, span: str = "60s", *, key: str = KEY, **fields: Any) -> Any:
        """Advance an account's clock; the answer."""
        return await self.control("POST", "/clock", {"advance": span, **fields}, key=key)

    async def list_callbacks(self, *, key: str = KEY) -> list[dict[str, Any]]:
        """The deliveries of an account."""
        rows: list[dict[str, Any]] = (await self.control("GET", "/callbacks", key=key))["callbacks"]
        return rows


NewTown = Callable[..., Town]
TOWNS: list[Town] = []  # of the test that runs


@pytest.fixture
def new_receiver() -> type[Receiver]:
    """Makes receivers, and what they can do."""
    return Receiver


@pytest.fixture
def new_town() -> Iterator[NewTown]:
    """Makes emulators; arguments are a clock, a speed, and options of the web layer."""

    def new_town(clock: Clock | None = None, speed: float = 1, **options: Any) -> Town:
        TOWNS.append(Town(clock or ManualClock(), speed, Options(**options)))
        return TOWNS[-1]

    yield new_town
    TOWNS.clear()


@pytest.fixture
def town(new_town: NewTown) -> Town:
    """An emulator on a clock that stands still."""
    return new_town()
