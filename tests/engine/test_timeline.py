from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.model import Lifecycle, State
from mockserver.contract.moments import Phase
from mockserver.engine.timeline import Planner

QUEUED, LINED_UP = State("q", Phase.QUEUED, ("l",)), State("l", Phase.QUEUED, ("r",))
RUNNING = State("r", Phase.RUNNING, ("s", "f"))
DONE, BROKEN = State("s", Phase.SUCCEEDED), State("f", Phase.FAILED)
LIFECYCLE = Lifecycle((QUEUED, LINED_UP, RUNNING, DONE, BROKEN), "q")

OUTCOMES = st.sampled_from([Phase.SUCCEEDED, Phase.FAILED])
DURATIONS = st.integers(0, 10_000_000)


@given(OUTCOMES, DURATIONS, st.sampled_from([(), ("r",), ("q", "r"), ("q", "l")]))
def test_every_timeline_ends(outcome: Phase, takes: int, through: tuple[str, ...]) -> None:
    """From its duration on it is in the final state of its outcome, before that in an open one."""
    timeline = Planner(LIFECYCLE, 1).plan(through, outcome, takes)

    assert takes == timeline.duration
    assert outcome is timeline.find_step(takes).state.phase
    assert outcome is timeline.find_step(takes * 2 + 1).state.phase
    assert takes == 0 or not timeline.find_step(takes - 1).state.phase.is_final


@given(OUTCOMES, DURATIONS, st.lists(DURATIONS, min_size=2))
def test_no_timeline_goes_back(outcome: Phase, takes: int, moments: list[int]) -> None:
    """Whenever it is looked at, it is on the same step or on a later one."""
    timeline = Planner(LIFECYCLE, 1).plan((), outcome, takes)
    steps = [timeline.steps.index(timeline.find_step(moment)) for moment in sorted(moments)]

    assert all(before <= after for before, after in pairwise(steps))


@given(DURATIONS, DURATIONS)
def test_a_cut_keeps_what_has_been(takes: int, elapsed: int) -> None:
    """Before the cut nothing changes, from there on it has ended."""
    timeline = Planner(LIFECYCLE, 1).plan((), Phase.SUCCEEDED, takes)
    cut = timeline.cut(elapsed, BROKEN)

    assert elapsed == max(step.at for step in cut.steps) == cut.duration
    assert BROKEN is cut.find_step(elapsed).state
    assert elapsed == 0 or timeline.find_step(elapsed - 1) == cut.find_step(elapsed - 1)


@pytest.mark.parametrize(
    ("through", "steps"),
    [
        ((), [(0, QUEUED), (1_000, LINED_UP), (2_000, RUNNING), (10_000, DONE)]),
        (("q", "r"), [(0, QUEUED), (2_000, RUNNING), (10_000, DONE)]),
        (("r",), [(0, RUNNING), (10_000, DONE)]),
        (("q", "l"), [(0, QUEUED), (5_000, LINED_UP), (10_000, DONE)]),
    ],
)
def test_queued_states_share_a_fifth(
    through: tuple[str, ...], steps: list[tuple[int, State]]
) -> None:
    """Running ones share the rest, and states of one phase alone share all of it."""
    assert steps == list(Planner(LIFECYCLE, 1).plan(through, Phase.SUCCEEDED, 10_000).steps)


def test_speed_divides_the_duration() -> None:
    """A tenth of the time at speed ten, none at all at infinite speed."""
    assert Planner(LIFECYCLE, 10).plan((), Phase.FAILED, 10_000).duration == 1_000
    assert Planner(LIFECYCLE, float("inf")).plan((), Phase.FAILED, 10_000).duration == 0


def test_long_tasks_keep_their_milliseconds() -> None:
    """A cut in a walk of years keeps every step where it was."""
    timeline = Planner(LIFECYCLE, 1e-6).plan((), Phase.SUCCEEDED, 123_457)
    cut = timeline.cut(timeline.duration - 1, BROKEN)

    assert cut.steps == (*timeline.steps[:-1], (timeline.duration - 1, BROKEN))
