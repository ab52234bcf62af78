"""Forged callbacks: to act on one is a failure, to answer it politely is none."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from mockserver.conformance.cases.forgery import refuse_a_forgery, refuse_what_proves_nothing
from mockserver.conformance.evidence import FILE, Evidence
from mockserver.control_client.views import AttemptView, CallbackView
from tests.conformance.judgements import build_evidence, build_request, build_run, build_task

URL = "http://127.0.0.1:9/done"
CALLBACK = CallbackView(1, "kie", "t", "", "succeeded", URL, "waiting", None, 0, {}, (), None, "")
ORDER = {"model": "t", "input": '{"prompt":"a fox"}'}
RESULTS = {"resultUrls": ["http://127.0.0.1:9/1.png"]}
TOLD = {
    "code": 200,
    "msg": "success",
    "data": {
        **dict.fromkeys(("taskId", "model", "operationType"), "t"),
        **dict.fromkeys(("param", "paramJson"), json.dumps(ORDER)),
        **dict.fromkeys(("costTime", "completeTime", "createTime", "successFlag"), 1),
        **dict.fromkeys(("failCode", "failMsg")),
        "state": "success",
        "resultJson": json.dumps(RESULTS),
        "response": RESULTS,
        "creditsConsumed": 6.0,
    },
}


def look(steps: str, status: int, runs: Sequence[Any]) -> Evidence:
    """Evidence of polls that tell of the end ("p") and downloads ("d"), in this order."""
    requests = [
        build_request(seq, task="t", **({"reply": TOLD} if step == "p" else {"operation": FILE}))
        for seq, step in enumerate(steps)
    ]
    attempt = AttemptView(0, {}, status, "", None)
    callback = replace(CALLBACK, attempts=(attempt,))
    return build_evidence(
        requests=requests, tasks=[build_task("t")], callbacks=[callback], runs=runs
    )


WELL, BADLY = build_run(), build_run(status=1)


@pytest.mark.parametrize("status", [204, 401])
@pytest.mark.parametrize(
    ("steps", "run", "holds"),
    [
        ("pd", WELL, True),
        ("p", WELL, True),
        ("d", WELL, False),
        ("dpd", WELL, False),
        ("", WELL, False),
        ("", BADLY, True),
    ],
)
def test_a_client_asks_before_it_acts_whatever_it_answers(
    status: int, steps: str, run: Any, holds: bool
) -> None:
    """No download and no success before a poll has told of the end, with 401 or with 204."""
    evidence = look(steps, status, [run])

    assert all(finding.holds for finding in refuse_a_forgery.judge(evidence)) is holds


@pytest.mark.parametrize(("status", "holds"), [(204, False), (401, True)])
def test_the_status_is_a_matter_of_manners(status: int, holds: bool) -> None:
    """A forger is better told no; whoever says yes and asks then has done no harm."""
    evidence = look("pd", status, [WELL])

    assert all(each.holds for each in refuse_what_proves_nothing.judge(evidence)) is holds
    assert refuse_what_proves_nothing.severity == "SHOULD"
    assert refuse_a_forgery.severity == "MUST"
