"""Recordings made by playing: the engine's own journal entries, turned into exchanges."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson

from mockserver.clock import ManualClock
from mockserver.contract.load import load
from mockserver.contract.model import Contract, Operation, Role
from mockserver.data import contracts_dir
from mockserver.engine.call import Call
from mockserver.engine.callbacks.delivery import Attempt
from mockserver.engine.engine import Engine
from mockserver.engine.scenarios.scenario import list_scenarios
from mockserver.engine.settings import Settings
from mockserver.record.exchange import Exchange, Kind

ROOT = Path(__file__).parents[2]
ORIGIN = "https://files.example"
HOOK = "https://client.example/hook"
KEY = "sk-mock-tape"
# Refusals that blame the request. A key that is always refused so sends good ones all the same.
BLAMING = ("malformed", "missing-field", "bad-value", "unknown-model", "invalid-request")
JSON_HEADERS = (("Content-Type", "application/json"),)


# Of the provider that does not exist there are no pages.
INVENTED = {
    "acorn": (
        (
            "plant",
            {
                "species": "quick-oak",
                "job": {"wish": "grow", "duration": 3, "look": {"bark": "smooth"}},
                "tell": {"url": HOOK},
            },
        ),
    )
}


@cache
def read_contract(name: str, edition: str) -> Contract:
    """A contract that comes with the package, or the one of the fixtures, read once."""
    built_in = contracts_dir() / name
    return load(built_in if built_in.is_dir() else ROOT / "fixtures" / name, edition)


@cache
def list_submits(provider: str) -> tuple[tuple[str, Any], ...]:
    """Operation and body of each submit of a task that the provider's pages show."""
    if provider in INVENTED:
        return INVENTED[provider]
    folder = ROOT / "fixtures" / "documented" / provider
    examples = [orjson.loads(f.read_bytes()) for f in sorted(folder.glob("*.request.json"))]
    operations = read_contract(provider, "documented").operations
    shown = [(e["operation"], e["body"]) for e in examples if "body" in e]
    shown.sort(key=lambda each: [*operations].index(each[0]))
    return tuple(each for each in shown if operations[each[0]].role is Role.SUBMIT)


