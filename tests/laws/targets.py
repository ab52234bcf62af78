"""Where the laws of clients hold: an emulator in this process, one behind a socket, a live API.

A target opens a place: an account of its own, the address of one provider, a client's world, and
what can be learned from outside about both. On an emulator, time passes only while clients sleep.
"""

import asyncio
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

import httpx

from imagejobs import AsyncClient, Client, Settings, World
from imagejobs.dialects import DIALECTS
from mockserver.clock import ManualClock
from mockserver.contract.load import load
from mockserver.contract.model import Contract
from mockserver.data import contracts_dir
from mockserver.engine.engine import Engine
from mockserver.engine.settings import Settings as EngineSettings
from mockserver.web.app import build_app
from mockserver.web.asgi import App
from mockserver.web.options import Options

T = TypeVar("T")

ORIGIN: Final = "http://127.0.0.1:8787"
SECRET: Final = "a secret"
PATIENCE: Final = 60  # seconds, on a machine that does much else
PROVIDERS: Final = sorted(DIALECTS)
NUMBERS: Final = itertools.count(1)

Release = Callable[[], Awaitable[object] | None]


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it was sent, and the reply as it came."""

    request: httpx.Request
    status: int
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Witness(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Passes requests on to a transport, and remembers them."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.seen: list[Seen] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        reply = self.inner.handle_request(request)
        return self._note(request, reply, reply.read())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        reply = await self.inner.handle_async_request(request)
        return self._note(request, reply, await reply.aread())

    def _note(self, request: httpx.Request, reply: httpx.Response, body: bytes) -> httpx.Response:
        self.seen.append(Seen(request, reply.status_code, body))
        headers = [(k, v) for k, v in reply.headers.items() if k != "transfer-encoding"]
        return httpx.Response(reply.status_code, headers=headers, content=body)

    def close(self) -> None:
        self.inner.close()

    async def aclose(self) -> None:
        await self.inner.aclose()


class Bridge(httpx.BaseTransport):
    """An application for a client without an event loop, on the loop that it lives on."""

    def __init__(self, app: App, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._inner = httpx.ASGITransport(app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._loop.run_until_complete(self._ask(request))

    async def _ask(self, request: httpx.Request) -> httpx.Response:
        content = request.read()
        sent = httpx.Request(request.method, request.url, headers=request.headers, content=content)
        reply = await self._inner.handle_async_request(sent)
        return httpx.Response(reply.status_code, headers=reply.headers, content=await reply.aread())


class Line(Protocol):
    """The way to a server."""

    origin: str
    loop: asyncio.AbstractEventLoop

    def open(self, *, is_async: bool) -> Any:
        """A transport of httpx."""

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the control API."""

    async def advance(self, key: str, span: int) -> None:
        """Move an account's clock by so many milliseconds."""

    def now(self) -> float:
        """What the clock on the server's wall shows, in seconds."""


class InProcess:
    """An application that is called, on a clock that stands still."""

    origin = ORIGIN

    def __init__(self, contracts: Sequence[Contract]) -> None:
        self.clock = ManualClock()
        self.engine = Engine(contracts, self.clock, EngineSettings(speed=1))
        self.app = build_app(self.engine, Options())
        self.loop = asyncio.new_event_loop()

    def open(self, *, is_async: bool) -> Any:
        return httpx.ASGITransport(self.app) if is_async else Bridge(self.app, self.loop)

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        async with httpx.AsyncClient(transport=self.open(is_async=True)) as http:
            return read_answer(await http.request(method, self.origin + path, json=body))

    async def advance(self, key: str, span: int) -> None:
        account = self.engine.open_account(key)
        account.advance(span)
        if account.deliveries:
            await self.control("POST", f"/_mock/accounts/{key}/clock", {"advance": "0s"})

    def now(self) -> float:
        """What the clock on this server's wall shows, in seconds."""
        return self.clock.now() / 1000

    def close(self) -> None:
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()


