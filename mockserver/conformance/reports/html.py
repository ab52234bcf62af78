"""The report for a browser: one page that needs nothing else, and trusts nothing that it shows."""

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template
from typing import Any, Final

from mockserver.conformance.evidence import Run
from mockserver.conformance.judgement import Judgement
from mockserver.conformance.money import sum_waste
from mockserver.conformance.report import Report
from mockserver.conformance.reports.journal import clean, list_proof, tell_seconds
from mockserver.conformance.sight import describe_end
from mockserver.conformance.verdict import Verdict
from mockserver.control_client.views import CallbackView, RequestView

# Nothing is loaded and nothing is run, whatever a client or a prompt says: one style, by its hash.
_PAGE: Final = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '$hash'; \
base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>$style</style>
</head>
<body>
<main>
$content
</main>
</body>
</html>
""")
TITLES: Final = {
    Verdict.FAIL: "MUST is broken",
    Verdict.HARNESS_ERROR: "Could not be judged, by our own mistake",
    Verdict.WARN: "SHOULD is broken",
    Verdict.NOT_EXERCISED: "Not exercised",
    Verdict.PASS: "Passed",
    Verdict.NOT_APPLICABLE: "Not applicable",
}
MOST: Final = 60  # requests of one trial
_LONG: Final = 3_000  # letters of one text


def write_html(report: Report) -> str:
    """The whole report as a page."""
    style = "\n" + Path(__file__).with_name("report.css").read_text("utf-8")
    digest = b64encode(sha256(style.encode()).digest()).decode()
    parts = [*_write_top(report), *_write_money(report)]
    for verdict in report.counts:
        parts += _write_section(report, verdict)
    return _PAGE.substitute(
        hash=f"sha256-{digest}",
        title=_quote(f"{report.provider}: {report.client}"),
        style=style,
        content="\n".join(parts),
    )


def _write_top(report: Report) -> Iterator[str]:
    """The sums: what was judged, whether it is well, and how much there is of what."""
    word, tone = ("No MUST is broken", "good") if report.passed else ("Not conformant", "bad")
    if not report.is_complete:
        word, tone = "Broken off before the end", "bad"
    yield f"<h1>{_quote(report.provider)} client</h1>"
    yield f"<p><code>{_quote(report.client)}</code></p>"
    yield f'<p class="result {tone}">{word}</p>'
    known = len([each for each in report.judgements if report.explain(each) is not None])
    about = f"edition {report.edition}, {report.seconds:.1f} s"
    about += f", {known} failures known from the baseline" if known else ""
    about += f", {len(report.unseen)} MUST not exercised" if report.unseen else ""
    yield f'<p class="dim">{_quote(about)}</p>'
    for name in report.stale:
        yield f'<p class="bad">The baseline says that {_quote(name)} fails, and it does not.</p>'
    yield '<div class="filter">'
    for verdict, count in report.counts.items():
        if count:
            box = f'<input type="checkbox" id="show-{verdict}" checked>'
            yield f'<label class="{verdict}">{box} <b>{count}</b> {verdict}</label>'
    yield "</div>"


def _write_money(report: Report) -> Iterator[str]:
    yield "<h2>Money</h2>"
    wasted = sum_waste(report.waste)
    if not wasted:
        yield f"<p>Nothing of {report.spent:g} credits was wasted.</p>"
        return
    yield f"<p><b>{wasted:g}</b> of {report.spent:g} credits were wasted.</p>"
    rows = [(f"{each.credits:g}", each.trial, each.how) for each in report.waste]
    yield _write_table(("Credits", "Case", "How"), ((None, row) for row in map(_quote_all, rows)))


def _write_section(report: Report, verdict: Verdict) -> Iterator[str]:
    chosen = report.select(verdict)
    if chosen:
        yield f'<section class="{verdict}"><h2>{TITLES[verdict]}</h2>'
        for judgement in chosen:
            yield from _write_case(report, judgement)
        yield "</section>"


def _write_case(report: Report, judgement: Judgement) -> Iterator[str]:
    trial, case = judgement.trial, judgement.trial.case
    yield f'<details class="case {judgement.verdict}"><summary>'
    yield f'<span class="id">{_quote(trial.name)}</span> {_quote(case.title)}'
    yield f'<span class="severity">{case.severity}</span>'
    if judgement.reason:
        yield f'<span class="reason">{_quote(judgement.reason)}</span>'
    yield "</summary>"
    yield f'<p>{_quote(case.requirement)} <span class="dim">({_quote(case.source)})</span></p>'
    known = report.explain(judgement)
    if known is not None:
        yield f"<p>Known: {_quote(known)}</p>"
    for finding in judgement.findings:
        if not finding.holds:
            yield f"<dl><dt>expected</dt><dd>{_quote(finding.expected)}</dd>"
            yield f"<dt>seen</dt><dd>{_quote(finding.seen or 'it was not so')}</dd></dl>"
    yield from _write_evidence(judgement)
    yield f"<h3>Again</h3><pre>{_quote(report.write_rerun(judgement))}</pre></details>"


def _write_evidence(judgement: Judgement) -> Iterator[str]:
    """The client's runs and the journal, with what proves that a rule was broken marked."""
    if judgement.evidence is None:
        return
    for run in judgement.evidence.runs:
        yield from _write_run(run)
    broken = [finding for finding in judgement.findings if not finding.holds]
    proof = {each.seq for finding in broken for each in list_proof(judgement, finding)}
    requests = judgement.evidence.requests
    shown = [*requests[:MOST], *(each for each in requests[MOST:] if each.seq in proof)]
    rows = (
        ("proof" if request.seq in proof else None, _write_row(judgement, request))
        for request in shown
    )
    yield "<h3>Journal</h3>"
    yield _write_table(("Seconds", "Request", "Reply", "Remarks"), rows)
    if len(shown) < len(requests):
        yield f'<p class="dim">and {len(requests) - len(shown)} more</p>'
    yield from _write_callbacks(judgement.evidence.callbacks)


