"""What the laws of accounts are about: an engine that plays every contract, and its users."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from hypothesis import strategies as st

from mockserver.checks import LifecycleWatch
from mockserver.clock import ManualClock
from mockserver.contract.load import list_editions, load
from mockserver.contract.model import Contract, Operation, Role
from mockserver.contract.moments import CONDITIONS, Phase
from mockserver.contract.reading import Reading, read_reply
from mockserver.data import contracts_dir
from mockserver.engine.accounts.account import Account
from mockserver.engine.accounts.holding import Holding
from mockserver.engine.accounts.journal import Journal
from mockserver.engine.call import Call, Malformed
from mockserver.engine.engine import Engine
from mockserver.engine.scenarios.scenario import list_scenarios
from mockserver.engine.settings import Settings
from mockserver.engine.task import Task
from tests.laws.values import Value, draw_value

ROOT = Path(__file__).parents[2]
ORIGIN = "http://127.0.0.1:8787"
KEYS = ("sk-mock-one", "sk-mock-two", "sk-mock-three")
REFUSALS = frozenset(CONDITIONS)

SPANS = st.one_of(st.integers(0, 5_000), st.integers(0, 70_000), st.just(61 * 86_400_000))

Action = tuple[Any, ...]  # the name of a method of World, and its arguments


class Submit(NamedTuple):
    """A submit that somebody makes."""

    provider: str
    operation: str
    body: Any
    name: str | None  # under which it can be repeated


@cache
def list_contracts() -> tuple[tuple[Contract, ...], ...]:
    """Every contract as documented, and every one in the last of its editions."""
    folders = sorted(file.parent for file in contracts_dir().glob("*/contract.yaml"))
    folders.append(ROOT / "fixtures" / "acorn")
    editions = [(folder, list_editions(folder)) for folder in folders]
    return (
        tuple(load(folder, names[0]) for folder, names in editions),
        tuple(load(folder, names[-1]) for folder, names in editions),
    )


CONTRACTS = list_contracts()[0]
PROVIDERS = sorted(c.name for c in CONTRACTS)
SUBMITS = [(c.name, op.id) for c in CONTRACTS for op in c.find_role(Role.SUBMIT)]
SCENARIOS = sorted({name for c in CONTRACTS for name in list_scenarios(c)})
TIERS = sorted({"unlimited", *(tier for c in CONTRACTS for tier in c.tiers)})


@cache
def draw_bodies(provider: str, operation_id: str) -> Value:
    """Bodies for a submit of any model: mostly good ones, some that lack a field or are none."""
    contract = next(c for c in CONTRACTS if c.name == provider)
    body = contract.operations[operation_id].body
    assert body is not None
    find = body.find_variant
    good: Value = st.sampled_from(body.models or (None,)).flatmap(
        lambda model: draw_value(variant.schema) if (variant := find(model)) else st.nothing()
    )
    poor = st.builds(lambda value, at: dict(list(value.items())[:at]), good, st.integers(0, 2))
    long = st.builds(lambda value: {**value, "colour": "red", "size?": 1}, good)
    odd: Value = st.sampled_from([None, [], 1, {"model": "no such model"}, Malformed("no JSON")])
    return st.one_of(good, good, good, long, poor, odd)


@st.composite
def draw_submits(draw: st.DrawFn) -> Submit:
    """A provider, one of its submits, a body, and sometimes a name under which it is sent."""
    provider, operation_id = draw(st.sampled_from(SUBMITS))
    name = draw(st.sampled_from([None, "first", "first", "x" * 300]))
    return Submit(provider, operation_id, draw(draw_bodies(provider, operation_id)), name)


class World:
    """An engine that plays every contract, and what its users can do."""

    def __init__(self, contracts: Sequence[Contract] = CONTRACTS, seed: int = 0) -> None:
        self.clock = ManualClock()
        self.engine = Engine(contracts, self.clock, Settings(speed=1, seed=seed))
        self.contracts = {contract.name: contract for contract in contracts}
        self.watches: dict[tuple[str | None, str], LifecycleWatch] = {}  # by key and provider
        self.forced: set[str] = set()  # ids of tasks

    def account(self, key: str) -> Account:
        return self.engine.open_account(key)

    def settle(self, key: str, provider: str) -> tuple[Holding, int]:
        """What a key has at a provider when everything that is due has happened, and the time."""
        now = self.account(key).settle()
        return self.account(key).open_holding(self.contracts[provider]), now

    def list_tasks(self, key: str) -> list[Task]:
        holdings = [self.settle(key, provider)[0] for provider in self.contracts]
        return [task for holding in holdings for task in holding.tasks.values()]

    def is_busy(self) -> bool:
        """Whether so much was done that it is worth to begin anew."""
        return sum(len(self.list_tasks(key)) for key in KEYS) > 4

    def list_goods(self, key: str) -> dict[str, Any]:
        """What a key has, but for its journal."""
        self.list_tasks(key)
        return {**picture(self.account(key)), "journal": None}

    def list_journals(self) -> list[Journal]:
        """The journals of every key, and the one of requests that reached none."""
        return [*(self.account(key).journal for key in KEYS), self.engine.strays]

    def count_entries(self) -> int:
        return sum(journal.total for journal in self.list_journals())

    def find_task(self, key: str, number: int) -> Task | None:
        """One of an account's tasks, whatever the number; None if there is none."""
        tasks = self.list_tasks(key)
        return tasks[number % len(tasks)] if tasks else None

    def answer(self, key: str | None, operation: Operation, call: dict[str, Any]) -> Reading:
        """What an operation replies: it can be read in one way only, and no task goes back."""
        contract = next(c for c in self.contracts.values() if operation in c.operations.values())
        fields = {"headers": {}, "query": {}, "path": {}, "body": None, "raw": b"", **call}
        reply = self.engine.answer(Call(contract, operation, key, ORIGIN, operation.path, **fields))
        body = orjson.loads(reply.body)
        (reading,) = read_reply(contract, operation, body)
        watch = self.watches.setdefault((key, contract.name), LifecycleWatch(contract))
        assert watch.see(operation, body) == []
        return reading

    def submit(self, key: str | None, submit: Submit) -> Reading:
        contract, body, name = self.contracts[submit.provider], submit.body, submit.name
        header = contract.idempotency.header if contract.idempotency else "x-request-id"
        raw = b"{" if isinstance(body, Malformed) else orjson.dumps(body)
        headers = {} if name is None else {header: name}
        call = {"headers": headers, "body": body, "raw": raw}
        return self.answer(key, contract.operations[submit.operation], call)

    def cancel(self, key: str, number: int) -> Reading | None:
        """Cancel a task, if its provider lets its clients do that."""
        task = self.find_task(key, number)
        operations = task.contract.find_role(Role.CANCEL) if task else ()
        if task is None or not operations:
            return None
        return self.ask(key, operations[number % len(operations)], task)

    def hurry(self, key: str, submit: Submit) -> None:
        """So many submits at once that limits are met."""
        for _ in range(21):
            self.submit(key, submit)

    def poll(self, key: str, number: int) -> Reading | None:
        """Ask for a task by the operation that its submit links to."""
        task = self.find_task(key, number)
        if task is None:
            return None
        extra = ("page", "limit", "verbose")[: number % 4]  # which no contract declares
        return self.ask(key, find_inspect(task), task, extra)

    def ask(self, key: str, operation: Operation, task: Task, extra: Sequence[str] = ()) -> Reading:
        """Call an operation about a task, with further parameters in its query."""
        call: dict[str, Any] = {"query": dict.fromkeys(extra, "1")}
        (parameter,) = (p for p in operation.parameters if p.fact == "task.id")
        call.setdefault(parameter.where, {})[parameter.name] = task.id
        return self.answer(key, operation, call)

    def advance(self, key: str, span: int) -> None:
        self.account(key).advance(span)

    def freeze(self, key: str, on: bool) -> None:
        self.account(key).freeze(on)

    def choose(self, key: str, scenario: str | None) -> None:
        self.account(key).scenario = scenario

    def rank(self, key: str, tier: str | None) -> None:
        self.account(key).tier = tier

    def pay(self, key: str, provider: str, credits: int) -> None:
        holding, now = self.settle(key, provider)
        holding.ledger.set_balance(now, credits)

    def tick(self, _: str, span: int) -> None:
        self.clock.advance(span)

    def force(self, key: str, number: int, outcome: Phase) -> None:
        """End a task as its contract can, if it is open and the contract can."""
        task = self.find_task(key, number)
        if task is None or self.account(key).settle() >= task.ended:
            return
        if outcome in {state.phase for state in task.contract.lifecycle.states}:
            self.engine.force_task(self.account(key), task.contract.name, task.id, outcome)
            self.forced.add(task.id)

    def forget(self, key: str) -> None:
        self.engine.forget_account(self.account(key))
        self.watches = {place: watch for place, watch in self.watches.items() if place[0] != key}

    def reset(self) -> None:
        self.engine.reset()
        self.watches.clear()


