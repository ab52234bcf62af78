"""The report for a terminal: readable at a glance, and while the suite runs."""

from collections.abc import Iterator
from typing import Final

import click

from mockserver.conformance.judgement import Judgement
from mockserver.conformance.money import sum_waste
from mockserver.conformance.report import Report
from mockserver.conformance.verdict import Verdict
from mockserver.control_client.views import RequestView

MARKS: Final = {
    Verdict.PASS: ("pass", "green"),
    Verdict.FAIL: ("FAIL", "red"),
    Verdict.WARN: ("warn", "yellow"),
    Verdict.NOT_EXERCISED: ("not exercised", "cyan"),
    Verdict.NOT_APPLICABLE: ("not applicable", "bright_black"),
    Verdict.HARNESS_ERROR: ("HARNESS ERROR", "magenta"),
}
SHOWN: Final = 8  # lines of evidence per finding
_LONG: Final = 120


def write_judgement(judgement: Judgement) -> str:
    """One line, as soon as a case is judged."""
    word, colour = MARKS[judgement.verdict]
    mark = click.style(f"{word:>14}", fg=colour)
    line = f"{mark}  {judgement.trial.name:<12} {judgement.trial.case.title}"
    return line if judgement.verdict is Verdict.PASS else f"{line}: {clean(judgement.reason)}"


def write_report(report: Report) -> Iterator[str]:
    """The end of the suite: what is wrong with its evidence, then the sums."""
    for judgement in report.judgements:
        if judgement.verdict in (Verdict.FAIL, Verdict.WARN, Verdict.HARNESS_ERROR):
            yield ""
            yield from write_details(report, judgement)
    if report.waste:
        yield ""
        yield f"Wasted: {sum_waste(report.waste):g} credits"
        yield from (f"  {each.credits:>8g}  {each.trial}: {each.how}" for each in report.waste)
    for name in report.stale:
        yield f"The baseline says that {name} fails, and it does not: take it out."
    yield ""
    yield write_sums(report)


def write_details(report: Report, judgement: Judgement) -> Iterator[str]:
    """One case that did not go well: the rule, what was seen, and the lines that prove it."""
    case = judgement.trial.case
    yield click.style(f"{judgement.trial.name}  {case.title}", bold=True) + f"  [{case.severity}]"
    yield f"  {case.requirement} ({case.source})"
    known = report.baseline.explain(judgement)
    if known is not None:
        yield f"  known: {clean(known)}"
    for finding in judgement.findings:
        if not finding.holds:
            yield f"  expected  {clean(finding.expected)}"
            yield f"  seen      {clean(finding.seen)}" if finding.seen else "  and it was not so"
            yield from _write_proof(judgement, finding.proof[:SHOWN])
    if not judgement.findings:
        yield f"  {clean(judgement.reason)}"
    yield click.style(f"  again: {report.write_rerun(judgement)}", dim=True)


def _write_proof(judgement: Judgement, proof: "object") -> Iterator[str]:
    evidence = judgement.evidence
    if evidence is None:
        return
    begin = evidence.requests[0].at if evidence.requests else 0
    for request in evidence.requests:
        if isinstance(proof, list | tuple) and request.seq in proof:
            yield f"    {write_request(request, begin)}"


def write_request(request: RequestView, begin: int) -> str:
    """A line of the journal; its time counts from the trial's first request."""
    seconds = (request.at - begin) / 1000
    fault = f"  fault: {request.fault}" if request.fault else ""
    condition = f"  {request.condition}" if request.condition else ""
    target = clean(request.target)[:_LONG]
    return f"{seconds:7.3f} s  {request.method} {target} -> {request.status}{condition}{fault}"


def write_sums(report: Report) -> str:
    """The last line."""
    parts = [
        click.style(f"{count} {MARKS[verdict][0].lower()}", fg=MARKS[verdict][1])
        for verdict, count in report.counts.items()
        if count
    ]
    judged = f"{report.provider} ({report.edition}), {report.seconds:.1f} s"
    return f"{', '.join(parts)} - {judged}"


def clean(text: str) -> str:
    """Text that a client or a server said, without what could move a terminal's cursor."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
