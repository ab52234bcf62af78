"""A small world: one engine that plays the provider `walnut`, on a clock that stands still."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest

from mockserver.clock import ManualClock
from mockserver.contract.load import load
from mockserver.contract.model import Contract
from mockserver.engine.accounts.account import Account
from mockserver.engine.call import Call, Reply
from mockserver.engine.engine import Engine
from mockserver.engine.settings import Settings
from mockserver.engine.task import Task

ME = "sk-mock-me"
ORIGIN = "http://127.0.0.1:8787"


@cache
def read_walnut() -> Contract:
    """The contract, read once."""
    return load(Path(__file__).parent / "walnut")


class World:
    """An engine, and short ways to call it."""

    def __init__(self, contract: Contract, settings: Settings) -> None:
        self.contract = contract
        self.clock = ManualClock()
        self.engine = Engine([contract], self.clock, settings)

    def build_call(self, operation: str, *, key: str | None = ME, **content: Any) -> Call:
        """A call of an operation; `body` is sent as JSON unless `raw` is given."""
        found = self.contract.operations[operation]
        fields: dict[str, Any] = {"headers": {}, "query": {}, "path": {}, "body": None, **content}
        fields.setdefault("raw", b"" if found.body is None else orjson.dumps(fields["body"]))
        return Call(self.contract, found, key, ORIGIN, found.path, **fields)

    def call(self, operation: str, **content: Any) -> Reply:
        """Call an operation."""
        return self.engine.answer(self.build_call(operation, **content))

    def read(self, operation: str, **content: Any) -> dict[str, Any]:
        """Call an operation; the body of its reply, and the HTTP status under `http`."""
        reply = self.call(operation, **content)
        return {"http": reply.status, **orjson.loads(reply.body)}

    def submit(self, prompt: str = "a nut", *, key: str = ME, **fields: Any) -> dict[str, Any]:
        """Submit a task that should be taken; what was answered."""
        model = fields.pop("model", "plain")
        body = {"model": model, "input": {"prompt": prompt, **fields}}
        return self.read("make", key=key, body=body)

    def inspect(self, task_id: str, *, key: str = ME) -> dict[str, Any]:
        """Ask for a task; what was answered."""
        return self.read("look", key=key, path={"id": task_id})

    def account(self, key: str = ME) -> Account:
        """The account of a key."""
        return self.engine.open_account(key)

    def balance(self, key: str = ME) -> int:
        """The balance of a key, in thousandths of a credit."""
        return self.account(key).open_holding(self.contract).ledger.balance

    def task(self, task_id: str, *, key: str = ME) -> Task:
        """A task as the engine has it."""
        return self.account(key).open_holding(self.contract).tasks[task_id]

    def end(self, task_id: str, *, key: str = ME) -> dict[str, Any]:
        """Advance to a task's end; what it looks like then."""
        account = self.account(key)
        account.advance(self.task(task_id, key=key).ended - account.now())
        return self.inspect(task_id, key=key)


NewWorld = Callable[..., World]


@pytest.fixture(scope="session")
def new_world() -> NewWorld:
    """Makes worlds; arguments are settings of the engine."""
    return lambda **settings: World(read_walnut(), Settings(**settings))


@pytest.fixture
def world(new_world: NewWorld) -> World:
    """A world of its own, in real time."""
    return new_world(speed=1)
