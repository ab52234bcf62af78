"""Which single bugs of a client the laws find by themselves."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.clients import bugs
from tests.laws.deliveries import POSTS, judge_deliveries
from tests.laws.schedules import draw_plans, run_plan

# Bugs that no schedule of requests and no row of callbacks shows, or one of thousands, and who
# catches them.
BY_TEST_ONLY = {
    "writes-in-place": "tests/clients/test_download.py",
    "counts-from-the-submit-how-young-a-task-is": "tests/laws/test_schedules.py",
}
BY_DELIVERIES = {
    "believes-unsigned-callbacks",
    "believes-old-callbacks",
    "believes-what-callbacks-say",
    "takes-the-same-callback-twice",
}
BY_SCHEDULES = sorted(bugs.BUGS.keys() - BY_DELIVERIES - BY_TEST_ONLY.keys())


def search(strategy: st.SearchStrategy[Any], judge: Callable[[Any], None]) -> None:
    """Look for what breaks a law; the first is enough. Always the same search."""

    @settings(
        max_examples=1_500,
        phases=[Phase.generate],
        derandomize=True,
        database=None,
        report_multiple_bugs=False,
    )
    @given(strategy)
    def look(found: Any) -> None:
        judge(found)

    look()


def test_the_laws_find_most_bugs() -> None:
    """Every bug is looked for by a law, but for those that only a test of its own can see."""
    assert len(BY_SCHEDULES) + len(BY_DELIVERIES) >= 15
    assert len(BY_TEST_ONLY) <= 2
    assert bugs.BUGS.keys() >= BY_DELIVERIES | BY_TEST_ONLY.keys()


@pytest.mark.parametrize("name", BY_SCHEDULES)
def test_schedules_find_a_bug(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """With a single bug switched on, some schedule breaks a law."""
    bugs.switch_on(name, monkeypatch.setattr)

    with pytest.raises(AssertionError, match="run_schedule"):
        search(draw_plans(), lambda plan: run_plan(plan, is_alone=True))


@pytest.mark.parametrize("name", sorted(BY_DELIVERIES))
def test_deliveries_find_a_bug(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """With a single bug switched on, some row of callbacks breaks a law."""
    bugs.switch_on(name, monkeypatch.setattr)

    with pytest.raises(AssertionError):
        search(st.lists(POSTS, max_size=12), lambda posts: judge_deliveries(posts, False))
