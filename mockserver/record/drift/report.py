"""The drift report for programs: a value of JSON."""

from collections.abc import Callable
from typing import Any

from mockserver.record.drift.finding import ABSENT, Finding
from mockserver.record.drift.kind import RATINGS, Severity
from mockserver.record.drift.survey import Drift


def build_report(drift: Drift) -> dict[str, Any]:
    """Everything that was found; values that may be secrets are replaced by placeholders."""
    report = {
        "contracts": [
            {
                "provider": held.contract.name,
                "edition": held.contract.edition,
                "exchanges": held.exchanges,
                "tasks": held.tasks,
                "files": held.files,
                "unanswered": held.unanswered,
            }
            for held in drift.held
        ],
        "totals": {
            severity.value: sum(finding.severity is severity for finding in drift.findings)
            for severity in Severity
        },
        "findings": [_build_finding(finding) for finding in drift.findings],
        "unrecognised": [
            {"request": told, "count": count} for told, count in drift.strangers.items()
        ],
        "left_out": drift.left_out,
    }
    redacted: dict[str, Any] = _redact(report, drift.redactor.redact_text)
    return redacted


def _build_finding(finding: Finding) -> dict[str, Any]:
    rating, example = RATINGS[finding.kind], finding.example
    shown = {} if example.value is ABSENT else {"value": example.value}
    return {
        "severity": rating.severity.value,
        "kind": finding.kind.value,
        **finding.place._asdict(),
        "count": finding.count,
        "of": finding.of,
        "expected": finding.expected,
        "note": finding.note,
        "types": sorted(finding.types),
        "example": {"started": example.started, "task_id": example.task_id, **shown},
        "reason": rating.reason,
        "schema": finding.where,
    }


def _redact(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list):
        return [_redact(child, redact) for child in value]
    if isinstance(value, dict):
        return {redact(name): _redact(child, redact) for name, child in value.items()}
    return value
