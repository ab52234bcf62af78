"""Deadlines: a client waits for nothing without end."""

from collections.abc import Iterator
from typing import Final

from mockserver.conformance.case import MUST, Setting, case
from mockserver.conformance.evidence import Evidence
from mockserver.conformance.feature import Ability
from mockserver.conformance.sight import count_between, see_failure, see_one_submit
from mockserver.conformance.verdict import Finding

POLLS: Final = {"polls": 3}


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
    ids = [task.id for task in evidence.tasks]
    said = f"{evidence.run.output}{evidence.run.errors}"
    known = any(each in said for each in ids)
    expected = "the task's id is printed, so that it can be asked for later"
    yield Finding(known, expected, said[-200:], could_come=evidence.was_cut)


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
