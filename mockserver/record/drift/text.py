"""The drift report for people: what differs, the worst first, one line per place."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from mockserver.record.drift.finding import ABSENT, Finding
from mockserver.record.drift.kind import RATINGS, Kind, Severity
from mockserver.record.drift.survey import Drift, Held

_MAX_VALUE: Final = 60  # characters of a value that are shown
_MAX_STRANGERS: Final = 20  # that are shown
_SENTENCES: Final = {
    Kind.MISSING_FIELD: "is missing",
    Kind.NEW_FIELD: "is new",
    Kind.NULL: "is null",
    Kind.NOT_JSON: "is no JSON",
    Kind.REFUSED: "a request that keeps the contract was refused",
    Kind.ACCEPTED: "was taken though it breaks the contract",
    Kind.CHANGED_AFTER_END: "changed after the end",
}


def format_drift(drift: Drift) -> str:
    """The whole report, with an empty line between its parts."""
    parts = [[*map(_tell_held, drift.held)]]
    for severity in Severity:
        found = [finding for finding in drift.findings if finding.severity is severity]
        if found:
            parts.append([_head(severity, found), *_list_findings(found)])
    if drift.strangers:
        parts.append(["no operation of a contract", *_list_strangers(drift)])
    if drift.left_out:
        parts.append([f"and {drift.left_out} differences at further places"])
    parts.append([_conclude(drift)])
    text = "\n\n".join("\n".join(lines) for lines in parts if lines)
    return make_printable(drift.redactor.redact_text(text))


def make_printable(text: str) -> str:
    """Text of strangers as a terminal may get it."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def _tell_held(held: Held) -> str:
    told = [_count(held.exchanges, "exchange"), _count(held.tasks, "task")]
    if held.files:
        told.append(f"{_count(held.files, 'file')} not judged")
    if held.unanswered:
        told.append(f"{held.unanswered} without an answer that was kept")
    return f"{held.contract.name}, {held.contract.edition}: {', '.join(told)}"


def _head(severity: Severity, found: list[Finding]) -> str:
    return f"{severity.value} ({_count(len(found), 'place')})"


def _list_findings(found: list[Finding]) -> Iterator[str]:
    several = len({finding.place.provider for finding in found}) > 1
    groups: dict[str, list[Finding]] = {}
    for finding in found:
        groups.setdefault(_name_group(finding, several=several), []).append(finding)
    for name, members in groups.items():
        yield f"  {name}"
        width = max(len(_name_spot(finding)) for finding in members)
        for finding in members:
            counted = f"{finding.count}/{finding.of}"
            yield f"    {_name_spot(finding):{width}}  {counted:>7}  {tell(finding)}".rstrip()


def _name_spot(finding: Finding) -> str:
    return finding.place.pointer or "the body"


def _name_group(finding: Finding, *, several: bool) -> str:
    place = finding.place
    words = [place.provider] if several else []
    words += [place.operation, place.side if place.side != "reply" else "", place.moment]
    return " ".join(word for word in words if word)


def tell(finding: Finding) -> str:
    """What came, and what the contract says."""
    if finding.kind in _SENTENCES:
        told = _SENTENCES[finding.kind]
        told += f" ({finding.note})" if finding.kind is Kind.REFUSED else ""
    else:
        told = f"{finding.kind}: {finding.note or show(finding.example.value)}"
    if finding.kind is Kind.UNIT:
        told += f" ({show(finding.example.value)})"
    if finding.kind is Kind.NEW_FIELD and finding.example.value is not ABSENT:
        return f"{told}: {show(finding.example.value)}"
    if finding.kind is Kind.CHANGED_AFTER_END and finding.note:
        return f"{told}: {finding.note}"
    if finding.kind in (Kind.NEW_FIELD, Kind.REFUSED, Kind.CHANGED_AFTER_END, Kind.MISSING_FIELD):
        return told
    return f"{told}; the contract says {finding.expected}"


def show(value: object) -> str:
    """A value as JSON, cut."""
    if value is ABSENT:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MAX_VALUE else f"{text[: _MAX_VALUE - 1]}…"


def _list_strangers(drift: Drift) -> Iterator[str]:
    strangers = list(drift.strangers.items())
    for told, count in strangers[:_MAX_STRANGERS]:
        yield f"  {count:>5} x {told}"
    if further := strangers[_MAX_STRANGERS:]:
        total = sum(count for _, count in further)
        yield f"  {total:>5} x {_count(len(further), 'further request')}"


def _conclude(drift: Drift) -> str:
    if not drift.findings:
        return "No drift."
    worst = drift.findings[0]
    first = datetime.fromtimestamp(worst.example.started / 1000, UTC)
    reason = RATINGS[worst.kind].reason
    return (
        f"{_count(len(drift.findings), 'difference')}. The worst: {worst.kind}, because {reason} "
        f"(first at {first:%Y-%m-%dT%H:%M:%SZ})."
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