def is_refusal(reading: Reading) -> bool:
    """Whether a reply says no."""
    return REFUSALS.issuperset(reading.moments)


def find_inspect(task: Task) -> Operation:
    """The operation that tells of a task, by the link of its submit."""
    linked = (task.contract.operations[name] for name in task.operation.links)
    return next(operation for operation in linked if operation.role is Role.INSPECT)


def picture(account: Account) -> dict[str, Any]:
    """Everything that an account has, its journal too."""
    return {
        "now": account.now(),
        "settings": (account.scenario, account.tier, account.seed, account.is_frozen),
        "tasks": [
            (task.id, task.created, task.timeline.steps, task.price, task.failure)
            for holding in account.holdings.values()
            for task in holding.tasks.values()
        ],
        "entries": {name: list(h.ledger.entries) for name, h in account.holdings.items()},
        "balances": {name: h.ledger.balance for name, h in account.holdings.items()},
        "active": {name: h.active for name, h in account.holdings.items()},
        "planned": len(account.agenda),
        "journal": list(account.journal.entries),
    }


def draw_actions() -> st.SearchStrategy[Action]:
    """Something that a key can do; submits and polls are the most of it."""
    keys, numbers = st.sampled_from(KEYS), st.integers(0, 9)
    ends = st.sampled_from([Phase.SUCCEEDED, Phase.FAILED])
    submits = st.tuples(st.just("submit"), keys, draw_submits())
    polls = st.tuples(st.just("poll"), keys, numbers)
    return st.one_of(
        submits,
        submits,
        polls,
        st.tuples(st.just("hurry"), keys, draw_submits()),
        polls,
        st.tuples(st.just("advance"), keys, SPANS),
        st.tuples(st.just("tick"), keys, SPANS),
        st.tuples(st.just("freeze"), keys, st.booleans()),
        st.tuples(st.just("choose"), keys, st.sampled_from(SCENARIOS)),
        st.tuples(st.just("rank"), keys, st.sampled_from(TIERS)),
        st.tuples(st.just("force"), keys, numbers, ends),
        st.tuples(st.just("cancel"), keys, numbers),
    )


SCRIPTS = st.lists(draw_actions(), min_size=5, max_size=30)


def run_script(world: World, script: Sequence[Action]) -> World:
    """Do what a script says."""
    for name, *arguments in script:
        getattr(world, name)(*arguments)
    return world


def list_everything(world: World) -> Any:
    """All that a world has come to, its journals to the last byte."""
    return [
        *(picture(world.account(key)) for key in KEYS),
        *(list(journal.entries) for journal in world.list_journals()),
    ]
