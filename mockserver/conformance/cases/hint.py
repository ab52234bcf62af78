"""Hints: when a reply says how long to wait, a client comes back then and not before."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from mockserver.conformance.case import MUST, SHOULD, Setting, case
from mockserver.conformance.evidence import Evidence
from mockserver.conformance.feature import Feature
from mockserver.conformance.sight import (
    count_between,
    see_end,
    see_failure,
    see_one_submit,
    see_success,
    see_wait,
)
from mockserver.conformance.verdict import Finding
from mockserver.contract.model import Contract
from mockserver.control_client.views import RequestView

POLLS: Final = {"polls": 3}
SPANS: Final = (1, 3, 1)  # seconds, each asked for by one answer


def _hint(value: str, name: str = "Retry-After", **more: str) -> dict[str, object]:
    """A scenario in which the first answer, of a task that goes on, says when to come again."""
    fault = {"fault": "extra-headers", "operation": "inspect", "nth": 1}
    return {"pace": POLLS, "faults": [{**fault, "headers": {name: value, **more}}]}


def _see_return(evidence: Evidence, least: float) -> Iterator[Finding]:
    if len(evidence.polls) > 1:
        yield see_wait(evidence.polls[0], evidence.polls[1], least)
    yield from see_success(evidence)


@case(
    "POL-04",
    "asks again when an answer says so",
    SHOULD,
    "Azure REST guidelines, Retry-After of long-running operations",
    setting=Setting(_hint("2")),
)
def keep_a_wait_in_seconds(evidence: Evidence) -> Iterator[Finding]:
    """The task goes on, and the answer says: in two seconds. Nothing new is to be heard before."""
    yield from _see_return(evidence, 2.0)


@case(
    "POL-05",
    "asks again at the date that an answer names",
    SHOULD,
    "RFC 9110 10.2.3",
    setting=Setting(_hint("{in 2s}")),
)
def keep_a_date(evidence: Evidence) -> Iterator[Finding]:
    """Retry-After may be a date as well. Dates have no fractions, so a little is forgiven."""
    yield from _see_return(evidence, 1.5)


def _change_hints(*spans: int) -> dict[str, object]:
    """A scenario in which each answer of a task that goes on says another time."""
    fault = {"fault": "extra-headers", "operation": "inspect"}
    hints = [{"Retry-After": str(span)} for span in spans]
    faults = [{**fault, "nth": nth, "headers": hint} for nth, hint in enumerate(hints, 1)]
    return {"pace": {"polls": len(spans) + 1}, "faults": faults}


@case(
    "POL-08",
    "goes by what the latest answer says",
    SHOULD,
    "RFC 9110 10.2.3",
    setting=Setting(_change_hints(*SPANS), patience=40.0),
)
def keep_the_latest_wait(evidence: Evidence) -> Iterator[Finding]:
    """One second, then three, then one again: each answer speaks of the next poll alone."""
    for span, polls in zip(SPANS, pairwise(evidence.polls), strict=False):
        yield see_wait(*polls, span)
    yield count_between("polls", evidence.polls, len(SPANS) + 1)
    yield from see_success(evidence)


def _shift_clocks(_: Contract) -> dict[str, Setting]:
    moments = {"behind": ("{in -600s}", "{in -598s}"), "ahead": ("{in 600s}", "{in 602s}")}
    return {name: Setting(_hint(then, Date=now)) for name, (now, then) in moments.items()}


@case(
    "WIR-06",
    "reckons a date by the clock of whoever names it",
    SHOULD,
    "RFC 9110 10.2.3",
    setting=_shift_clocks,
)
def reckon_by_their_clock(evidence: Evidence) -> Iterator[Finding]:
    """The server's clock is ten minutes off, as its header Date shows; it asks for two seconds."""
    if evidence.was_cut and len(evidence.polls) == 1:
        yield Finding(False, "a second poll, soon after two seconds", "none as long as it ran")
    yield from _see_return(evidence, 1.5)


def _list_nonsense(_: Contract) -> dict[str, Setting]:
    odd = {"word": "soon", "negative": "-5", "empty": "", "far": "Fri, 99 Foo 2026 25:61:61 GMT"}
    return {name: Setting(_hint(value)) for name, value in odd.items()}


@case(
    "POL-06",
    "passes over a wait that makes no sense",
    MUST,
    "RFC 9110 10.2.3",
    setting=_list_nonsense,
)
def pass_over_nonsense(evidence: Evidence) -> Iterator[Finding]:
    """Retry-After is no number and no date. The client goes on at its own pace."""
    yield from see_success(evidence)
    yield count_between("polls", evidence.polls, 1, 20)


@case(
    "RET-02",
    "polls again when it was told to",
    MUST,
    "RFC 9110 10.2.3",
    needs=[Feature.RATE_LIMIT],
    pace=POLLS,
    faults=[
        {
            "fault": "rate-limit",
            "operation": "inspect",
            "nth": 2,
            "retry_after": 2,
            "hints": "header",
        }
    ],
)
def poll_again_in_time(evidence: Evidence) -> Iterator[Finding]:
    """The second poll is one too many; the refusal asks for two seconds, and means them."""
    polls = evidence.polls
    refused = next((n for n, poll in enumerate(polls) if poll.fault), None)
    if refused is not None and refused + 1 < len(polls):
        yield see_wait(polls[refused], polls[refused + 1], 2.0)
    yield from see_end(evidence)
    yield see_one_submit(evidence)


@case(
    "RET-03",
    "comes back when it was told to",
    MUST,
    "RFC 6585 4",
    needs=[Feature.RATE_LIMIT],
    pace=POLLS,
    faults=[
        {
            "fault": "rate-limit",
            "operation": "submit",
            "count": 1,
            "retry_after": 2,
            "hints": "header",
        }
    ],
)
def come_back_in_time(evidence: Evidence) -> Iterator[Finding]:
    """A submit is one too many, and the refusal says when to come again: in two seconds.

    A client may also leave that to its user, and end with an error.
    """
    yield from see_return(evidence.submits, evidence)


def see_return(submits: Sequence[RequestView], evidence: Evidence) -> Iterator[Finding]:
    """The second submit comes two seconds after the first, or never."""
    if len(submits) == 1:
        yield from see_failure(evidence)
        return
    yield see_wait(submits[0], submits[1], 2.0)
    yield see_one_submit(evidence)
    yield from see_end(evidence)


@case(
    "RET-19",
    "comes back when the body of a refusal says so",
    MUST,
    "the contract",
    needs=[Feature.RATE_LIMIT, Feature.RETRY_HINTS],
    pace=POLLS,
    faults=[
        {
            "fault": "rate-limit",
            "operation": "submit",
            "count": 1,
            "retry_after": 2,
            "hints": "contract",
        }
    ],
)
def read_a_hint_in_the_body(evidence: Evidence) -> Iterator[Finding]:
    """The contract tells in the body of a refusal when to come again; no header repeats it."""
    yield from see_return(evidence.submits, evidence)


@case(
    "WIR-01",
    "knows a header however it is spelled",
    SHOULD,
    "RFC 9110 5.1",
    setting=Setting(_hint("2", name="RETRY-AFTER")),
)
def know_headers_by_name(evidence: Evidence) -> Iterator[Finding]:
    """Names of headers have no case. RETRY-AFTER is Retry-After."""
    yield from _see_return(evidence, 2.0)
