"""Verdicts: what a case found out about a client, and what proves it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much it matters that a client keeps a rule."""

    MUST = "MUST"  # a contract's duty, or else money, data or the key is lost
    SHOULD = "SHOULD"  # what good clients do


class Verdict(StrEnum):
    """How a client did in a case."""

    PASS = "pass"
    FAIL = "fail"  # it broke a rule that it must keep
    WARN = "warn"  # it broke a rule that it should keep
    NOT_EXERCISED = "not-exercised"  # what was to be judged did not happen
    NOT_APPLICABLE = "not-applicable"  # the contract or the client has no such thing
    HARNESS_ERROR = "harness-error"  # our own mistake: says nothing about the client


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was expected of the client, and what was seen of it."""

    holds: bool
    expected: str
    seen: str = ""
    proof: Sequence[int] = ()  # `seq` of the journal's entries that show it
    could_come: bool = False  # whether it might hold yet, had the client had more time


def weigh(
    severity: Severity, findings: Sequence[Finding], unmet: Sequence[str], *, was_cut: bool
) -> Verdict:
    """The verdict; a fault that was planned and not met is never a pass.

    A client that was cut off, since its time was over, has failed only in what time cannot mend.
    """
    broken = [finding for finding in findings if not finding.holds]
    if unmet or not findings or (was_cut and all(finding.could_come for finding in broken)):
        return Verdict.NOT_EXERCISED
    if not broken:
        return Verdict.PASS
    return Verdict.FAIL if severity is Severity.MUST else Verdict.WARN
