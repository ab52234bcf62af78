import gc
import os
import tracemalloc
from collections.abc import Callable
from typing import Any

# A nightly run makes 200,000 tasks.
ROUNDS = 200 if os.environ.get("HYPOTHESIS_PROFILE") == "nightly" else 12
TASKS = 1_000
WARM_UP = 4


def work(world: Any, first: int) -> None:
    """Many tasks of two accounts, polled and ended; then everything is reset."""
    for number in range(first, first + TASKS):
        key = f"sk-mock-soak{number % 2}"
        world.inspect(world.submit(f"nut {number}", key=key)["id"], key=key)
    for account in world.engine.accounts:
        account.advance(3_600_000)
    world.engine.reset()


def test_work_and_reset_leave_nothing_behind(new_world: Callable[..., Any]) -> None:
    """Round after round of tasks with a reset after each takes no more memory than before."""
    world = new_world(speed=1_000)  # few durations, as timelines are shared
    tracemalloc.start()
    try:
        sizes = []
        for turn in range(WARM_UP + ROUNDS):
            for key in ("sk-mock-soak0", "sk-mock-soak1"):
                account = world.account(key)
                account.tier = "unlimited"
                account.open_holding(world.contract).ledger.set_balance(account.now(), 10**9)
            work(world, turn * TASKS)
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()

    grown = sizes[-1] - sizes[WARM_UP]
    assert grown < ROUNDS * 1024, f"{grown} bytes more after {ROUNDS * TASKS} tasks: {sizes}"


def test_a_journal_is_bounded_in_bytes(new_world: Callable[..., Any]) -> None:
    """However much is asked, an account's journal stays within its number of bytes."""
    world = new_world(speed=1, max_journal_bytes=100_000, max_entries=10_000)
    account = world.account()
    for _ in range(300):
        world.call("look", path={"id": "x" * 2_000})

    assert account.journal.total == 300
    assert len(account.journal.entries) < 100
