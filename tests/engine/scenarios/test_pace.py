"""What moves a task on to its end: time, polls, nothing, or a control call."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.clock import ManualClock
from mockserver.contract.moments import Phase
from mockserver.engine.accounts.account import LAST_INSTANT
from mockserver.engine.engine import Engine
from mockserver.engine.scenarios.library import Library
from mockserver.engine.settings import Settings

if TYPE_CHECKING:
    from tests.engine.conftest import World

    WorldOf = Callable[..., World]

KEY = "sk-mock-me.mine"
DAY = 86_400_000


@pytest.fixture(scope="session")
def world_of(new_world: "WorldOf", tmp_path_factory: pytest.TempPathFactory) -> "WorldOf":
    """Makes a world with one more scenario, `mine`, of the given lines."""

    def build(*lines: str, clock: ManualClock | None = None, **settings: Any) -> "World":
        folder: Path = tmp_path_factory.mktemp("scenarios")
        text = "\n".join(["sentence: It is mine.", *lines])
        (folder / "mine.yaml").write_text(text, encoding="utf-8")
        world = new_world()
        world.clock = clock or world.clock
        given = Settings(**{"speed": 1, **settings})
        world.engine = Engine([world.contract], world.clock, given, Library([folder]))
        return world

    return build


def poll(world: "World", task_id: str, times: int) -> list[str]:
    """The states that so many polls see."""
    return [world.inspect(task_id, key=KEY)["state"] for _ in range(times)]


@given(polls=st.integers(1, 12), waits=st.lists(st.integers(0, DAY), min_size=12, max_size=12))
def test_polls_alone_bring_the_end(world_of: "WorldOf", polls: int, waits: list[int]) -> None:
    """However long a client waits between polls, the last of so many sees the end, no other."""
    world = world_of(f"pace: {{polls: {polls}}}")
    task_id = world.submit(key=KEY)["id"]
    states = []
    for wait in waits[:polls]:
        world.clock.advance(wait)
        states += poll(world, task_id, 1)

    assert [state == "done" for state in states] == [False] * (polls - 1) + [True]
    assert states == sorted(states, key=["new", "lined-up", "busy", "done"].index)


def test_the_open_states_share_the_polls(world_of: "WorldOf") -> None:
    """Every open state is seen, equally often where that is possible."""
    world = world_of("pace: {polls: 7}")
    task_id = world.submit(key=KEY)["id"]

    states = poll(world, task_id, 9)
    assert states == [*["new"] * 2, *["lined-up"] * 2, *["busy"] * 2, "done", "done", "done"]


def test_only_polls_that_are_answered_count(world_of: "WorldOf") -> None:
    """A poll that is refused, or for another task, moves nothing."""
    world = world_of("pace: {polls: 2}")
    task_id = world.submit(key=KEY)["id"]
    world.account(KEY).scenario = "server-error"
    world.inspect(task_id, key=KEY)
    world.account(KEY).scenario = "mine"
    world.inspect("w-0123456789ab", key=KEY)

    assert world.task(task_id, key=KEY).timeline.is_open
    assert poll(world, task_id, 2) == ["new", "done"]


def test_an_end_by_polls_settles_everything(world_of: "WorldOf") -> None:
    """The slot is free and a failed task is paid back, at the moment of the poll."""
    world = world_of("outcome: failed", "pace: {polls: 2}")
    task_id = world.submit(key=KEY)["id"]
    holding = world.account(KEY).open_holding(world.contract)
    paid = holding.ledger.balance
    poll(world, task_id, 2)

    assert (holding.active, holding.polls) == (0, {})
    assert holding.ledger.balance == 100_000 > paid
    assert world.task(task_id, key=KEY).ended == world.clock.now()


def test_an_instant_task_has_ended_before_anybody_asks(world_of: "WorldOf") -> None:
    """The first poll sees the end, and it came with the submit."""
    world = world_of("pace: instant")
    task_id = world.submit(key=KEY)["id"]

    assert poll(world, task_id, 1) == ["done"]
    assert world.task(task_id, key=KEY).ended == world.clock.now()


def test_a_manual_task_waits_for_a_control_call(world_of: "WorldOf") -> None:
    """It goes through its open states in the usual time, stays in the last, and can be ended."""
    world = world_of("pace: manual")
    task_id, account = world.submit(key=KEY)["id"], world.account(KEY)
    states = poll(world, task_id, 1)
    account.advance(20_000)
    states += poll(world, task_id, 1)
    account.advance(LAST_INSTANT - account.now() - 1)
    states += poll(world, task_id, 1)
    assert states == ["new", "busy", "busy"]

    world.engine.force_task(account, "walnut", task_id, Phase.SUCCEEDED)
    assert poll(world, task_id, 1) == ["done"]


@pytest.mark.parametrize(
    ("pace", "low", "high"),
    [
        ("pace: {takes: 60s..61s}", 60_000, 61_000),
        ("pace: {takes: 1h}", 3_600_000, 3_600_000),
        ("pace: {factor: 3}", 30_000, 60_000),
        ("pace: time", 10_000, 20_000),
    ],
)
def test_a_task_takes_as_long_as_the_file_says(
    world_of: "WorldOf", pace: str, low: int, high: int
) -> None:
    """A span of its own or a multiple of the usual one, and speed divides it."""
    slow, fast = world_of(pace), world_of(pace, speed=2)
    task, half = (
        world.task(world.submit(key=KEY)["id"], key=KEY).timeline for world in (slow, fast)
    )

    assert low <= task.duration <= high
    assert abs(half.duration * 2 - task.duration) <= 1


def test_any_failure_is_drawn_for_each_task(world_of: "WorldOf") -> None:
    """All ways to fail come up, each task's own again with the same seed."""
    worlds = [world_of("failure: any") for _ in range(2)]
    first, again = (
        [
            world.task(world.submit(f"nut {number}", key=KEY)["id"], key=KEY).failure
            for number in range(20)
        ]
        for world in worlds
    )

    assert set(first) == set(worlds[0].contract.failures.values())
    assert first == again


def test_a_task_that_polls_move_makes_room_like_any_other(world_of: "WorldOf") -> None:
    """When it is evicted nothing of it stays."""
    world = world_of("pace: {polls: 3}", max_tasks=1)
    first, second = (world.submit(key=KEY)["id"] for _ in range(2))

    assert list(world.account(KEY).holdings["walnut"].polls) == [second]
    assert poll(world, second, 3)[-1] == "done"
    assert world.inspect(first, key=KEY)["code"] == 404


def test_a_clock_that_runs_does_not_hide_the_end(world_of: "WorldOf") -> None:
    """The poll that brings the end sees it, even if the clock goes on in the middle of it."""
    world = world_of("pace: {polls: 1}", clock=Ticking())
    task_id = world.submit(key=KEY)["id"]

    assert poll(world, task_id, 1) == ["done"]


class Ticking(ManualClock):
    """A clock that goes on a little whenever somebody looks at it."""

    def now(self) -> int:
        """Milliseconds since the Unix epoch, later each time."""
        self.advance(1)
        return super().now()
