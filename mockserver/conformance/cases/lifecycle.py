"""The life of a client: it can be stopped, and stops then."""

from collections.abc import Iterator
from typing import Final

from mockserver.conformance.case import SHOULD, Setting, case
from mockserver.conformance.evidence import Evidence
from mockserver.conformance.feature import Ability
from mockserver.conformance.sight import count_between, describe_end
from mockserver.conformance.verdict import Finding

ENOUGH: Final = 2  # requests for a task, after which it is interrupted; the submit is one
LATE: Final = 3  # polls that may cross with it


@case(
    "LIF-01",
    "stops when it is interrupted",
    SHOULD,
    "spend",
    asks=[Ability.INTERRUPT],
    setting=Setting({"pace": "manual"}, interrupt_after=ENOUGH, quiet=1.0),
)
def stop_when_told(evidence: Evidence) -> Iterator[Finding]:
    """Its user presses Ctrl-C while it polls. It ends within two seconds, and not as a success."""
    if len(evidence.polls) < ENOUGH:
        return
    run = evidence.run
    seen = describe_end(run.status, run.errors or run.output)
    yield Finding(run.failed, "it ends, and not with exit status 0", seen)
    yield count_between("polls", evidence.polls, ENOUGH, ENOUGH + LATE)
