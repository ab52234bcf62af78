"""What all accounts together keep of bodies has bounds; what gives way leaves the rest right."""

import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.load import load
from mockserver.engine.packing import pack
from mockserver.engine.settings import Settings

if TYPE_CHECKING:
    from tests.engine.conftest import NewWorld, World

ME = "sk-mock-me"
ROOM = 30_000
KEYS = st.sampled_from(["sk-mock-a", "sk-mock-b", "sk-mock-c.fails"])
STEPS = st.one_of(
    st.tuples(st.just("submit"), KEYS, st.integers(0, 5_000)),
    st.tuples(st.just("poll"), KEYS, st.integers(0, 9)),
    st.tuples(st.just("advance"), KEYS, st.integers(0, 60_000)),
    st.tuples(st.just("forget"), KEYS, st.just(0)),
)


def submit(world: "World", key: str, size: int, prompt: str = "a nut") -> dict[str, Any]:
    body = {"model": "plain", "input": {"prompt": prompt}, "ballast": "x" * size}
    return world.read("make", key=key, body=body, raw=pack(body))


def take(world: "World", step: tuple[str, str, int]) -> None:
    what, key, number = step
    account = world.account(key)
    if what == "submit":
        submit(world, key, number)
    elif what == "poll":
        for task_id in list(account.open_holding(world.contract).tasks)[:number]:
            world.inspect(task_id, key=key)
    elif what == "advance":
        account.advance(number)
    else:
        world.engine.forget_account(account)


@given(st.lists(STEPS, max_size=40))
def test_all_accounts_keep_within_their_room(
    new_world: "NewWorld", steps: list[tuple[str, str, int]]
) -> None:
    """Whatever is done, there is room, counts are right, and nothing of what goes stays counted."""
    world = new_world(speed=1, max_kept_bytes=ROOM, max_journal_bytes=10_000)
    shelf = world.engine.accounts.shelf
    for step in steps:
        take(world, step)
        bodies = 0
        for account in world.engine.accounts:
            now = account.settle()
            for holding in account.holdings.values():
                assert holding.active == sum(now < task.ended for task in holding.tasks.values())
                total = sum(entry.amount for entry in holding.ledger.entries)
                assert total == holding.ledger.balance
                bodies += sum(len(task.body) for task in holding.tasks.values())
            bodies += sum(len(e.request) + len(e.reply) for e in account.journal.entries)
        assert bodies <= shelf.used <= ROOM
    for account in world.engine.accounts:
        world.engine.forget_account(account)

    assert shelf.used == 0


def test_tasks_of_the_idlest_account_give_way_first(new_world: "NewWorld") -> None:
    """An account in use keeps its tasks as long as others can give way; then its own oldest go."""
    world = new_world(speed=1, max_kept_bytes=40_000, max_journal_bytes=10_000)
    idle, busy = "sk-mock-idle", "sk-mock-busy"

    def count(key: str) -> int:
        return len(world.account(key).open_holding(world.contract).tasks)

    for number in range(5):
        submit(world, idle, 2_000, str(number))
    before = count(idle)
    ids = [submit(world, busy, 2_000, str(number))["id"] for number in range(8)]
    between = count(idle), count(busy)
    ids += [submit(world, busy, 2_000, str(number))["id"] for number in range(8, 20)]

    holding = world.account(busy).holdings["walnut"]
    assert before == 5
    assert between[0] < 5
    assert between[1] == 8
    assert count(idle) == 0
    assert 1 < count(busy) < 20
    assert list(holding.tasks) == ids[-count(busy) :]
    assert (holding.evicted, holding.active) == (20 - count(busy), count(busy))


def test_a_task_that_is_larger_than_the_room_is_kept(new_world: "NewWorld") -> None:
    """What was just accepted can be asked for, however little room there is."""
    world = new_world(speed=1, max_kept_bytes=1_000)
    for number in range(3):
        task_id = submit(world, ME, 5_000, str(number))["id"]
        assert world.inspect(task_id)["http"] == 200


def test_what_gives_way_is_gone_from_memory(world: "World") -> None:
    """Replies that are kept of tasks do not hold on to their bodies."""
    world = type(world)(load(Path(__file__).parents[1] / "hazel"), Settings(max_tasks=2))
    tracemalloc.start()
    try:
        for number in range(30):
            body = {"prompt": f"a nut {number}", "ballast": "x" * 500_000}
            found = world.read("grow", body=body, raw=pack(body))
            assert world.inspect(found["id"])["id"] == found["id"]
        size = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()

    assert size < 30 * 500_000 / 2
