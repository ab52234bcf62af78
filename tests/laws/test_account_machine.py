"""One machine of Hypothesis that does to accounts whatever can be done to them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from mockserver.contract.model import Contract
from mockserver.contract.moments import FINAL, Phase
from mockserver.engine.accounts.holding import Holding
from mockserver.engine.task import Task
from mockserver.engine.timeline import Step
from tests.laws.world import (
    CONTRACTS,
    KEYS,
    PROVIDERS,
    SCENARIOS,
    SPANS,
    TIERS,
    Submit,
    World,
    draw_submits,
    is_refusal,
    list_contracts,
    picture,
)


def list_due(task: Task, now: int) -> list[tuple[int, str, int]]:
    """What a task has moved in the ledger by now, if its contract's words are kept."""
    money, end = task.contract.money, task.timeline.final.phase
    has_ended = now >= task.ended
    if money.charge == "succeeded":
        is_due = has_ended and end is Phase.SUCCEEDED
        return [(task.ended, "charge", -task.price)] if is_due else []
    charge = (task.created, "charge", -task.price)
    is_refunded = has_ended and end in money.refund
    return [charge, (task.ended, "refund", task.price)] if is_refunded else [charge]


def list_told(task: Task) -> Iterator[tuple[str, Step]]:
    """The steps of which a task's callbacks tell, if its submit named an address for them."""
    for form in task.operation.callbacks:
        for step in task.timeline.steps[1:]:
            if form.name in task.callbacks and form.terms.tells(step.state.phase):
                yield form.name, step


def sum_due(holding: Holding, now: int) -> int:
    """What all tasks of a holding have moved by now."""
    tasks = holding.tasks.values()
    return sum(amount for task in tasks for _, _, amount in list_due(task, now))


def sum_left(holding: Holding, now: int) -> int:
    """What is left of the credits when every open task will have succeeded."""
    charged_late = holding.contract.money.charge == "succeeded"
    open_tasks = [task for task in holding.tasks.values() if now < task.ended]
    return holding.ledger.balance - charged_late * sum(task.price for task in open_tasks)


