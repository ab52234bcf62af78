"""Submits: what a client may try again, and what it has to tell."""

from dataclasses import replace
from typing import Any

import pytest

from mockserver.conformance.case import Setting, list_trials
from mockserver.conformance.cases import CASES
from mockserver.conformance.cases.create import (
    accept_a_refusal,
    leave_the_door_alone,
    pass_the_reason_on,
)
from tests.conformance.judgements import KIE, build_evidence, build_request, build_run


def submit(seq: int, **changed: Any) -> Any:
    return replace(build_request(seq), operation="createTask", method="POST", **changed)


@pytest.mark.parametrize(
    ("times", "pause", "duty", "manners"),
    [(5, 1.0, True, True), (5, 0.1, True, False), (61, 1.0, False, True)],
)
def test_a_refused_submit_may_be_tried_again_for_a_while(
    times: int, pause: float, duty: bool, manners: bool
) -> None:
    """Five tries with pauses are fine, without pauses they are bad manners; sixty are enough."""
    submits = [submit(seq, at=int(1000 * pause * seq)) for seq in range(times)]
    evidence = build_evidence(requests=submits, runs=[build_run(status=1)])

    assert all(finding.holds for finding in accept_a_refusal.judge(evidence)) is duty
    assert all(finding.holds for finding in leave_the_door_alone.judge(evidence)) is manners


@pytest.mark.parametrize("text", ["Forbidden", "You have no credits."])
@pytest.mark.parametrize("is_told", [True, False])
def test_the_reason_is_what_the_contract_marks_as_words_for_people(
    text: str, is_told: bool
) -> None:
    """Even if it is one word; other texts of the reply need not be printed."""
    reply = {"code": 402, "msg": text, "data": None}
    evidence = build_evidence(
        requests=[submit(0, reply=reply)],
        runs=[build_run(status=1, errors=f"refused: {text if is_told else 'no'}")],
    )

    assert KIE.operations["createTask"].shapes["insufficient_credits"].accepts(reply)
    assert [finding.holds for finding in pass_the_reason_on.judge(evidence)] == [is_told]


def test_an_empty_account_is_one_rule() -> None:
    """No other case refuses a submit for missing credits to see whether it is repeated."""
    trials = [trial for case in CASES for trial in list_trials(case, KIE)]
    poor = [trial for trial in trials if lacks_credits(trial.setting)]

    assert [t.name for t in poor if t.case.title.startswith("does not repeat")] == ["CRE-06"]


def lacks_credits(setting: Setting) -> bool:
    return setting.credits == 0 or setting.scenario.get("condition") == "insufficient_credits"
