"""The report for programs."""

import orjson

from mockserver.conformance.judgement import Judgement
from mockserver.conformance.report import Report
from mockserver.conformance.reports.journal import view_request


def write_json(report: Report) -> str:
    """The whole report as JSON."""
    value = {
        "provider": report.provider,
        "edition": report.edition,
        "client": report.client,
        "passed": report.passed,
        "seconds": round(report.seconds, 3),
        "counts": {str(verdict): count for verdict, count in report.counts.items()},
        "cases": [view_judgement(report, each) for each in report.judgements],
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
        "known": report.baseline.explain(judgement),
        "seconds": round(judgement.seconds, 3),
        "findings": [
            {"holds": f.holds, "expected": f.expected, "seen": f.seen, "proof": list(f.proof)}
            for f in judgement.findings
        ],
        "journal": [view_request(each) for each in evidence.requests] if evidence else [],
        "rerun": report.write_rerun(judgement),
    }
