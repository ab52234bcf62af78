from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mockserver.checks import LifecycleWatch
from mockserver.contract.model import Contract

NEXT: dict[int, list[int]] = {0: [1, 4], 1: [2, 3, 4], 2: [], 3: [], 4: []}
STATES = st.lists(st.sampled_from([0, 1, 2, 3, 4]), max_size=12)
NUT = "https://files.example/1.png"


@pytest.fixture
def watch(hazel: Contract) -> LifecycleWatch:
    """A watch that has seen nothing."""
    return LifecycleWatch(hazel)


def a_nut(state: int, name: str = "h-1", **fields: Any) -> dict[str, Any]:
    """What `look` answers for a task."""
    outcomes: dict[int, dict[str, Any]] = {2: {"nuts": f'["{NUT}"]'}, 3: {"why": "hollow"}}
    return {"code": 200, "id": name, "state": state, **outcomes.get(state, {}), **fields}


def see_all(watch: LifecycleWatch, *states: int, name: str = "h-1") -> list[str]:
    """The rules that polls with these states break, in order."""
    return [
        breach.rule for state in states for breach in watch.see("look", a_nut(state, name), None)
    ]


def can_reach(state: int) -> set[int]:
    return {state}.union(*(can_reach(after) for after in NEXT[state]))


def walk(states: list[int]) -> Iterator[int]:
    """The states, each led back to where the one before it can lead."""
    reached = 0
    for state in states:
        reached = state if state in can_reach(reached) else reached
        yield reached


@given(states=STATES)
def test_a_walk_forward_breaks_nothing(hazel: Contract, states: list[int]) -> None:
    """However often a task is asked for and whatever goes unseen, going forward is right."""
    assert see_all(LifecycleWatch(hazel), *walk(states)) == []


@given(states=STATES, wrong=st.sampled_from([0, 1, 2, 3, 4]))
def test_a_step_that_no_walk_has_is_caught(hazel: Contract, states: list[int], wrong: int) -> None:
    """After any walk, a state that does not lie ahead is a breach, and the only one."""
    watch, walked = LifecycleWatch(hazel), [0, *walk(states)]
    see_all(watch, *walked)
    assume(wrong not in can_reach(walked[-1]))

    assert see_all(watch, wrong) == ["regression" if NEXT[walked[-1]] else "changed-after-end"]


def test_a_regression_is_named(watch: LifecycleWatch) -> None:
    """A task that goes back is reported with both states."""
    watch.see("look", a_nut(1))
    (breach,) = watch.see("look", a_nut(0))

    assert str(breach) == "task h-1: was 1 and went back to 0"
    assert breach.rule == "regression"


def test_another_end_is_named(watch: LifecycleWatch) -> None:
    """A task that had failed and now succeeds is reported, each time it is seen."""
    see_all(watch, 0, 3)
    (breach,) = watch.see("look", a_nut(2))

    assert str(breach) == "task h-1: had ended 3 and is now 2"
    assert see_all(watch, 3, 2) == ["changed-after-end"]


def test_a_result_that_changes_after_the_end_is_named(watch: LifecycleWatch) -> None:
    """What a task has told at its end stays, here the addresses of its results."""
    watch.see("look", a_nut(2))
    (breach,) = watch.see("look", a_nut(2, nuts="[]"))

    assert str(breach) == (
        f"task h-1: had ended 2, and its task.results changed: ['{NUT}'] became []"
    )


def test_a_failure_whose_reason_changes_is_named(watch: LifecycleWatch) -> None:
    """Why a task has failed stays what it was at first."""
    watch.see("look", a_nut(3))
    (breach,) = watch.see("look", a_nut(3, why="rotten"))

    assert breach.rule == "changed-after-end"
    assert "task.failure.message" in breach.message


def test_a_task_that_does_not_end_is_named_once(hazel: Contract) -> None:
    """After so many polls of an open task there is one breach, not one for each further poll."""
    watch = LifecycleWatch(hazel, max_polls=3)

    assert see_all(watch, 0, 1, 1) == []
    assert see_all(watch, 1, 1, 1) == ["never-ends"]
    assert watch.open_tasks == ["h-1"]


def test_a_task_that_ends_in_time_is_none_that_never_ends(hazel: Contract) -> None:
    """The last poll that is allowed may find a task open, and those after its end do not count."""
    watch = LifecycleWatch(hazel, max_polls=2)

    assert see_all(watch, 0, 1, 2, 2, 2, 2) == []
    assert watch.open_tasks == []


def test_tasks_are_kept_apart(watch: LifecycleWatch) -> None:
    """What one task does says nothing about another."""
    assert see_all(watch, 0, 1, 2, name="h-1") == []
    assert see_all(watch, 0, 1, 3, name="h-2") == []


def test_a_submit_that_is_repeated_is_no_regression(watch: LifecycleWatch) -> None:
    """A submit is answered with the task as it was at first, however far it is by now."""
    accepted = {"code": 200, "id": "h-1", "state": 0}
    see_all(watch, 0, 1)

    assert watch.see("plant", accepted) == []
    assert see_all(watch, 0) == ["regression"]


def test_a_submit_is_the_first_that_is_seen_of_a_task(hazel: Contract) -> None:
    """From its submit on a task is known, and to be followed."""
    watch = LifecycleWatch(hazel)
    watch.see("plant", {"code": 200, "id": "h-1", "state": 0})

    assert watch.open_tasks == ["h-1"]


def test_a_reply_that_names_neither_task_nor_state_counts_too(watch: LifecycleWatch) -> None:
    """With the task that was asked for, "not ripe" after the end is a breach."""
    watch.see("look", a_nut(2))
    (breach,) = watch.see("collect", {"code": 425, "said": "not ripe"}, "h-1")

    assert str(breach) == "task h-1: had ended 2 and is now 0 or 1"


def test_two_operations_may_tell_an_end_differently(watch: LifecycleWatch) -> None:
    """Only replies of one operation are compared: another one has other fields."""
    watch.see("look", a_nut(2))

    assert watch.see("collect", {"code": 200, "fruit": []}, "h-1") == []
    (breach,) = watch.see("collect", {"code": 200, "fruit": [NUT]}, "h-1")
    assert breach.rule == "changed-after-end"


def test_vague_replies_narrow_each_other(watch: LifecycleWatch) -> None:
    """A reply that fits two states leaves both open until another one tells which."""
    unripe = {"code": 425, "said": "not ripe"}

    assert watch.see("collect", unripe, "h-1") == []
    assert see_all(watch, 1) == []
    assert watch.see("collect", unripe, "h-1") == []
    assert see_all(watch, 0) == ["regression"]


@pytest.mark.parametrize(
    "body", [{"code": 404, "said": "no"}, {"code": 200, "id": "h-1", "state": 7}, [], None, "x"]
)
def test_a_refusal_or_an_unknown_body_tells_nothing(watch: LifecycleWatch, body: object) -> None:
    """What no shape accepts, or what tells of no state, neither breaks nor moves anything."""
    see_all(watch, 0)

    assert watch.see("look", body, "h-1") == []
    assert see_all(watch, 1) == []
