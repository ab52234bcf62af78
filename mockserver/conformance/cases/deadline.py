"""Deadlines: a client waits for nothing without end."""

from collections.abc import Iterator
from typing import Final

from mockserver.conformance.case import MUST, SHOULD, Setting, case
from mockserver.conformance.evidence import Evidence
from mockserver.conformance.feature import Ability
from mockserver.conformance.sight import count_between, see_failure, see_one_submit
from mockserver.conformance.verdict import Finding

POLLS: Final = {"polls": 3}
A_DAY: Final = {"Retry-After": "86400"}


@case(
    "POL-12",
    "gives up on a task that never ends",
    MUST,
    "Smithy waiters, total wait",
    asks=[Ability.DEADLINE],
    pace="manual",
)
def give_up_some_day(evidence: Evidence) -> Iterator[Finding]:
    """A task may hang for ever. A client has a deadline of its own, and tells the task's id."""
    yield from see_failure(evidence)
    yield see_task_told(evidence)


def see_task_told(evidence: Evidence) -> Finding:
    """The client prints the id of its task."""
    ids = [task.id for task in evidence.tasks]
    said = f"{evidence.run.output}{evidence.run.errors}"
    known = any(each in said for each in ids)
    expected = "the task's id is printed, so that it can be asked for later"
    return Finding(known, expected, said[-200:], could_come=evidence.was_cut)


@case(
    "POL-15",
    "ends when a task stays unknown",
    MUST,
    "liveness",
    setting=Setting({"faults": [{"fault": "briefly-unknown", "span": "1h"}]}, patience=40.0),
    asks=[Ability.DEADLINE],
)
def accept_that_it_is_gone(evidence: Evidence) -> Iterator[Finding]:
    """A task that is never found will not be. The client says so within bounds."""
    yield from see_failure(evidence)
    yield count_between("submits", evidence.submits, 1, 1)


@case(
    "POL-07",
    "ends at its deadline when it is told to come back later than that",
    SHOULD,
    "Smithy waiters, total wait",
    asks=[Ability.DEADLINE],
    pace=POLLS,
    faults=[{"fault": "extra-headers", "operation": "inspect", "headers": A_DAY}],
)
def end_before_tomorrow(evidence: Evidence) -> Iterator[Finding]:
    """A poll is told to come again in a day. Nobody waits so long, and nobody comes back sooner.

    The client says that its time is up, and tells the task's id.
    """
    yield count_between("polls", evidence.polls, 1, 1)
    yield from see_failure(evidence)
    yield see_task_told(evidence)


@case(
    "RET-05",
    "gives up when every poll meets a 500",
    MUST,
    "AWS, three attempts",
    asks=[Ability.DEADLINE],
    pace=POLLS,
    faults=[{"fault": "status", "status": 500, "operation": "inspect"}],
)
def give_up_on_errors(evidence: Evidence) -> Iterator[Finding]:
    """Errors for ever. The client tries a bounded number of times, and says that it failed."""
    yield from see_failure(evidence)
    yield count_between("polls", evidence.polls, 1, 60)


@case(
    "RET-12",
    "gives up on a submit that is never answered",
    MUST,
    "AWS, timeouts",
    asks=[Ability.DEADLINE],
    faults=[{"fault": "hang", "operation": "submit"}],
)
def time_out(evidence: Evidence) -> Iterator[Finding]:
    """Nothing ever comes back. Every call needs a timeout."""
    yield from see_failure(evidence)
    yield see_one_submit(evidence)
