"""The report for programs. Its form is described by `report.schema.json`."""

from typing import Final

import orjson

from mockserver.conformance.evidence import Run
from mockserver.conformance.judgement import Judgement
from mockserver.conformance.report import Report
from mockserver.conformance.reports.journal import list_proof, view_request
from mockserver.control_client.views import CallbackView

FORM: Final = 1  # of the report; it changes when a reader has to
_KEPT: Final = 4_000  # letters of what a client printed


def write_json(report: Report) -> str:
    """The whole report as JSON."""
    value = {
        "form": FORM,
        "provider": report.provider,
        "edition": report.edition,
        "client": report.client,
        "strict": report.is_strict,
        "passed": report.passed,
        "complete": report.is_complete,
        "seconds": round(report.seconds, 3),
        "counts": {str(verdict): count for verdict, count in report.counts.items()},
        "cases": [view_judgement(report, each) for each in report.judgements],
        "spent": report.spent,
        "waste": [
            {"case": each.trial, "credits": each.credits, "how": each.how} for each in report.waste
        ],
        "stale": list(report.stale),
    }
    return orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2).decode() + "\n"


def view_judgement(report: Report, judgement: Judgement) -> dict[str, object]:
    """A judgement with everything that proves it."""
    case, evidence = judgement.trial.case, judgement.evidence
    return {
        "id": judgement.trial.name,
        "title": case.title,
        "requirement": case.requirement,
        "severity": str(case.severity),
        "source": case.source,
        "verdict": str(judgement.verdict),
        "reason": judgement.reason,
        "known": report.explain(judgement),
        "seconds": round(judgement.seconds, 3),
        "findings": [
            {
                "holds": each.holds,
                "expected": each.expected,
                "seen": each.seen,
                "proof": [request.seq for request in list_proof(judgement, each)],
            }
            for each in judgement.findings
        ],
        "runs": [_view_run(each) for each in evidence.runs] if evidence else [],
        "journal": [view_request(each) for each in evidence.requests] if evidence else [],
        "callbacks": [_view_callback(each) for each in evidence.callbacks] if evidence else [],
        "rerun": report.write_rerun(judgement),
    }


def _view_run(run: Run) -> dict[str, object]:
    return {
        "prompt": run.prompt,
        "status": run.status,
        "seconds": round(run.seconds, 3),
        "output": run.output[-_KEPT:],
        "errors": run.errors[-_KEPT:],
        "files": {name: len(content) for name, content in run.files.items()},
    }


def _view_callback(callback: CallbackView) -> dict[str, object]:
    return {
        "number": callback.number,
        "task": callback.task,
        "moment": callback.moment,
        "url": callback.url,
        "body": callback.body,
        "standing": callback.standing,
        "held": callback.held,
        "fault": callback.fault,
        "attempts": [
            {"at": each.at, "status": each.status, "problem": each.problem}
            for each in callback.attempts
        ],
    }
