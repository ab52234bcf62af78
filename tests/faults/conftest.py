"""Every provider on a clock that stands still, and accounts that plan faults."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from itertools import count
from typing import Any, NamedTuple

import pytest

from mockserver.clock import ManualClock
from mockserver.contract.load import load
from mockserver.contract.model import Contract, Operation
from mockserver.data import contracts_dir
from mockserver.engine.accounts.account import Account
from mockserver.engine.call import Call, Reply
from mockserver.engine.engine import Engine
from mockserver.engine.files.address import parse_address
from mockserver.engine.settings import Settings
from mockserver.engine.trouble.plan import Planned, open_plan
from mockserver.engine.trouble.words import read_rule
from mockserver.faults import FAULTS

ORIGIN = "http://127.0.0.1:8787"
PROMPT = "a red fox"
JOB = {"model": "gpt-image-2-text-to-image", "input": {"prompt": PROMPT, "aspect_ratio": "1:1"}}
# Provider -> operations to submit and to ask, how the answer and the question name the task, body.
WAYS: Mapping[str, tuple[str, str, str, str, dict[str, Any]]] = {
    "kie": ("createTask", "recordInfo", "taskId", "taskId", JOB),
    "aigptimage": (
        "createTask",
        "recordInfo",
        "taskId",
        "taskId",
        {"model": "gpt-image-2-text-to-image", "input": {"prompt": PROMPT}},
    ),
    "gptimage15": ("generate", "status", "task_id", "task_id", {"prompt": PROMPT}),
}


@cache
def read_contracts() -> tuple[Contract, ...]:
    """Every contract of the package, read once."""
    return tuple(load(contracts_dir() / name) for name in WAYS)


class Seen(NamedTuple):
    """A reply, as a client reads it."""

    reply: Reply
    http: int
    body: Any  # None if it is no JSON


class User:
    """One key at one provider."""

    def __init__(self, engine: Engine, provider: str, key: str) -> None:
        self.engine = engine
        self.contract = next(each for each in engine.contracts if each.name == provider)
        self.key = key
        self.submit_name, self.inspect_name, self.answered, self.asked, self.wish = WAYS[provider]

    @property
    def account(self) -> Account:
        """The account of the key."""
        return self.engine.open_account(self.key)

    def plan(self, fault: str, **words: Any) -> Planned:
        """Plan a fault."""
        rule = read_rule({"fault": fault, **words}, FAULTS)
        return open_plan(self.account).put(rule, self.account.now())

    def call(self, operation: Operation, query: Mapping[str, str], body: object) -> Seen:
        """Make a call."""
        raw = b"" if body is None else json.dumps(body).encode()
        target = operation.path
        call = Call(self.contract, operation, self.key, ORIGIN, target, {}, query, {}, raw, body)
        reply = self.engine.answer(call)
        try:
            value = json.loads(reply.body)
        except ValueError:
            value = None
        return Seen(reply, reply.status, value)

    def submit(self, prompt: str = PROMPT) -> Seen:
        """Submit a task."""
        text = json.dumps(self.wish).replace(PROMPT, prompt)
        return self.call(self.contract.operations[self.submit_name], {}, json.loads(text))

    def make(self, prompt: str = PROMPT) -> str:
        """Submit a task that is taken; its id."""
        return str(self.submit(prompt).body["data"][self.answered])

    def inspect(self, task: str) -> Seen:
        """Ask how a task stands."""
        operation = self.contract.operations[self.inspect_name]
        return self.call(operation, {self.asked: task}, None)

    def end(self, task: str) -> None:
        """Advance to the end of a task."""
        self.account.advance(self.find_end(task) - self.account.now())

    def find_end(self, task: str) -> int:
        """When a task ends."""
        return self.account.holdings[self.contract.name].tasks[task].ended

    def read(self, seen: Seen) -> dict[str, Any]:
        """The facts of a reply to a poll, by the shape that accepts it."""
        shapes = self.contract.operations[self.inspect_name].shapes.values()
        return next((each.read(seen.body) for each in shapes if each.accepts(seen.body)), {})

    def fetch(self, address: str, reply: Reply) -> tuple[Reply, str | None]:
        """What a request for a file gets instead of a reply, and the fault that acted."""
        found = parse_address(address)
        assert found is not None
        return self.engine.spoil_file(found, reply)

    def list_faults(self) -> list[str | None]:
        """The faults that the journal tells of."""
        return [entry.fault for entry in self.account.journal.entries]

    def list_balance(self) -> int:
        """The balance, in thousandths of a credit."""
        return self.account.open_holding(self.contract).ledger.balance


NUMBERS = count()
NewUser = Callable[..., User]


def build_engine(seed: int = 0) -> Engine:
    """An engine in real time."""
    return Engine(read_contracts(), ManualClock(), Settings(speed=1, seed=seed))


@pytest.fixture(scope="session")
def new_user() -> NewUser:
    """Makes users of engines of their own; arguments are a provider, a seed and a key."""

    def new_user(provider: str = "kie", seed: int = 0, key: str | None = None) -> User:
        return User(build_engine(seed), provider, key or f"sk-mock-f{next(NUMBERS)}")

    return new_user


@pytest.fixture(params=list(WAYS))
def user(request: pytest.FixtureRequest, new_user: NewUser) -> User:
    """A user of each provider in turn."""
    return new_user(request.param)
