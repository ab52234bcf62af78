"""Findings for people to read: what was expected, what was seen, and the lines that prove it."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from mockserver.conformance.judgement import Judgement
from mockserver.conformance.reports.journal import clean, list_proof, write_request
from mockserver.conformance.verdict import Finding

SHOWN: Final = 8  # lines of evidence per finding
ALIKE: Final = 2  # findings that expect the same
_LONG: Final = 300


def write_findings(judgement: Judgement) -> Iterator[str]:
    """What does not hold, line by line; of findings that expect the same, the first ones."""
    times: Counter[str] = Counter()
    for finding in judgement.findings:
        times[finding.expected] += not finding.holds
        if not finding.holds and times[finding.expected] <= ALIKE:
            yield from _write_finding(judgement, finding)
    left = sum(max(0, count - ALIKE) for count in times.values())
    if left:
        yield f"… and {left} more of the kind"
    if not judgement.findings:
        yield shorten(judgement.reason)


def _write_finding(judgement: Judgement, finding: Finding) -> Iterator[str]:
    yield f"expected  {shorten(finding.expected)}"
    yield f"seen      {shorten(finding.seen or 'it was not so')}"
    proof = list_proof(judgement, finding)
    yield from (f"  {write_request(judgement, request)}" for request in proof[:SHOWN])
    if len(proof) > SHOWN:
        yield f"  … and {len(proof) - SHOWN} more"


def shorten(text: str) -> str:
    """Text in one line that does not fill the screen."""
    line = clean(text)
    return f"{line[:_LONG]}…" if len(line) > _LONG else line
