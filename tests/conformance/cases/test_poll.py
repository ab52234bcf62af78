"""The rhythm of polls: what is hurry, and what is a draw."""

from collections.abc import Sequence
from itertools import accumulate
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from mockserver.conformance.cases.poll import keep_a_rhythm
from tests.conformance.judgements import build_evidence, build_request, build_run

GAPS = 5  # between the six polls of the case


def is_kept(gaps: Sequence[float], status: int = 0) -> bool:
    """Whether a client with these intervals, in seconds, keeps the rule."""
    moments = accumulate(gaps, initial=0.0)
    polls = [build_request(seq, at=round(1000 * at)) for seq, at in enumerate(moments)]
    evidence = build_evidence(requests=polls, runs=[build_run(status=status)])
    return all(finding.holds for finding in keep_a_rhythm.judge(evidence))


@given(st.lists(st.floats(1, 4), min_size=GAPS, max_size=9))
def test_a_draw_within_bounds_is_no_hurry(gaps: list[float]) -> None:
    """Whatever is drawn between one second and four, in whatever order, is fine."""
    assert is_kept(gaps)


@given(st.floats(0.05, 20), st.floats(1, 2), st.integers(GAPS, 9))
def test_steady_and_growing_intervals_are_fine(first: float, growth: float, count: int) -> None:
    """The same pause each time, or a longer one each time, up to a cap."""
    assert is_kept([min(30.0, first * growth**n) for n in range(count)])


@given(st.floats(1, 20), st.floats(0.05, 0.55), st.integers(0, 3))
def test_intervals_that_go_on_shrinking_are_hurry(first: float, share: float, calm: int) -> None:
    """Each little more than half of the one before, from the start or later on."""
    assert not is_kept([first] * calm + [first * share**n for n in range(4)])


def test_hardly_any_draw_of_full_jitter_is_called_hurry() -> None:
    """Draws from nothing up to a cap, as AWS recommends: far less than one client in a hundred."""
    random = Random(7)  # noqa: S311 - the same every time
    draws = [[random.uniform(0, 4) for _ in range(GAPS)] for _ in range(2000)]

    assert sum(not is_kept(gaps) for gaps in draws) < 20


def test_one_late_poll_and_a_last_look_change_nothing() -> None:
    """A pause that a busy machine has made long, and a poll just before the client's deadline."""
    assert is_kept([1, 9, 1, 1, 1])
    assert is_kept([8, 4, 2, 1.9, 0.5], status=1)
