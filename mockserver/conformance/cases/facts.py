"""What providers really do: refusals inside HTTP 200, JSON in texts, several editions."""

from collections.abc import Iterator
from typing import Final

from mockserver.conformance.case import MUST, SHOULD, Setting, case
from mockserver.conformance.cases.create import PAUSE
from mockserver.conformance.evidence import Evidence
from mockserver.conformance.feature import Feature
from mockserver.conformance.sight import (
    count_between,
    see_end,
    see_failure,
    see_no_trace,
    see_one_submit,
    see_success,
    see_waits,
)
from mockserver.conformance.verdict import Finding
from mockserver.contract.model import Contract

POLLS: Final = {"polls": 3}
_OTHER_PLACE: Final = {"envelope": "code", "code": "envelope"}


def _refuse_elsewhere(contract: Contract) -> dict[str, Setting]:
    place = _OTHER_PLACE[contract.http_status]
    account = {"http_status": place}
    return {place: Setting({"condition": "insufficient_credits"}, account=account)}


@case(
    "FCT-01",
    "hears a refusal inside HTTP 200",
    MUST,
    "recordings of the provider",
    needs=[Feature.ENVELOPE],
    condition="insufficient_credits",
)
def hear_a_refusal(evidence: Evidence) -> Iterator[Finding]:
    """The status says 200, and the code in the body that nothing was accepted."""
    yield count_between("submits", evidence.submits, 1, 1)
    yield count_between("polls", evidence.polls, 0, 0)
    yield from see_failure(evidence)


@case(
    "FCT-02",
    "hears a refusal wherever its code stands",
    SHOULD,
    "pages and recordings disagree",
    setting=_refuse_elsewhere,
)
def hear_it_elsewhere(evidence: Evidence) -> Iterator[Finding]:
    """Codes of refusals have been seen as HTTP statuses and in bodies alone. Both are refusals."""
    yield count_between("submits", evidence.submits, 1, 1)
    yield count_between("polls", evidence.polls, 0, 0)
    yield from see_failure(evidence)


@case(
    "FCT-03",
    "asks again when a poll has an error inside HTTP 200",
    SHOULD,
    "recordings of the provider",
    pace=POLLS,
    faults=[{"fault": "body-code", "code": 500, "operation": "inspect", "nth": 2}],
)
def outlast_a_hidden_error(evidence: Evidence) -> Iterator[Finding]:
    """The status of a poll is 200 and its code 500: the server had trouble, not the task."""
    yield from see_success(evidence)
    yield see_one_submit(evidence)


@case(
    "FCT-04",
    "does not take an error inside HTTP 200 for a result",
    MUST,
    "recordings of the provider",
    pace=POLLS,
    faults=[{"fault": "body-code", "code": 401, "operation": "inspect"}],
)
def see_no_result_in_an_error(evidence: Evidence) -> Iterator[Finding]:
    """Every poll is refused in its body, with status 200. The client ends, and not well."""
    yield from see_failure(evidence)
    yield from see_no_trace(evidence)
    yield see_one_submit(evidence)


def _list_editions(contract: Contract) -> dict[str, Setting]:
    others = (name for name in contract.editions if name != contract.edition)
    return {name: Setting({"pace": {"polls": 4}}, edition=name) for name in others}


@case(
    "FCT-05",
    "understands every edition of the contract",
    SHOULD,
    "pages and recordings disagree",
    needs=[Feature.EDITIONS],
    setting=_list_editions,
)
def understand_editions(evidence: Evidence) -> Iterator[Finding]:
    """Pages and recordings differ: empty texts or null, seconds or milliseconds, more fields."""
    yield from see_success(evidence)
    yield see_one_submit(evidence)


def _fail_in_editions(contract: Contract) -> dict[str, Setting]:
    others = (name for name in contract.editions if name != contract.edition)
    words = {"outcome": "failed", "pace": POLLS}
    return {name: Setting(words, edition=name) for name in others}


@case(
    "FCT-06",
    "sees a failure in every edition of the contract",
    MUST,
    "pages and recordings disagree",
    needs=[Feature.EDITIONS],
    setting=_fail_in_editions,
)
def see_failures_in_editions(evidence: Evidence) -> Iterator[Finding]:
    """A failed task looks otherwise in each edition, and is a failed task in all of them."""
    yield from see_failure(evidence)
    yield see_one_submit(evidence)


@case(
    "FCT-07",
    "bears JSON in a text that is broken off",
    MUST,
    "liveness",
    needs=[Feature.NESTED_JSON],
    pace=POLLS,
    faults=[
        {
            "fault": "broken-json-string",
            "operation": "inspect",
            "task": {"phase": "succeeded"},
            "count": 1,
        }
    ],
)
def bear_broken_nested_json(evidence: Evidence) -> Iterator[Finding]:
    """The reply is whole, the JSON in one of its texts is not. The client asks again, or ends."""
    yield from see_end(evidence)
    yield from see_no_trace(evidence)
    yield see_one_submit(evidence)


@case(
    "FCT-09",
    "waits or ends when too many tasks are active",
    SHOULD,
    "the contract",
    needs=[Feature.ACTIVE_LIMIT],
    condition="too_many_active",
)
def accept_the_active_limit(evidence: Evidence) -> Iterator[Finding]:
    """Room comes when tasks end, not when one asks more often."""
    yield from see_waits(evidence.submits, PAUSE)
    yield from see_failure(evidence)