def _write_callbacks(callbacks: Sequence[CallbackView]) -> Iterator[str]:
    """What was sent to the client, and what it answered."""
    if callbacks:
        yield "<h3>Callbacks</h3>"
        yield _write_table(
            ("Moment", "Sent to", "Standing", "Fault", "Answers"),
            ((None, _write_callback(each)) for each in callbacks),
        )


def _write_callback(callback: CallbackView) -> tuple[str, ...]:
    answers = [str(each.status or each.problem or "none") for each in callback.attempts]
    return (
        _quote(callback.moment),
        _unfold(callback.url, callback.body),
        _quote(f"{callback.standing} {callback.held or ''}"),
        _quote(callback.fault or ""),
        _quote(", ".join(answers)),
    )


def _write_run(run: Run) -> Iterator[str]:
    end = describe_end(run.status, "")
    yield f"<h3>Client</h3><p>{_quote(end)} after {run.seconds:.2f} s</p>"
    for text in (run.output, run.errors):
        if text.strip():
            yield f"<pre>{_quote_lines(text[-_LONG:])}</pre>"
    if run.files:
        names = (f"{name} ({len(content):,} bytes)" for name, content in run.files.items())
        yield f"<p>It left {_quote(', '.join(names))}</p>"


def _write_row(judgement: Judgement, request: RequestView) -> tuple[str, ...]:
    sent = {"headers": dict(request.headers), "body": request.request}
    fault = [f"fault: {request.fault}"] if request.fault else []
    condition = [request.condition] if request.condition else []
    broken = [violation.message for violation in request.violations]
    return (
        f"{tell_seconds(judgement, request):.3f}",
        _unfold(f"{request.method} {request.target}", sent),
        _unfold(str(request.status), request.reply),
        _quote("; ".join([*condition, *fault, *request.notes, *broken])),
    )


def _unfold(title: str, value: Any) -> str:
    """A title that shows a value when it is clicked."""
    if value is None or value == "":
        return _quote(title)
    text = value if isinstance(value, str) else json.dumps(value, indent=2, default=str)
    short = f"{text[:_LONG]}…" if len(text) > _LONG else text
    return f"<details><summary>{_quote(title)}</summary><pre>{_quote_lines(short)}</pre></details>"


def _write_table(heads: Iterable[str], rows: Iterable[tuple[str | None, Iterable[str]]]) -> str:
    """A table; its cells are HTML already, and a row may have a class."""
    parts = ['<div class="wide"><table><tr>', *(f"<th>{head}</th>" for head in heads), "</tr>"]
    for kind, cells in rows:
        parts.append(f'<tr class="{kind}">' if kind else "<tr>")
        parts += [f"<td>{cell}</td>" for cell in cells]
        parts.append("</tr>")
    return "".join([*parts, "</table></div>"])


def _quote_all(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(_quote(text) for text in texts)


def _quote(text: str) -> str:
    """Text as HTML, in one line and without letters that hide or turn others."""
    return escape(clean(text))


def _quote_lines(text: str) -> str:
    return "\n".join(_quote(line) for line in text.splitlines())
