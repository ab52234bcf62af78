"""Whatever is done to its requests, a client ends right, on virtual time."""

import re
from typing import Any

import pytest
from hypothesis import given, settings

from tests.clients import bugs
from tests.laws.schedules import Plan, draw_plans, run_plan, run_schedule


@given(draw_plans())
def test_a_client_ends_right_under_every_schedule(plan: Plan) -> None:
    """One order is one task; it ends in time, asks seldom, keeps its key, and says what it saw."""
    run_plan(plan)


# Each was the smallest one of its kind that a client of ours did not survive.
OVERCOME: list[tuple[list[Any], dict[str, Any]]] = [
    ([{"fault": "html-page", "status": 200, "retry_after": 29}], {"provider": "aigptimage"}),
    ([{"fault": "status", "status": 429, "retry_after": 0}], {"is_endless": True}),
    ([{}, {"fault": "unreachable"}], {"is_endless": True}),
    ([{"fault": "redirect", "status": 303, "to": "https://mirror.example"}], {}),
    (
        [
            {"fault": "status", "status": 429, "retry_after": 29},
            {},
            {"fault": "body-code", "code": 404},
        ],
        {},
    ),
    ([{}, {}, {"fault": "status", "status": 501}], {"duration": 0.0}),
    ([{"fault": "extra-headers", "retry_after": 29}], {}),
    ([{}, {"fault": "extra-headers", "retry_after": 61}], {"timeout": 45.0}),
    ([{"fault": "status", "status": 429, "retry_date": 29, "skew": -600}], {}),
    ([{"fault": "empty-results"}], {"is_endless": True}),
]


@pytest.mark.parametrize(("steps", "words"), OVERCOME)
def test_what_once_went_wrong_goes_right(steps: list[Any], words: dict[str, Any]) -> None:
    """Schedules that were once too much are none any more."""
    run_schedule(steps, **words)


SMALLEST = [
    ("repeats-a-paid-submit", 1),
    ("takes-any-task-for-its-own", 2),
]


@pytest.mark.parametrize(("name", "length"), SMALLEST)
def test_a_failure_is_the_smallest_call_that_repeats_it(
    monkeypatch: pytest.MonkeyPatch, name: str, length: int
) -> None:
    """What a failure prints can be pasted: it fails with the bug, and passes without it."""

    @settings(max_examples=1_000, database=None, derandomize=True, report_multiple_bugs=False)
    @given(draw_plans())
    def search(plan: Plan) -> None:
        run_plan(plan, is_alone=True)

    with monkeypatch.context() as patch:
        bugs.switch_on(name, patch.setattr)
        with pytest.raises(AssertionError) as caught:
            search()
        found = re.search(r"^ +(run_schedule\(.*\))$", str(caught.value), re.MULTILINE)
        assert found is not None
        call = found[1]
        with pytest.raises(AssertionError, match="run_schedule"):
            eval(call)  # noqa: S307 - it is printed so that people do just that

    eval(call)  # noqa: S307

    assert call.count("'fault'") == 1
    assert len(eval(call.replace("run_schedule", "Plan")).steps) == length  # noqa: S307
