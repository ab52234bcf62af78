"""A client on virtual time, on either HTTP library, with or without an event loop."""

import asyncio
import importlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx
import pytest

from imagejobs import AsyncClient, Client, Settings, World
from mockserver.clock import ManualClock
from mockserver.contract.load import load
from mockserver.contract.model import Contract
from mockserver.data import contracts_dir
from mockserver.engine.engine import Engine
from mockserver.engine.settings import Settings as EngineSettings
from mockserver.web.app import build_app
from mockserver.web.asgi import App
from mockserver.web.options import Options

ORIGIN = "http://127.0.0.1:8787"


class VirtualTime:
    """Time that passes only while somebody sleeps; other clocks may go along."""

    def __init__(self) -> None:
        self.seconds = 1_767_225_600.0  # 2026-01-01T00:00:00Z
        self.pauses: list[float] = []
        self.followers: list[ManualClock] = []

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Be later at once."""
        self.pauses.append(seconds)
        self.pass_by(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """The same for an event loop, which gets a turn."""
        await asyncio.sleep(0)
        self.sleep(seconds)

    def pass_by(self, seconds: float) -> None:
        """Let time pass without a pause, as a slow answer does."""
        self.seconds += seconds
        for clock in self.followers:
            clock.advance(round(seconds * 1000))


@dataclass
class Mode:
    """One HTTP library, with or without an event loop."""

    library: Any
    is_async: bool

    def build_http(self, handler: Any) -> Any:
        """An HTTP client whose server is a function, or an ASGI application."""
        if self.is_async:
            is_app = hasattr(handler, "courier") or not hasattr(handler, "answer")
            build = self.library.ASGITransport if is_app else self.library.MockTransport
            return self.library.AsyncClient(transport=build(handler))
        bridge = handler if hasattr(handler, "answer") else Bridge(handler, self.library)
        return self.library.Client(transport=self.library.MockTransport(bridge))


class Waited:
    """An AsyncClient whose every method is run to its end."""

    def __init__(self, client: AsyncClient) -> None:
        self.client = client

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self.client, name)
        return lambda *args, **words: asyncio.run(method(*args, **words))


class Bridge:
    """An ASGI application for a client without an event loop."""

    def __init__(self, app: App, library: Any) -> None:
        self.app = app
        self.library = library

    def __call__(self, request: Any) -> Any:
        return asyncio.run(self.answer(request))

    async def answer(self, request: Any) -> Any:
        """One request, taken to the application and back."""
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app)) as http:
            reply = await http.request(
                request.method,
                str(request.url),
                content=request.content,
                headers=dict(request.headers),
            )
        return self.library.Response(
            reply.status_code, headers=reply.headers, content=reply.content
        )


Step = tuple[Any, ...] | str | Callable[[Any], Any]


@dataclass
class Script:
    """A server that answers each request with the next step; the last one is repeated.

    A step is a status, a body and perhaps headers; or the name of the library's error.
    """

    library: Any
    steps: Sequence[Step]
    requests: list[Any] = field(default_factory=list)

    def __call__(self, request: Any) -> Any:
        return self.answer(request)

    def answer(self, request: Any) -> Any:
        """The next step."""
        self.requests.append(request)
        step = self.steps[min(len(self.requests), len(self.steps)) - 1]
        if isinstance(step, str):
            raise getattr(self.library, step)("as the script says")
        if callable(step):
            return step(request)
        status, body, *rest = step
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.library.Response(status, content=content, headers=rest[0] if rest else {})

    @property
    def submits(self) -> list[Any]:
        return [request for request in self.requests if request.method == "POST"]


@pytest.fixture(params=["httpx", "httpx2"])
def library(request: pytest.FixtureRequest) -> Any:
    """The HTTP library under the client."""
    if request.param == "httpx2":
        pytest.importorskip("httpx2", reason="the extra httpx2 is not installed")
    return importlib.import_module(request.param)


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def mode(request: pytest.FixtureRequest, library: Any) -> Mode:
    """Every combination of library and driver."""
    return Mode(library, request.param)


@pytest.fixture
def time() -> VirtualTime:
    """Time that only passes when somebody sleeps."""
    return VirtualTime()


@pytest.fixture
def world(time: VirtualTime) -> World:
    """The world that the client is given."""
    ids = (f"id-{number}" for number in count(1))
    return World(
        clock=time.now,
        now=time.now,
        sleep=time.sleep,
        sleep_async=time.sleep_async,
        random=lambda: 0.5,
        new_id=lambda: next(ids),
    )


MakeClient = Callable[..., Any]


@pytest.fixture
def make_client(mode: Mode, world: World) -> MakeClient:
    """Makes a client of a provider for a script or an application."""

    def make(handler: Any, provider: str = "kie", **words: Any) -> Any:
        words = {"api_key": "sk-mock-test", "base_url": f"{ORIGIN}/{provider}", **words}
        settings = words.pop("settings", Settings(world=world))
        kind: Any = AsyncClient if mode.is_async else Client
        http = mode.build_http(handler)
        client = kind(provider, http=http, settings=settings, **words)
        return Waited(client) if mode.is_async else client

    return make


MakeScript = Callable[..., Script]


@pytest.fixture
def script(library: Any) -> MakeScript:
    """Makes a server that follows a script."""
    return lambda *steps: Script(library, steps)


@pytest.fixture(scope="session")
def contracts() -> Sequence[Contract]:
    """Every contract that comes with the package."""
    return [load(file.parent) for file in sorted(contracts_dir().glob("*/contract.yaml"))]


@pytest.fixture
def engine(contracts: Sequence[Contract], time: VirtualTime) -> Engine:
    """An emulator's engine on the client's time."""
    clock = ManualClock()
    time.followers.append(clock)
    return Engine(contracts, clock, EngineSettings(speed=1))


@pytest.fixture
def emulator(engine: Engine) -> App:
    """The emulator as an application."""
    return build_app(engine, Options())
