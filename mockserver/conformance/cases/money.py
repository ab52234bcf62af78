"""Money: nothing is ordered that cannot be paid, nothing twice, and what is paid is fetched."""

from collections.abc import Iterator
from typing import Final

from mockserver.conformance.case import MUST, SHOULD, Setting, case
from mockserver.conformance.evidence import Evidence
from mockserver.conformance.feature import Ability, Feature
from mockserver.conformance.sight import (
    list_proof,
    see_end,
    see_failure,
    see_one_submit,
    see_success,
)
from mockserver.conformance.verdict import Finding

POLLS: Final = {"polls": 3}


@case(
    "MNY-02",
    "fetches what it has paid for",
    MUST,
    "money",
    asks=[Ability.DOWNLOAD],
    pace=POLLS,
)
def fetch_what_is_paid(evidence: Evidence) -> Iterator[Finding]:
    """A result that nobody fetches is paid all the same, and gone when its link expires."""
    for task in evidence.tasks:
        fetched = [each for each in evidence.downloads if each.task == task.id]
        seen = f"{len(fetched)} requests for files of task {task.id}"
        yield Finding(bool(fetched), "its result is fetched", seen, list_proof(fetched), True)
    yield from see_success(evidence)


@case(
    "MNY-03",
    "leaves it to its user to order again what has failed",
    SHOULD,
    "money",
    needs=[Feature.REFUNDS],
    outcome="failed",
    pace=POLLS,
)
def order_no_second_time(evidence: Evidence) -> Iterator[Finding]:
    """A failed task is paid back. Whether its user pays for another try is not the client's say."""
    yield see_one_submit(evidence)
    yield from see_failure(evidence)


@case(
    "IDE-07",
    "does not order twice when a gateway hides the answer to a submit",
    MUST,
    "RFC 9110 9.2.2",
    pace=POLLS,
    faults=[
        {
            "fault": "html-page",
            "operation": "submit",
            "status": 504,
            "takes_effect": True,
            "count": 1,
        }
    ],
)
def order_once_behind_a_gateway(evidence: Evidence) -> Iterator[Finding]:
    """A gateway says 504 to a submit that the provider has accepted. A second one costs again."""
    yield see_one_submit(evidence)
    yield from see_end(evidence)


def _lose_an_answer() -> Setting:
    fault = {"fault": "empty-reply", "operation": "submit", "count": 1}
    return Setting({"pace": POLLS, "faults": [fault]})


@case(
    "IDE-01",
    "names an order the same in every attempt",
    MUST,
    "Idempotency-Key draft",
    needs=[Feature.IDEMPOTENCY],
    setting=_lose_an_answer(),
)
def name_an_order_once(evidence: Evidence) -> Iterator[Finding]:
    """The answer to a submit is lost. Sent again under the same name, it cannot cost twice."""
    yield see_one_submit(evidence)
    yield from see_end(evidence)
    if len(evidence.submits) > 1:
        names = _list_names(evidence)
        proof = list_proof(evidence.submits)
        holds = len(set(names)) == 1 and None not in names
        yield Finding(holds, "one name for all attempts", _show(names), proof)


@case(
    "IDE-02",
    "gives two orders two names",
    MUST,
    "Idempotency-Key draft",
    needs=[Feature.IDEMPOTENCY],
    setting=Setting({"pace": POLLS}, prompts=("a red fox", "a red fox")),
)
def name_two_orders(evidence: Evidence) -> Iterator[Finding]:
    """Two users want the same. Under one name the second would get the image of the first."""
    names = [name for name in _list_names(evidence) if name is not None]
    proof = list_proof(evidence.submits)
    yield Finding(len(set(names)) == len(names), "another name for each", _show(names), proof)
    yield see_one_submit(evidence)


@case(
    "IDE-03",
    "repeats an order to the letter",
    MUST,
    "Idempotency-Key draft",
    needs=[Feature.IDEMPOTENCY],
    setting=_lose_an_answer(),
)
def repeat_to_the_letter(evidence: Evidence) -> Iterator[Finding]:
    """Under a name that was used, another body is a conflict: nothing of it may change."""
    if len(evidence.submits) > 1:
        bodies = {str(each.request) for each in evidence.submits}
        proof = list_proof(evidence.submits)
        yield Finding(len(bodies) == 1, "equal bodies", f"{len(bodies)} different ones", proof)


def _list_names(evidence: Evidence) -> list[str | None]:
    """The names under which the submits were sent."""
    idempotency = evidence.contract.idempotency
    header = "" if idempotency is None else idempotency.header.lower()
    return [each.headers.get(header) for each in evidence.submits]


def _show(names: list[str | None] | list[str]) -> str:
    return ", ".join(str(name) for name in names)
