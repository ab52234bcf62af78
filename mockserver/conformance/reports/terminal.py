"""The report for a terminal: readable at a glance, and while the suite runs."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

import click

from mockserver.conformance.judgement import Judgement
from mockserver.conformance.money import sum_waste
from mockserver.conformance.report import Report
from mockserver.conformance.reports.findings import shorten, write_findings
from mockserver.conformance.reports.journal import clean
from mockserver.conformance.verdict import Verdict

MARKS: Final = {
    Verdict.PASS: ("pass", "green"),
    Verdict.FAIL: ("FAIL", "red"),
    Verdict.WARN: ("warn", "yellow"),
    Verdict.NOT_EXERCISED: ("not exercised", "cyan"),
    Verdict.NOT_APPLICABLE: ("not applicable", "bright_black"),
    Verdict.HARNESS_ERROR: ("ERROR", "magenta"),
}
TOLD: Final = (Verdict.FAIL, Verdict.HARNESS_ERROR, Verdict.WARN)  # with their evidence, at the end
WASTES: Final = 10  # lines of the money report


def write_judgement(judgement: Judgement) -> str:
    """One line, as soon as a case is judged."""
    word, colour = MARKS[judgement.verdict]
    mark = click.style(f"{word:>14}", fg=colour)
    line = f"{mark}  {judgement.trial.name:<12} {judgement.trial.case.title}"
    return f"{line}: {shorten(judgement.reason)}" if judgement.reason else line


def write_report(report: Report) -> Iterator[str]:
    """The end of the suite: what is wrong with its evidence, the gravest first; then the sums."""
    for verdict in TOLD:
        chosen = report.select(verdict)
        for _, trials in groupby(chosen, key=lambda each: each.trial.case.id):
            yield ""
            yield from write_details(report, list(trials))
    yield from _write_money(report)
    if report.stale:
        yield ""
    for name in report.stale:
        yield f"The baseline says that {clean(name)} fails, and it does not: take it out."
    yield ""
    yield write_sums(report)
    yield from _write_unseen(report)


def write_details(report: Report, trials: Sequence[Judgement]) -> Iterator[str]:
    """One case that did not go well: the rule, what was seen, and the lines that prove it.

    Of its trials the first is shown in full, the others by name.
    """
    first, *others = trials
    case = first.trial.case
    mark, colour = MARKS[first.verdict]
    title = click.style(f"{first.trial.name}  {case.title}", bold=True)
    yield f"{click.style(mark, fg=colour)}  {title}  [{case.severity}]"
    yield f"  {clean(case.requirement)} ({clean(case.source)})"
    for judgement in trials:
        known = report.explain(judgement)
        if known is not None:
            yield f"  known: {judgement.trial.name}: {shorten(known)}"
    yield from (f"  {line}" for line in write_findings(first))
    if others:
        yield f"  also: {', '.join(judgement.trial.name for judgement in others)}"
    yield click.style(f"  again: {clean(report.write_rerun(first))}", dim=True)


def _write_money(report: Report) -> Iterator[str]:
    """What was wasted, by case and by what it was wasted on."""
    if report.waste:
        yield ""
        yield f"Wasted: {sum_waste(report.waste):g} of {report.spent:g} credits"
        for each in report.waste[:WASTES]:
            yield f"  {each.credits:>8g}  {each.trial}: {each.how}"
        rest = report.waste[WASTES:]
        if rest:
            yield f"  {sum_waste(rest):>8g}  in {len(rest)} more trials"


def _write_unseen(report: Report) -> Iterator[str]:
    """What nobody knows of the client, though it matters: a suite with much of it shows little."""
    if report.unseen:
        names = ", ".join(clean(judgement.trial.name) for judgement in report.unseen)
        hint = "" if report.is_strict else ", which --strict fails"
        yield f"{len(report.unseen)} MUST not exercised{hint}: {names}"


def write_sums(report: Report) -> str:
    """The line with the sums."""
    parts = [
        click.style(f"{count} {MARKS[verdict][0].lower()}", fg=MARKS[verdict][1])
        for verdict, count in report.counts.items()
        if count
    ]
    broken_off = "" if report.is_complete else ", broken off"
    judged = f"{report.provider} ({report.edition}), {report.seconds:.1f} s{broken_off}"
    return f"{', '.join(parts) or 'nothing was judged'} - {judged}"