class Player:
    """A client of one contract whose calls are recorded."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.clock = ManualClock()
        self.engine = Engine([contract], self.clock, Settings(speed=1))
        self.tape: list[Exchange] = []

    def call(self, operation: Operation, key: str = KEY, **content: Any) -> Any:
        """Call an operation and record it; the JSON value of the reply."""
        fields: dict[str, Any] = {"headers": {}, "query": {}, "path": {}, "body": None, **content}
        path = operation.path
        for name, value in fields["path"].items():
            path = path.replace(f"{{{name}}}", value)
        target = path + ("?" + urlencode(fields["query"]) if fields["query"] else "")
        raw = b"" if fields["body"] is None else orjson.dumps(fields["body"])
        reply = self.engine.answer(
            Call(self.contract, operation, key, ORIGIN, target, raw=raw, **fields)
        )
        value = orjson.loads(reply.body)
        self.tape.append(
            Exchange(
                started=self.clock.now(),
                elapsed=40,
                method=operation.method,
                url=self.contract.servers[0] + target,
                request_headers=(("Authorization", f"Bearer {key}"), *JSON_HEADERS),
                request_body=raw,
                status=reply.status,
                response_headers=(("content-type", reply.media_type), *reply.headers),
                response_body=reply.body,
                provider=self.contract.name,
                operation=operation.id,
                role=operation.role.value,
                task_id=next(iter(self._name_task(fields)), None),
            )
        )
        self.clock.advance(100)
        return value

    def _name_task(self, fields: dict[str, Any]) -> Iterator[str]:
        for operation in self.contract.operations.values():
            for parameter in operation.parameters:
                if parameter.fact == "task.id":
                    given = fields.get(parameter.where, {})
                    yield from [given[parameter.name]] if parameter.name in given else []

    def submit(self, operation: Operation, body: Any, key: str = KEY) -> str | None:
        """Submit a task; its id, if it was taken."""
        reply = self.call(operation, key, body=body)
        shape = operation.shapes["ok"]
        if not shape.accepts(reply):
            return None
        task_id = str(shape.read(reply)["task.id"])
        self.tape[-1] = replace(self.tape[-1], task_id=task_id)
        return task_id

    def poll(self, task_id: str, key: str = KEY) -> None:
        """Ask how a task stands, in every way there is."""
        for role in (Role.INSPECT, Role.COLLECT):
            for operation in self.contract.find_role(role):
                if not self._knows(operation, task_id, key):
                    continue
                content: dict[str, Any] = {}
                for parameter in operation.parameters:
                    if parameter.fact == "task.id":
                        content.setdefault(parameter.where, {})[parameter.name] = task_id
                self.call(operation, key, **content)

    def _knows(self, operation: Operation, task_id: str, key: str) -> bool:
        """Whether an operation can tell of a task, if there is one of that name."""
        task = self.engine.open_account(key).open_holding(self.contract).tasks.get(task_id)
        sources = {each.id for each in self.contract.find_sources(operation)}
        return task is None or task.operation.id in sources

    def play(self, operation: Operation, body: Any, key: str = KEY) -> None:
        """One task from its submit to its end, asked for three times and once too often."""
        if self.contract.find_role(Role.SUBMIT) and operation.callbacks and isinstance(body, dict):
            names = [f.source[1] for f in operation.callbacks if f.source[0] == "request.body"]
            body = {**body, **{path[0]: HOOK for path in names if len(path) == 1}}
        task_id = self.submit(operation, body, key)
        if task_id is None:
            return
        for span in (100, 5_000, 200_000, 1_000):
            self.clock.advance(span)
            self.poll(task_id, key)
        self.deliver(operation)

    def deliver(self, operation: Operation) -> None:
        """Take the callbacks that are due, and record them."""
        for account, delivery in list(self.engine.outbox.take_ready()):
            self.tape.append(
                Exchange(
                    started=self.clock.now(),
                    elapsed=5,
                    method="POST",
                    url=delivery.url,
                    request_headers=JSON_HEADERS,
                    request_body=delivery.body,
                    status=200,
                    provider=self.contract.name,
                    operation=operation.id,
                    task_id=delivery.task_id,
                    kind=Kind.CALLBACK,
                )
            )
            attempt = Attempt(self.clock.now(), {}, 200, "")
            self.engine.outbox.settle_attempt(account, delivery, attempt)

    def play_everything(self) -> list[Exchange]:
        """Every submit that is shown, under every scenario, and each call that needs no task."""
        told = {moment for each in self.contract.operations.values() for moment in each.shapes}
        # A refusal that says that the task failed, of a task that did not, is no agreement.
        untrue = {*BLAMING, "generation-failed"} if "generation_failed" in told else {*BLAMING}
        scenarios = [name for name in list_scenarios(self.contract) if name not in untrue]
        for number, scenario in enumerate(scenarios):
            key = f"{KEY}{number}.{scenario}"
            for name, body in list_submits(self.contract.name)[:2]:
                self.play(self.contract.operations[name], body, key)
            for operation in self.contract.find_role(Role.BALANCE):
                self.call(operation, key)
            self.clock.advance(60_000)
        for name, body in list_submits(self.contract.name)[:1]:
            others = {"model": "no such model", "input": {}, "prompt": ""}
            changed = [{**body, field: others[field]} for field in body if field in others]
            for broken in ({}, *changed):
                self.call(self.contract.operations[name], KEY, body=broken)
        return self.tape


@cache
def record(name: str, edition: str) -> tuple[Exchange, ...]:
    """Everything that a contract's emulator can be made to say."""
    return tuple(Player(read_contract(name, edition)).play_everything())
