"""Asking how a task stands: often enough, not too often, and not for ever."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from mockserver.conformance.case import MUST, SHOULD, Setting, case
from mockserver.conformance.evidence import Evidence
from mockserver.conformance.feature import Feature
from mockserver.conformance.sight import (
    count_between,
    list_proof,
    see_end,
    see_failure,
    see_silence_after_end,
    see_success,
    see_waits,
)
from mockserver.conformance.verdict import Finding
from mockserver.contract.model import Contract
from mockserver.engine.scenarios.scenario import can_meet

FLOOR: Final = 0.5  # seconds between two polls
CEILING: Final = 60.0
_HURRY: Final = 0.6  # of the interval before; less is a shorter one
_IN_A_ROW: Final = 3  # intervals, each shorter than the one before, that are no accident


@case(
    "POL-01",
    "asks until the task has ended",
    MUST,
    "the contract",
    setting=Setting({"pace": {"polls": 5}}, patience=60.0),
)
def ask_until_the_end(evidence: Evidence) -> Iterator[Finding]:
    """The task ends at its fifth poll. A client has to go on asking until then."""
    yield count_between("polls", evidence.polls, 5)
    yield from see_success(evidence)


@case(
    "POL-02",
    "polls no more once the task has ended",
    MUST,
    "the contract",
    setting=Setting({"pace": {"polls": 2}}, quiet=1.0),
)
def stop_at_the_end(evidence: Evidence) -> Iterator[Finding]:
    """An end is an end. Whoever goes on asking wastes its rate limit."""
    yield from see_silence_after_end(evidence)


def _list_failures(contract: Contract) -> dict[str, Setting]:
    return {
        name: Setting({"outcome": "failed", "failure": name, "pace": {"polls": 2}})
        for name in contract.failures
    }


@case(
    "POL-03",
    "ends with an error when the task has failed",
    MUST,
    "the contract",
    setting=_list_failures,
)
def tell_of_a_failure(evidence: Evidence) -> Iterator[Finding]:
    """Each way in which a task can fail is an end, and none of them is a success."""
    yield from see_failure(evidence)
    yield from see_silence_after_end(evidence)
    yield count_between("submits", evidence.submits, 1, 1)


@case(
    "POL-09", "does not poll in a tight loop", SHOULD, "Smithy waiters, minDelay", pace={"polls": 4}
)
def leave_pauses(evidence: Evidence) -> Iterator[Finding]:
    """Where nothing else is said, half a second between two polls is little enough."""
    yield from see_waits(evidence.polls, FLOOR)


@case(
    "POL-10",
    "polls at a steady or a growing interval",
    SHOULD,
    "Smithy waiters, exponential backoff",
    setting=Setting({"pace": {"polls": 6}}, patience=60.0),
)
def keep_a_rhythm(evidence: Evidence) -> Iterator[Finding]:
    """Intervals stay as they are or grow to a cap; they do not get shorter and shorter.

    A draw may be in them, as AWS recommends for clients that are many. Three intervals in a row,
    each much shorter than the one before, hardly ever come of draws.
    """
    polls = evidence.polls
    gaps = [(after.at - before.at) / 1000 for before, after in pairwise(polls)]
    if evidence.run.failed:
        gaps = gaps[:-1]  # a last look at the client's own deadline may come sooner
    shrinks = [after < before * _HURRY for before, after in pairwise(gaps)]
    starts = range(len(shrinks) - _IN_A_ROW + 1)
    is_hasty = any(all(shrinks[start : start + _IN_A_ROW]) for start in starts)
    seen = ", ".join(f"{gap:.2f} s" for gap in gaps)
    yield Finding(not is_hasty, "intervals that do not go on shrinking", seen, list_proof(polls))
    yield Finding(max(gaps, default=0) <= CEILING, f"intervals up to {CEILING:g} s", seen)


@case(
    "POL-13",
    "waits for the answer to a poll before the next one",
    SHOULD,
    "load",
    pace={"polls": 3},
    faults=[{"fault": "latency", "span": "800ms", "operation": "inspect"}],
)
def poll_one_at_a_time(evidence: Evidence) -> Iterator[Finding]:
    """Each poll takes almost a second. Two of them are never under way at the same time."""
    yield from see_waits(evidence.polls, 0.75)
    yield from see_success(evidence)


def _hide_a_task(contract: Contract) -> dict[str, Setting]:
    has_words = can_meet(contract, "not_yet_visible")
    told = "not-yet-visible" if has_words else "not-found"
    fault = {"fault": "refusal", "operation": "inspect", "conditions": told, "nth": [1, 2]}
    return {"": Setting({"pace": {"polls": 4}, "faults": [fault]})}


@case(
    "POL-14",
    "bears with a task that is not known yet",
    SHOULD,
    "eventual consistency",
    setting=_hide_a_task,
)
def wait_for_the_task_to_appear(evidence: Evidence) -> Iterator[Finding]:
    """A task that was just submitted may not be known everywhere at once."""
    yield from see_success(evidence)
    yield count_between("submits", evidence.submits, 1, 1)


@case(
    "POL-16",
    "keeps asking when it does not know the state",
    MUST,
    "must-ignore",
    pace={"polls": 4},
    faults=[
        {"fault": "unknown-state", "operation": "inspect", "nth": [1, 2], "word": "warming_up"}
    ],
)
def bear_an_unknown_state(evidence: Evidence) -> Iterator[Finding]:
    """A new state is no end and no success. The task succeeds two polls later."""
    yield count_between("polls", evidence.polls, 3)
    yield from see_success(evidence)


@case(
    "POL-17",
    "bears a task that goes back",
    SHOULD,
    "requeueing happens",
    needs=[Feature.QUEUE],
    pace={"polls": 5},
    faults=[{"fault": "state-backwards", "nth": 3, "operation": "inspect", "to": "queued"}],
)
def bear_a_step_back(evidence: Evidence) -> Iterator[Finding]:
    """Work that was begun may be put back into the queue. There is one result in the end."""
    yield from see_success(evidence)
    yield count_between("submits", evidence.submits, 1, 1)


@case(
    "POL-18",
    "bears fields that are null",
    SHOULD,
    "robustness",
    pace={"polls": 3},
    faults=[
        {
            "fault": "null-fields",
            "operation": "inspect",
            "fields": ["task.created", "task.finished", "task.elapsed", "task.price", "task.cost"],
        }
    ],
)
def bear_null_fields(evidence: Evidence) -> Iterator[Finding]:
    """Moments, durations and prices are null. Nobody needs them to get an image."""
    yield from see_success(evidence)


@case(
    "POL-19",
    "takes a success without a result for an error",
    MUST,
    "false success",
    pace={"polls": 2},
    faults=[{"fault": "empty-results"}],
)
def miss_the_result(evidence: Evidence) -> Iterator[Finding]:
    """The task has succeeded, and there is nothing. That is no success for whoever waits."""
    yield from see_failure(evidence)


@case(
    "POL-20",
    "ends when the results are null",
    MUST,
    "false success",
    pace={"polls": 2},
    faults=[{"fault": "empty-results", "left": "null"}],
)
def miss_a_null_result(evidence: Evidence) -> Iterator[Finding]:
    """Null stands where the results should be. The client ends, and not with a success."""
    yield from see_failure(evidence)


@case(
    "POL-25", "polls for no task that it has not submitted", MUST, "the contract", pace={"polls": 2}
)
def ask_for_its_own(evidence: Evidence) -> Iterator[Finding]:
    """Every poll names a task that exists, by the id that the submit was answered with."""
    lost = [each for each in evidence.polls if each.task is None]
    yield Finding(not lost, "every poll names a known task", f"{len(lost)}", list_proof(lost))
    yield count_between("polls", evidence.polls, 1)
    yield from see_end(evidence)


@case(
    "POL-26",
    "asks only where the contract has an operation",
    MUST,
    "the contract",
    pace={"polls": 2},
)
def call_what_there_is(evidence: Evidence) -> Iterator[Finding]:
    """Paths are exact. A request that no operation is served for has missed its target."""
    strays = [each for each in evidence.requests if each.operation is None]
    seen = "; ".join(f"{each.method} {each.target}" for each in strays)
    yield Finding(not strays, "no request beside the contract", seen, list_proof(strays))
