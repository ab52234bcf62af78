"""Trouble on the way: what is tried again, when, how often, and what never is."""

from collections.abc import Iterator
from typing import Final

from mockserver.conformance.case import MUST, SHOULD, Setting, case
from mockserver.conformance.evidence import Evidence
from mockserver.conformance.sight import (
    count_between,
    see_end,
    see_failure,
    see_no_trace,
    see_one_submit,
    see_success,
)
from mockserver.conformance.verdict import Finding
from mockserver.contract.model import Contract

POLLS: Final = {"polls": 3}
PERMANENT: Final = (400, 403, 404, 413, 415, 422)
PASSING: Final = (408, 425, 500, 502, 503, 504)


@case(
    "RET-01",
    "asks again when a poll meets a 503",
    SHOULD,
    "RFC 9110 9.2.2",
    pace=POLLS,
    faults=[{"fault": "status", "operation": "inspect", "nth": 1}],
)
def repeat_a_poll(evidence: Evidence) -> Iterator[Finding]:
    """Asking changes nothing, so it may be done again. One 503 is no reason to lose a result."""
    yield from see_success(evidence)
    yield see_one_submit(evidence)


def _refuse_for_good(_: Contract) -> dict[str, Setting]:
    return {
        str(status): Setting(
            {"faults": [{"fault": "status", "status": status, "operation": "submit"}]}
        )
        for status in PERMANENT
    }


@case(
    "RET-07",
    "does not repeat a submit that is refused for good",
    MUST,
    "RFC 9110 15.5",
    setting=_refuse_for_good,
)
def believe_a_refusal(evidence: Evidence) -> Iterator[Finding]:
    """These statuses say that the request itself is wrong. It will be wrong again."""
    yield count_between("submits", evidence.submits, 1, 1)
    yield from see_failure(evidence)


def _fail_in_passing(_: Contract) -> dict[str, Setting]:
    return {
        str(status): Setting(
            {
                "pace": POLLS,
                "faults": [{"fault": "status", "status": status, "operation": "inspect", "nth": 2}],
            }
        )
        for status in PASSING
    }


@case(
    "RET-08",
    "asks again when a poll meets an error that passes",
    SHOULD,
    "RFC 9110 15.6",
    setting=_fail_in_passing,
)
def outlast_an_error(evidence: Evidence) -> Iterator[Finding]:
    """The second poll meets an error that will have passed when it is asked again."""
    yield from see_success(evidence)
    yield see_one_submit(evidence)


@case(
    "RET-09",
    "asks again when the connection is reset",
    SHOULD,
    "RFC 9110 9.2.2",
    pace=POLLS,
    faults=[{"fault": "reset", "operation": "inspect", "nth": 2}],
)
def outlast_a_reset(evidence: Evidence) -> Iterator[Finding]:
    """The connection is torn down in the middle of a poll."""
    yield from see_success(evidence)
    yield see_one_submit(evidence)


@case(
    "RET-11",
    "does not order twice when the answer to a submit is lost",
    MUST,
    "RFC 9110 9.2.2",
    pace=POLLS,
    faults=[{"fault": "reset", "operation": "submit", "count": 1}],
)
def order_once(evidence: Evidence) -> Iterator[Finding]:
    """The submit was accepted, and its answer is lost. A second one would be paid as well."""
    yield see_one_submit(evidence)
    yield from see_end(evidence)


@case(
    "RET-13",
    "does not believe half an answer",
    MUST,
    "RFC 9112 8",
    pace=POLLS,
    faults=[{"fault": "cut-body", "operation": "inspect", "nth": 1}],
)
def refuse_half_an_answer(evidence: Evidence) -> Iterator[Finding]:
    """The body is shorter than announced. That is an error of the wire, or a poll to repeat."""
    yield from see_end(evidence)
    yield see_one_submit(evidence)
    yield from see_no_trace(evidence)


@case(
    "RET-14",
    "says what went wrong when a gateway answers",
    MUST,
    "intermediaries",
    faults=[{"fault": "html-page", "operation": "submit"}],
)
def understand_a_gateway(evidence: Evidence) -> Iterator[Finding]:
    """A 502 with a page of HTML is no JSON, and no reason for a parser's trace."""
    yield from see_failure(evidence)
    yield from see_no_trace(evidence)


@case(
    "RET-15",
    "bears an answer that is no JSON",
    MUST,
    "liveness",
    pace=POLLS,
    faults=[{"fault": "malformed-json", "operation": "inspect", "nth": 1}],
)
def bear_broken_json(evidence: Evidence) -> Iterator[Finding]:
    """The body of one poll is broken off. The client asks again, or ends with a clean error."""
    yield from see_end(evidence)
    yield see_one_submit(evidence)
    yield from see_no_trace(evidence)


@case(
    "RET-16",
    "forgets old errors when a poll succeeds",
    SHOULD,
    "Maestro, pull request 3503",
    setting=Setting(
        {
            "pace": {"polls": 9},
            "faults": [{"fault": "status", "operation": "inspect", "nth": [2, 4, 6, 8]}],
        },
        patience=60.0,
    ),
)
def forgive_errors(evidence: Evidence) -> Iterator[Finding]:
    """In a long task every second poll fails. What counts is how many fail in a row."""
    yield from see_success(evidence)
    yield see_one_submit(evidence)


@case(
    "RET-17",
    "bears a reply that trickles in",
    SHOULD,
    "idle timeouts are not enough",
    pace=POLLS,
    faults=[{"fault": "drip", "operation": "inspect", "nth": 1}],
)
def bear_a_trickle(evidence: Evidence) -> Iterator[Finding]:
    """One reply comes in pieces, for a second. It is whole in the end."""
    yield from see_success(evidence)


@case(
    "RET-18",
    "bears a closed connection",
    SHOULD,
    "RFC 9112 9.3",
    pace=POLLS,
    faults=[{"fault": "empty-reply", "operation": "inspect", "nth": 2}],
)
def reconnect(evidence: Evidence) -> Iterator[Finding]:
    """The server closes the connection without an answer to a poll."""
    yield from see_success(evidence)
    yield see_one_submit(evidence)
