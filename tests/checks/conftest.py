"""The provider `hazel`, played by an application whose replies a test can spoil."""

from collections.abc import Callable, MutableMapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
import schemathesis
from schemathesis import BaseSchema
from schemathesis.config import SchemathesisConfig

from mockserver.clock import ManualClock
from mockserver.contract.load import load
from mockserver.contract.model import Contract
from mockserver.engine.engine import Engine
from mockserver.engine.settings import Settings
from mockserver.web.app import build_app
from mockserver.web.options import Options

KEY = "sk-mock-hazel"

Spoil = Callable[[str, dict[str, Any]], dict[str, Any]]  # method and path, the body


@cache
def read_hazel() -> Contract:
    """The contract, read once."""
    return load(Path(__file__).parent / "hazel")


class Orchard:
    """The application, with one account; what it answers is changed by `spoil`."""

    def __init__(self, spoil: Spoil) -> None:
        self.clock = ManualClock()
        settings = Settings(speed=1, keys=frozenset({KEY}))
        self.engine = Engine([read_hazel()], self.clock, settings)
        self._app = build_app(self.engine, Options())
        self._spoil = spoil

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request, four seconds after the one before."""
        start: dict[str, Any] = {}

        async def spoil(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            call = f"{scope['method']} {scope['path']}"
            body = orjson.dumps(self._spoil(call, orjson.loads(message["body"])))
            length = (b"content-length", b"%d" % len(body))
            rest = [row for row in start["headers"] if row[0] != b"content-length"]
            await send({**start, "headers": [*rest, length]})
            await send({**message, "body": body})

        self.clock.advance(4_000)
        await self._app(scope, receive, spoil if scope["type"] == "http" else send)


def build_schema(spoil: Spoil, **settings: Any) -> BaseSchema:
    """Hazel's document with a spoiled application; settings are those of schemathesis."""
    config = SchemathesisConfig.from_dict(
        {
            "base-url": "http://127.0.0.1:8787",
            "headers": {"Authorization": f"Bearer {KEY}"},
            "generation": {"database": "none"},
            **settings,
        }
    )
    schema = schemathesis.openapi.from_dict(read_hazel().bundle(), config=config)
    schema.app = Orchard(spoil)
    return schema


@pytest.fixture(scope="session")
def hazel() -> Contract:
    """The contract."""
    return read_hazel()


@pytest.fixture(scope="session")
def hazel_schema() -> Callable[..., BaseSchema]:
    """Makes documents whose application spoils its replies."""
    return build_schema
