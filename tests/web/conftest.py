"""The application in this process: every contract, a clock to move, an HTTP client."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import pytest

from mockserver.clock import ManualClock
from mockserver.contract.load import load
from mockserver.contract.model import Contract
from mockserver.data import contracts_dir
from mockserver.engine.engine import Engine
from mockserver.engine.scenarios.library import Library
from mockserver.engine.settings import Settings
from mockserver.web.app import build_app
from mockserver.web.asgi import App
from mockserver.web.options import Options
from mockserver.web.scenario_folders import find_faults

ORIGIN = "http://127.0.0.1:8787"
KEY = "sk-mock-test"

Ask = Callable[..., httpx.Response]


@pytest.fixture(scope="session")
def contracts() -> Sequence[Contract]:
    """Every contract that comes with the package."""
    return [load(file.parent) for file in sorted(contracts_dir().glob("*/contract.yaml"))]


@pytest.fixture
def clock() -> ManualClock:
    """A clock that the test moves."""
    return ManualClock()


@pytest.fixture
def engine(contracts: Sequence[Contract], clock: ManualClock) -> Engine:
    """An engine without any account; its tasks take as long as the real ones."""
    return Engine(contracts, clock, Settings(speed=1), Library(find_registry=find_faults))


@pytest.fixture
def notices() -> list[str]:
    """The lines of the log."""
    return []


@pytest.fixture
def app(engine: Engine, notices: list[str]) -> App:
    """The application, with a log that the test can read."""
    return build_app(engine, Options(notice=notices.append))


@pytest.fixture
def ask(app: App) -> Ask:
    """Makes a request with a key, as `ask("GET", "/path")`; `key=None` leaves the key out."""
    return build_ask(app)


@pytest.fixture
def ask_app() -> Callable[[App], Ask]:
    """Make requests to another application."""
    return build_ask


def build_ask(app: App) -> Ask:
    def ask(method: str, path: str, key: str | None = KEY, **given: Any) -> httpx.Response:
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        headers |= given.pop("headers", {})
        return asyncio.run(send(app, method, path, headers=headers, **given))

    return ask


async def send(app: App, method: str, path: str, **given: Any) -> httpx.Response:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        return await client.request(method, path, **given)
