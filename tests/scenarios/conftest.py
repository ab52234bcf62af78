"""A client in a scenario: submits, polls and downloads, on a clock that stands still."""

from functools import cache
from typing import Any, Final

import orjson

from mockserver.clock import ManualClock
from mockserver.contract.load import load
from mockserver.contract.model import Contract, Role
from mockserver.contract.moments import Phase
from mockserver.data import contracts_dir
from mockserver.engine.accounts.journal import Entry
from mockserver.engine.call import Call, Reply
from mockserver.engine.callbacks.delivery import Delivery
from mockserver.engine.carriage import Carriage
from mockserver.engine.engine import Engine
from mockserver.engine.files.address import list_addresses, parse_address
from mockserver.engine.scenarios.library import Library
from mockserver.engine.settings import Settings
from mockserver.engine.task import Task
from mockserver.faults import FAULTS

PROVIDERS: Final = ("kie", "aigptimage", "gptimage15")
BODY: Final = {"model": "gpt-image-2-text-to-image", "input": {"prompt": "a red fox"}}
BODIES: Final[dict[str, dict[str, Any]]] = {
    "kie": {**BODY, "callBackUrl": "http://127.0.0.1:9/"},
    "aigptimage": BODY,
    "gptimage15": {"prompt": "a red fox", "callback_url": "http://127.0.0.1:9/"},
}
STATES: Final = {"kie": "state", "aigptimage": "state", "gptimage15": "status"}
SECRET: Final = "a-secret"


@cache
def read_contract(provider: str) -> Contract:
    """A contract, read once."""
    return load(contracts_dir() / provider)


@cache
def open_library() -> Library:
    """The package's own scenarios, read once."""
    return Library(find_registry=lambda: FAULTS)


class Client:
    """Whoever has a key that names a scenario."""

    def __init__(self, provider: str, scenario: str) -> None:
        self.provider = provider
        self.scenario = scenario
        self.contract = read_contract(provider)
        self.clock = ManualClock()
        library = open_library()
        self.engine = Engine([self.contract], self.clock, Settings(speed=1), library)
        self.key = f"sk-mock-me.{scenario}"
        self.account = self.engine.open_account(self.key)
        self.account.tier = "unlimited"
        self.account.webhook_secret = SECRET

    @property
    def entry(self) -> Entry:
        """What the journal says of the last call."""
        return self.account.journal.entries[-1]

    @property
    def tasks(self) -> list[Task]:
        """All tasks that were made."""
        holding = self.account.holdings.get(self.provider)
        return list(holding.tasks.values()) if holding else []

    def submit(self) -> Reply:
        """Submit one more task."""
        body = orjson.loads(orjson.dumps(BODIES[self.provider]))
        body.get("input", body)["prompt"] += f" {self.account.journal.total}"
        return self._call(Role.SUBMIT, body=body, raw=orjson.dumps(body))

    def make(self) -> Task:
        """Submit until a task is made, at most three times; the task."""
        for _ in range(3):
            self.submit()
            if self.tasks:
                break
        return self.tasks[-1]

    def poll(self, task: Task) -> Reply:
        """Poll a task once."""
        operation = self.contract.find_role(Role.INSPECT)[0]
        name = next(p.name for p in operation.parameters if p.fact == "task.id")
        return self._call(Role.INSPECT, query={name: task.id})

    def watch(self, task: Task, *waits: int) -> list[Any]:
        """The states that polls see, each after a wait in milliseconds."""
        states = []
        for wait in waits:
            self.account.advance(wait)
            states.append(self.read_state(self.poll(task)))
        return states

    def read_state(self, reply: Reply) -> Any:
        """The state that a reply tells of; what it says instead if it tells of none."""
        found = orjson.loads(reply.body)
        data = found.get("data") or {}
        return data.get(STATES[self.provider], found.get("code"))

    def name_state(self, phase: Phase) -> Any:
        """The provider's word for the last state of a phase."""
        states = [state for state in self.contract.lifecycle.states if state.phase is phase]
        return states[-1].name

    def end(self, task: Task) -> Reply:
        """Go to the planned end of a task, and poll it there."""
        self.account.advance(max(0, task.ended - self.account.now()))
        return self.poll(task)

    def download(self, task: Task) -> Reply:
        """The reply to a request for the file of a task, of which only the kind is true."""
        address = parse_address(list_addresses(self.account, task)[0])
        assert address is not None
        whole = Reply(200, b"\x89PNG" + bytes(1_000), "image/png")
        return self.engine.spoil_file(address, whole)[0]

    def take_callbacks(self) -> list[Delivery]:
        """The callbacks that are to be sent now."""
        return [delivery for _, delivery in self.engine.outbox.take_ready()]

    def carry(self, reply: Reply) -> Carriage:
        """How a reply travels."""
        assert reply.carriage is not None
        return reply.carriage

    def _call(self, role: Role, **content: Any) -> Reply:
        operation = self.contract.find_role(role)[0]
        fields: dict[str, Any] = {"headers": {}, "query": {}, "path": {}, "raw": b"", **content}
        origin = "http://127.0.0.1:8787"
        return self.engine.answer(
            Call(self.contract, operation, self.key, origin, operation.path, **fields)
        )
