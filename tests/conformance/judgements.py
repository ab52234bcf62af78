"""Judgements made by hand, for tests of what is done with them."""

from collections.abc import Sequence
from typing import Any

from mockserver.conformance.baseline import Baseline
from mockserver.conformance.case import Case, Setting, Trial
from mockserver.conformance.evidence import FILE, Evidence, Run
from mockserver.conformance.judgement import Judgement
from mockserver.conformance.report import Report
from mockserver.conformance.verdict import Finding, Severity, Verdict
from mockserver.control_client.views import RequestView, TaskView
from mockserver.selection import select_contracts

(KIE,) = select_contracts(["kie"])


def build_trial(
    name: str = "POL-02", severity: Severity = Severity.MUST, setting: Setting | None = None
) -> Trial:
    setting = setting or Setting()
    case = Case(
        name.partition("/")[0],
        "keeps a rule",
        severity,
        "RFC 0000",
        lambda _: (),
        "A rule.",
        frozenset(),
        frozenset(),
        lambda _: {"": setting},
    )
    return Trial(case, name, setting)


def build_request(seq: int = 0, **changed: Any) -> RequestView:
    whole: dict[str, Any] = {
        "number": seq + 1,
        "seq": seq,
        "at": 1_000_000 + 500 * seq,
        "time": "",
        "account": "sk-mock-a",
        "provider": "kie",
        "operation": "recordInfo",
        "task": None,
        "scenario": None,
        "fault": None,
        "method": "GET",
        "target": "/x",
        "headers": {},
        "request": None,
        "status": 200,
        "reply": {"data": 1},
        "condition": None,
        "violations": (),
        "notes": (),
    }
    return RequestView(**{**whole, **changed})


def build_download(task: str, **changed: Any) -> RequestView:
    return build_request(9, operation=FILE, task=task, **changed)


def build_task(id: str, outcome: str = "succeeded", **changed: Any) -> TaskView:  # noqa: A002
    whole: dict[str, Any] = {
        "id": id,
        "provider": "kie",
        "operation": "createTask",
        "model": None,
        "scenario": "succeeds",
        "state": outcome,
        "phase": outcome,
        "outcome": outcome,
        "failure": None,
        "created": 0,
        "ends": 1,
        "ended": True,
        "price": 6,
        "request": {},
    }
    return TaskView(**{**whole, **changed})


def build_run(**changed: Any) -> Run:
    whole: dict[str, Any] = {
        "prompt": "a fox",
        "status": 0,
        "seconds": 0.5,
        "output": "",
        "errors": "",
        "files": {},
    }
    return Run(**{**whole, **changed})


def build_evidence(**changed: Any) -> Evidence:
    whole: dict[str, Any] = {
        "contract": KIE,
        "key": "sk-mock-a",
        "runs": [build_run()],
        "requests": [build_request()],
        "tasks": [],
        "callbacks": [],
        "unmet": [],
        "window": 0.0,
    }
    return Evidence(**{**whole, **changed})


def build_judgement(  # noqa: PLR0913 - one argument per field
    verdict: Verdict,
    name: str = "POL-02",
    *,
    severity: Severity = Severity.MUST,
    findings: Sequence[Finding] = (),
    evidence: Evidence | None = None,
    reason: str = "",
) -> Judgement:
    return Judgement(build_trial(name, severity), verdict, reason, findings, evidence, 0.25)


def build_report(
    judgements: Sequence[Judgement],
    command: Sequence[str] = ("client", "{prompt}"),
    **changed: Any,
) -> Report:
    whole: dict[str, Any] = {
        "provider": "kie",
        "edition": "observed",
        "command": command,
        "judgements": judgements,
        "baseline": Baseline({}),
        "options": ["--provider", "kie"],
        "seconds": 1.5,
    }
    return Report(**{**whole, **changed})