class OverSocket:
    """`mockserver serve`, a process of its own, on a free port of loopback."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "mockserver", "serve", "--port", "0", "--speed", "1"]
        self.process = subprocess.Popen(
            [*command, "--log-format", "json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self.process.stdout is not None
        self.origin = json.loads(self.process.stdout.readline())["url"]
        self.http = httpx.Client(base_url=self.origin, timeout=PATIENCE, trust_env=False)
        self.loop = asyncio.new_event_loop()

    def open(self, *, is_async: bool) -> Any:
        return httpx.AsyncHTTPTransport() if is_async else httpx.HTTPTransport()

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        return read_answer(self.http.request(method, path, json=body))

    async def advance(self, key: str, span: int) -> None:
        await self.control("POST", f"/_mock/accounts/{key}/clock", {"advance": f"{span}ms"})

    def now(self) -> float:
        return time.time()

    def close(self) -> None:
        self.http.close()
        self.loop.close()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process.wait(PATIENCE)


def read_answer(reply: httpx.Response) -> Any:
    assert reply.status_code == 200, reply.text
    return reply.json()


@dataclass
class Place:
    """One account at one provider, seen from a client's side."""

    line: Any  # None if it is live
    provider: str
    contract: Contract = field(repr=False)
    key: str = field(repr=False)
    base_url: str
    seconds: float = 0.0  # that have passed
    rhythm: Mapping[str, float] = field(default_factory=dict)  # of imagejobs.Settings
    witness: Witness = field(init=False)
    releases: list[Release] = field(default_factory=list)  # what happens when time passes

    @property
    def is_live(self) -> bool:
        return self.line is None

    def now(self) -> float:
        """Seconds, of which only differences matter."""
        return time.monotonic() if self.is_live else self.seconds

    @property
    def seen(self) -> list[Seen]:
        """What was asked of the provider itself."""
        return [s for s in self.witness.seen if str(s.request.url).startswith(self.base_url + "/")]

    def build_settings(self) -> Settings:
        """A world in which sleep moves the account's clock."""
        if self.is_live:
            return Settings(**self.rhythm)  # type: ignore[arg-type]  # seconds only
        ids = (f"{self.key}-{number}" for number in itertools.count())
        return Settings(
            world=World(
                clock=lambda: self.seconds,
                now=lambda: self.seconds,
                sleep=lambda seconds: self.run(self.pass_by(seconds)),
                sleep_async=self.pass_by,
                random=lambda: 0.5,
                new_id=lambda: next(ids),
            ),
            **self.rhythm,  # type: ignore[arg-type]  # seconds only
        )

    async def pass_by(self, seconds: float) -> None:
        """Move the account's clock, and let happen what happens then."""
        self.seconds += seconds
        await self.line.advance(self.key, round(seconds * 1000))
        for release in [*self.releases]:
            begun = release()
            if begun is not None:
                await begun

    @property
    def address(self) -> str:
        return f"/_mock/accounts/{self.key}"

    def run(self, steps: Any) -> Any:
        """Await something without an event loop."""
        return self.line.loop.run_until_complete(steps)

    def control(self, method: str, path: str = "", body: Any = None) -> Any:
        """A call of the control API about this account."""
        return self.run(self.line.control(method, self.address + path, body))

    def find_balance(self) -> float | None:
        """Credits that are left; None where nobody says."""
        if not self.is_live:
            balances = self.control("GET")["balances"]
            return float(balances.get(self.contract.name, self.contract.money.opening / 1000))
        if DIALECTS[self.provider].balance_path is None:
            return None
        with Client(self.provider, api_key=self.key, base_url=self.base_url) as client:
            return client.balance()

    def list_tasks(self) -> list[Any] | None:
        """The tasks of this account; None where nobody says."""
        return None if self.is_live else self.control("GET", "/tasks")["tasks"]

    def do(self, steps: Callable[[Any], Any], *, is_async: bool = False) -> Any:
        """Let a client do something: `steps` calls it, and awaits it if it is asynchronous."""
        inner = self.line.open(is_async=is_async) if self.line else open_transport(is_async)
        self.witness = Witness(inner)
        words: dict[str, Any] = {
            "api_key": self.key,
            "base_url": self.base_url,
            "settings": self.build_settings(),
        }
        if not is_async:
            with httpx.Client(transport=self.witness) as http:
                return steps(Client(self.provider, http=http, **words))

        async def run() -> Any:
            async with httpx.AsyncClient(transport=self.witness) as http:
                return await steps(AsyncClient(self.provider, http=http, **words))

        return self.run(run()) if self.line else asyncio.run(run())


def open_transport(is_async: bool) -> Any:
    return httpx.AsyncHTTPTransport() if is_async else httpx.HTTPTransport()


@dataclass
class Emulated:
    """A target that has an emulator at its other end."""

    line: Line
    contracts: dict[str, Contract]
    name: str

    @contextmanager
    def open(
        self, provider: str, wish: str = "succeeds", key: str = "", status: str | None = None
    ) -> Iterator[Place]:
        """A place with an account in a scenario; nothing is left of it afterwards."""
        contract = self.contracts[provider.removesuffix("-v2")]
        key = key or f"sk-mock-law-{next(NUMBERS)}"
        place = Place(self.line, provider, contract, key, f"{self.line.origin}/{contract.name}")
        settings = {"scenario": wish, "webhook_secret": SECRET, "http_status": status}
        place.control("PATCH", "", settings)
        place.control("POST", "/clock", {"freeze": True})
        try:
            yield place
        finally:
            place.control("DELETE")


@dataclass
class Live:
    """A target that costs; only what may cost is opened."""

    provider: str
    contracts: dict[str, Contract] = field(repr=False)
    key: str = field(repr=False)
    base_url: str

    @contextmanager
    def open(self, provider: str, wish: str = "succeeds", key: str = "") -> Iterator[Place]:
        """The one account that there is."""
        assert (provider, wish) == (self.provider, "succeeds"), "only positive data goes there"
        contract = self.contracts[provider.removesuffix("-v2")]
        yield Place(None, provider, contract, key or self.key, self.base_url)


Target = Emulated | Live


def load_contracts(edition: str | None = None) -> dict[str, Contract]:
    """The built-in contracts by name, in the edition that is served unless another is asked for."""
    folders = [file.parent for file in sorted(contracts_dir().glob("*/contract.yaml"))]
    return {folder.name: load(folder, edition) for folder in folders}


def open_live(provider: str) -> Live:
    """The live API, or whatever <PROVIDER>_BASE_URL points to."""
    dialect = DIALECTS[provider]
    base_url = os.environ.get(f"{dialect.prefix}_BASE_URL") or dialect.home
    key = os.environ[f"{dialect.prefix}_API_KEY"]
    return Live(provider, load_contracts(), key, base_url.rstrip("/"))
