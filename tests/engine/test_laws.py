"""Properties that hold whatever is called, in whatever order."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from mockserver.contract.moments import Phase
from mockserver.engine.scenarios.scenario import list_scenarios

if TYPE_CHECKING:
    from tests.engine.conftest import NewWorld, World

PLAIN = st.fixed_dictionaries({"model": st.just("plain"), "prompt": st.sampled_from("abc")})
FINE = st.fixed_dictionaries(
    {"model": st.just("fine"), "prompt": st.sampled_from("abc")},
    optional={"grade": st.sampled_from(["low", "high"]), "shots": st.integers(1, 3)},
)
SUBMITS = st.lists(PLAIN | FINE, min_size=1, max_size=6)
SPANS = st.integers(0, 60_000)
ORDER = [Phase.QUEUED, Phase.RUNNING, Phase.SUCCEEDED]

Submit = dict[str, Any]


def picture(world: "World", key: str = "sk-mock-me") -> dict[str, Any]:
    """Everything that an account has, but for its journal."""
    account = world.account(key)
    holding = account.open_holding(world.contract)
    return {
        "now": account.now(),
        "tasks": [
            (task.id, task.created, task.timeline.steps, task.price, task.failure)
            for task in holding.tasks.values()
        ],
        "entries": list(holding.ledger.entries),
        "active": holding.active,
        "planned": len(account.agenda),
    }


def submit_all(world: "World", submits: Iterable[Submit], key: str = "sk-mock-me") -> list[str]:
    return [world.submit(key=key, **submit)["id"] for submit in submits]


class Bustle(RuleBasedStateMachine):
    """Two keys do what they like; a third one only looks on."""

    def __init__(self, world: "World") -> None:
        super().__init__()
        self.world = world
        self.bystander = "sk-mock-bystander"
        self.seen: dict[str, Phase] = {}
        self.owners: dict[str, str] = {}
        submit_all(world, [{"prompt": "mine"}], self.bystander)
        self.view = picture(world, self.bystander)

    keys = st.sampled_from(["sk-mock-one", "sk-mock-two"])

    @rule(key=keys, submit=PLAIN | FINE)
    def submit(self, key: str, submit: Submit) -> None:
        reply = self.world.submit(key=key, **submit)
        if reply["http"] == 200:
            self.owners[reply["id"]] = key

    @rule(key=keys, span=SPANS)
    def advance(self, key: str, span: int) -> None:
        self.world.account(key).advance(span)

    @rule(key=keys, on=st.booleans())
    def freeze(self, key: str, on: bool) -> None:
        self.world.account(key).freeze(on)

    @rule(key=keys, amount=st.integers(-50_000, 50_000))
    def add_credits(self, key: str, amount: int) -> None:
        holding = self.world.account(key).open_holding(self.world.contract)
        holding.ledger.add(self.world.account(key).now(), amount)

    @precondition(lambda self: self.owners)
    @rule(data=st.data(), cancels=st.booleans())
    def end(self, data: st.DataObject, cancels: bool) -> None:
        task_id = data.draw(st.sampled_from(sorted(self.owners)))
        account = self.world.account(self.owners[task_id])
        task = self.world.task(task_id, key=self.owners[task_id])
        if cancels:
            self.world.call("drop", key=self.owners[task_id], path={"id": task_id})
        elif account.settle() < task.ended:
            self.world.engine.force_task(account, "walnut", task_id, Phase.FAILED)

    @invariant()
    def balances_are_sums_of_entries(self) -> None:
        for account in self.world.engine.accounts:
            for holding in account.holdings.values():
                total = sum(entry.amount for entry in holding.ledger.entries)
                assert total == holding.ledger.balance

    @invariant()
    def open_tasks_are_counted_and_planned(self) -> None:
        for account in self.world.engine.accounts:
            now = account.settle()
            for holding in account.holdings.values():
                assert holding.active == sum(now < task.ended for task in holding.tasks.values())

    @invariant()
    def paid_tasks_and_no_others_have_cost_something(self) -> None:
        for account in self.world.engine.accounts:
            for holding in account.holdings.values():
                entries = [e for e in holding.ledger.entries if e.task_id is not None]
                costs = sum(
                    task.cost if account.now() >= task.ended else task.price
                    for task in holding.tasks.values()
                )
                assert -costs == sum(entry.amount for entry in entries)

    @invariant()
    def tasks_never_go_back(self) -> None:
        for task_id, key in self.owners.items():
            task = self.world.task(task_id, key=key)
            elapsed = self.world.account(key).now() - task.created
            phase = task.timeline.find_step(elapsed).state.phase
            before = self.seen.get(task_id, Phase.QUEUED)
            assert phase is before or not before.is_final
            assert phase.is_final or ORDER.index(phase) >= ORDER.index(before)
            self.seen[task_id] = phase

    @invariant()
    def bystanders_notice_nothing(self) -> None:
        assert picture(self.world, self.bystander) == self.view


def test_whatever_is_called_the_books_are_right(new_world: "NewWorld") -> None:
    """Balances are sums, open tasks are counted, ends are final, accounts are apart."""

    class BustleHere(Bustle):
        def __init__(self) -> None:
            super().__init__(new_world(speed=1))

    run_state_machine_as_test(
        BustleHere,
        settings=settings(max_examples=30, stateful_step_count=25, deadline=None),
    )


@given(submits=SUBMITS, spans=st.lists(SPANS, max_size=5))
def test_many_advances_equal_one(
    new_world: "NewWorld", submits: list[Submit], spans: list[int]
) -> None:
    """How an advance is divided leaves no trace."""
    divided, whole = new_world(speed=1), new_world(speed=1)
    for world in (divided, whole):
        submit_all(world, submits)
    for span in spans:
        divided.account().advance(span)
    whole.account().advance(sum(spans))

    assert picture(whole) == picture(divided)


@given(submits=SUBMITS, spans=st.lists(SPANS, max_size=5))
def test_a_poll_changes_nothing(
    new_world: "NewWorld", submits: list[Submit], spans: list[int]
) -> None:
    """An account that was polled all the time equals one that was not."""
    polled, left_alone = new_world(speed=1), new_world(speed=1)
    ids = submit_all(polled, submits)
    submit_all(left_alone, submits)
    for span in spans:
        polled.account().advance(span)
        left_alone.account().advance(span)
        for task_id in ids:
            polled.inspect(task_id)
    left_alone.account().settle()

    assert picture(left_alone) == picture(polled)


@given(submits=SUBMITS, data=st.data())
def test_the_order_of_submits_decides_nothing(
    new_world: "NewWorld", submits: list[Submit], data: st.DataObject
) -> None:
    """Equal submits under one seed get equal ids and durations, in whatever order they come."""
    shuffled = data.draw(st.permutations(submits))
    one, other = new_world(), new_world()
    submit_all(one, submits)
    submit_all(other, shuffled)

    assert sorted(picture(one)["tasks"]) == sorted(picture(other)["tasks"])


@given(submits=SUBMITS)
def test_keys_differ_in_ids_and_in_nothing_else(
    new_world: "NewWorld", submits: list[Submit]
) -> None:
    """What is drawn for a submit does not depend on whose it is; its id does."""
    world = new_world()
    ids = [submit_all(world, submits, key) for key in ("sk-mock-one", "sk-mock-two")]
    one, two = (picture(world, key)["tasks"] for key in ("sk-mock-one", "sk-mock-two"))

    assert not set(ids[0]) & set(ids[1])
    assert [task[1:] for task in one] == [task[1:] for task in two]


@given(submits=SUBMITS)
def test_seeds_differ_in_ids(new_world: "NewWorld", submits: list[Submit]) -> None:
    """Another seed is another run."""
    one, two = (submit_all(new_world(seed=seed), submits) for seed in (1, 2))

    assert not set(one) & set(two)


@given(submits=SUBMITS, key=st.sampled_from(["fails", "worn-out"]))
def test_a_failed_task_is_paid_back(new_world: "NewWorld", submits: list[Submit], key: str) -> None:
    """Once every task has failed, the balance is what it was."""
    world = new_world()
    submit_all(world, submits, f"sk-mock-me.{key}")
    account = world.account(f"sk-mock-me.{key}")
    account.advance(60_000)

    holding = account.holdings["walnut"]
    assert (holding.ledger.balance, holding.active) == (100_000, 0)


@given(submits=SUBMITS, data=st.data())
def test_a_refused_submit_costs_nothing(
    new_world: "NewWorld", submits: list[Submit], data: st.DataObject
) -> None:
    """Whatever it is refused for, an account has what it had before."""
    world = new_world()
    refusals = [s for s in list_scenarios(world.contract).values() if s.condition]
    asked = data.draw(st.sampled_from([s for s in refusals if can_refuse(world, s.condition)]))
    submit_all(world, submits)
    before = picture(world)
    world.account().scenario = asked.name
    replies = [world.submit(**submit) for submit in submits]

    assert all(reply["code"] != 200 for reply in replies)
    assert before == picture(world)


def can_refuse(world: "World", condition: str | None) -> bool:
    make = world.contract.operations["make"]
    return condition is not None and make.find_shape(condition) is not None


@given(data=st.data(), spans=st.lists(SPANS, min_size=1, max_size=8))
def test_every_task_ends_as_planned(
    new_world: "NewWorld", data: st.DataObject, spans: Sequence[int]
) -> None:
    """After the longest duration that the contract names, nothing is open any more."""
    world = new_world(speed=1)
    ids = submit_all(world, data.draw(SUBMITS))
    for span in spans:
        world.account().advance(span)
    world.account().advance(40_000)

    assert {"done"} == {world.inspect(task_id)["state"] for task_id in ids}
    assert (picture(world)["active"], picture(world)["planned"]) == (0, 0)