class Bustle(RuleBasedStateMachine):
    """Three keys do what they like at every provider, each in a universe of its own."""

    contracts = CONTRACTS

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.contracts)
        self.given: dict[tuple[str, str], int] = {}  # credits that no task has moved
        self.frozen: set[str] = set()  # keys
        self.seen: dict[str, Sequence[Step]] = {}  # the steps of each task until now, by its id
        for key in KEYS:
            self.world.account(key)

    keys = st.sampled_from(KEYS)
    numbers = st.integers(0, 9)

    @contextmanager
    def alone(self, key: str | None, entries: int | None = 0) -> Iterator[None]:
        """What happens to one key: no other notices, and the journals grow by as many entries."""
        others = [self.world.account(other) for other in KEYS if other != key]
        before, total = [picture(other) for other in others], self.world.count_entries()
        yield
        assert before == [picture(other) for other in others]
        assert entries is None or self.world.count_entries() == total + entries

    @rule(key=keys, submit=draw_submits(), times=st.integers(5, 30))
    def hurry(self, key: str, submit: Submit, times: int) -> None:
        """So many at once that limits are met."""
        self.submit(key, [submit._replace(name=None)] * times)

    @rule(key=keys, submits=st.lists(draw_submits(), min_size=1, max_size=5))
    def submit(self, key: str, submits: list[Submit]) -> None:
        for submit in submits:
            before = self.world.list_goods(key)
            with self.alone(key, entries=1):
                reading = self.world.submit(key, submit)
            if is_refusal(reading):
                assert before == self.world.list_goods(key), "a refused submit has cost something"
            elif before["tasks"] != self.world.list_goods(key)["tasks"]:
                assert sum_left(*self.world.settle(key, submit.provider)) >= 0

    @rule(key=keys, number=numbers)
    def cancel(self, key: str, number: int) -> None:
        total = self.world.count_entries()
        with self.alone(key, entries=None):
            reading = self.world.cancel(key, number)
        assert self.world.count_entries() == total + (reading is not None)

    @rule(key=keys, submit=draw_submits())
    def repeat(self, key: str, submit: Submit) -> None:
        named = submit._replace(name="again")
        first = self.world.submit(key, named)
        before = self.world.list_goods(key)
        with self.alone(key, entries=1):
            second = self.world.submit(key, named)
        if self.world.contracts[submit.provider].idempotency and not is_refusal(first):
            assert is_refusal(second) or first.facts["task.id"] == second.facts["task.id"]
            assert before == self.world.list_goods(key), "a repeated submit has cost something"

    @rule(key=keys, numbers=st.lists(numbers, min_size=1, max_size=4))
    def poll(self, key: str, numbers: list[int]) -> None:
        before = self.world.list_goods(key)
        for number in numbers:
            with self.alone(key, entries=1 if before["tasks"] else 0):
                self.world.poll(key, number)
        assert before == self.world.list_goods(key), "a poll has changed something"

    @rule(submit=draw_submits())
    def knock(self, submit: Submit) -> None:
        with self.alone(None, entries=1):
            assert self.world.submit(None, submit).moments == ("unauthorized",)

    @rule(key=keys, span=SPANS)
    def advance(self, key: str, span: int) -> None:
        now = self.world.account(key).now()
        with self.alone(key):
            self.world.advance(key, span)
        assert self.world.account(key).now() == now + span

    @rule(key=keys, on=st.booleans())
    def freeze(self, key: str, on: bool) -> None:
        with self.alone(key):
            self.world.freeze(key, on)
        self.frozen = self.frozen | {key} if on else self.frozen - {key}

    @rule(span=SPANS)
    def tick(self, span: int) -> None:
        shown = {key: self.world.account(key).now() for key in KEYS}
        self.world.tick(KEYS[0], span)
        for key, now in shown.items():
            assert self.world.account(key).now() == now + (0 if key in self.frozen else span)

    @rule(key=keys, scenario=st.sampled_from([None, None, *SCENARIOS]))
    def choose(self, key: str, scenario: str | None) -> None:
        with self.alone(key):
            self.world.choose(key, scenario)

    @rule(key=keys, tier=st.sampled_from([None, *TIERS]))
    def rank(self, key: str, tier: str | None) -> None:
        with self.alone(key):
            self.world.rank(key, tier)

    @rule(key=keys, provider=st.sampled_from(PROVIDERS), credits=st.integers(0, 100_000))
    def set_credits(self, key: str, provider: str, credits: int) -> None:
        with self.alone(key):
            self.world.pay(key, provider, credits)
        self.given[key, provider] = credits - sum_due(*self.world.settle(key, provider))

    @rule(key=keys, provider=st.sampled_from(PROVIDERS), credits=st.integers(-9_000, 9_000))
    def add_credits(self, key: str, provider: str, credits: int) -> None:
        holding, now = self.world.settle(key, provider)
        with self.alone(key):
            holding.ledger.add(now, credits)
        self.given[key, provider] = self.find_given(key, holding) + credits

    @rule(key=keys, number=numbers, outcome=st.sampled_from(sorted(FINAL)))
    def force(self, key: str, number: int, outcome: Phase) -> None:
        with self.alone(key):
            self.world.force(key, number, outcome)

    @precondition(lambda self: self.world.is_busy())
    @rule(key=keys)
    def forget(self, key: str) -> None:
        others = [self.world.account(other) for other in KEYS if other != key]
        before = [picture(other) for other in others]
        self.world.forget(key)
        self.given = {place: credits for place, credits in self.given.items() if place[0] != key}
        self.frozen.discard(key)
        self.seen.clear()
        assert self.world.list_tasks(key) == []
        assert before == [picture(other) for other in others]

    @precondition(lambda self: self.world.is_busy())
    @rule()
    def reset(self) -> None:
        self.world.reset()
        self.given.clear()
        self.frozen.clear()
        self.seen.clear()
        assert self.world.count_entries() == 0

    @invariant()
    def balances_are_what_was_given_and_what_tasks_moved(self) -> None:
        for key, holding, now in self.list_settled():
            balance = self.find_given(key, holding) + sum_due(holding, now)
            assert holding.ledger.balance == balance
            assert sum(entry.amount for entry in holding.ledger.entries) == balance

    @invariant()
    def each_task_is_charged_and_refunded_as_declared(self) -> None:
        for _, holding, now in self.list_settled():
            moved: dict[str, list[tuple[int, str, int]]] = {name: [] for name in holding.tasks}
            for entry in holding.ledger.entries:
                if entry.task_id is not None:
                    moved[entry.task_id].append((entry.at, entry.kind, entry.amount))
            assert moved == {name: list_due(task, now) for name, task in holding.tasks.items()}

    @invariant()
    def open_tasks_are_counted(self) -> None:
        for _, holding, now in self.list_settled():
            assert holding.active == sum(now < task.ended for task in holding.tasks.values())

    @invariant()
    def planned_steps_are_those_of_the_lifecycle(self) -> None:
        for _, holding, _ in self.list_settled():
            for task in holding.tasks.values():
                if task.id not in self.world.forced:
                    states = [step.state for step in task.timeline.steps]
                    assert all(b.name in a.next for a, b in pairwise(states))
                    assert [state.phase.is_final for state in states].index(True) == len(states) - 1

    @invariant()
    def tasks_go_forward_and_stay_at_their_end(self) -> None:
        for _, holding, now in self.list_settled():
            for task in holding.tasks.values():
                steps, step = task.timeline.steps, task.timeline.find_step(now - task.created)
                gone = steps[: steps.index(step) + 1]
                before = self.seen.get(task.id, ())
                assert gone[: len(before)] == tuple(before)
                assert step.state.phase.is_final == (now >= task.ended)
                self.seen[task.id] = gone

    @invariant()
    def each_change_is_told_once_to_who_asked(self) -> None:
        due = Counter(
            (key, task.id, name, step.state.phase)
            for key, holding, now in self.list_settled()
            for task in holding.tasks.values()
            for name, step in list_told(task)
            if task.created + step.at <= now
        )
        told = Counter(
            (key, delivery.task_id, delivery.callback, delivery.moment)
            for key in KEYS
            for delivery in self.world.account(key).deliveries
        )
        assert told == due

    @invariant()
    def journals_count_by_one(self) -> None:
        for journal in self.world.list_journals():
            numbers = [entry.seq for entry in journal.entries]
            assert numbers == list(range(journal.total - len(numbers), journal.total))

    def list_settled(self) -> Iterator[tuple[str, Holding, int]]:
        for key in KEYS:
            for provider in self.world.contracts:
                yield key, *self.world.settle(key, provider)

    def find_given(self, key: str, holding: Holding) -> int:
        return self.given.get((key, holding.contract.name), holding.contract.money.opening)


@pytest.mark.parametrize("contracts", list_contracts(), ids=["documented", "latest"])
def test_whatever_is_done_the_books_are_right(contracts: tuple[Contract, ...]) -> None:
    """Balances, charges, refunds, slots, states and journals are right; accounts are apart."""

    class BustleHere(Bustle):
        pass

    BustleHere.contracts = contracts
    run_state_machine_as_test(BustleHere, settings=settings(stateful_step_count=20))
