"""Verification: how many requests met some criteria, and why that is not as expected."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from mockserver.contract.model import Contract
from mockserver.engine.accounts.account import Account
from mockserver.web.control.criteria import Criterion, describe, list_differences
from mockserver.web.control.fields import ControlError
from mockserver.web.control.recalled import Recalled

COUNTS: Final = ("exactly", "at_least", "at_most")
MAX_NEAR: Final = 3


class NearMiss(NamedTuple):
    """A request that is almost one of those expected."""

    recalled: Recalled
    differences: Sequence[str]  # the first is what to look at first
    distance: float  # from what is expected, about one for each difference


class Comparison(NamedTuple):
    """What a journal says to an expectation."""

    matches: Sequence[Recalled]
    near: Sequence[NearMiss]  # the nearest first


def compare(
    account: Account, contracts: Mapping[str, Contract], criteria: list[Criterion]
) -> Comparison:
    """The requests in an account's journal that meet all criteria, and those that almost do."""
    matches: list[Recalled] = []
    near: list[NearMiss] = []
    for entry in account.journal.entries:
        recalled = Recalled(entry, contracts)
        found = list(list_differences(criteria, recalled))
        if found:
            distance = sum(distance for distance, _ in found)
            near.append(NearMiss(recalled, [text for _, text in found], distance))
        else:
            matches.append(recalled)
    # Of equally near ones the latest, which is probably the one that a test has just caused.
    near.sort(key=lambda miss: (miss.distance, -miss.recalled.entry.seq))
    return Comparison(matches, near[:MAX_NEAR])


def read_counts(fields: Mapping[str, Any]) -> dict[str, int]:
    """How many are expected; raises ControlError for numbers that cannot all be."""
    counts = {name: fields[name] for name in COUNTS if name in fields} or {"at_least": 1}
    if "exactly" in counts and len(counts) > 1:
        raise ControlError(400, "'exactly' says it all", "leave out 'at_least' and 'at_most'")
    if counts.get("at_least", 0) > counts.get("at_most", counts.get("at_least", 0)):
        raise ControlError(400, "'at_least' is more than 'at_most'")
    return counts


def is_met(count: int, counts: Mapping[str, int]) -> bool:
    """Whether a number is one of those expected."""
    low = counts.get("exactly", counts.get("at_least", 0))
    high = counts.get("exactly", counts.get("at_most", count))
    return low <= count <= high


def explain(
    account: Account, criteria: list[Criterion], counts: Mapping[str, int], comparison: Comparison
) -> str:
    """Why an expectation is not met, for people: what was expected, what was, what is near."""
    expected = " and ".join(f"{name.replace('_', ' ')} {n}" for name, n in counts.items())
    count = len(comparison.matches)
    lines = [f"expected {expected} with {describe(criteria)}; {account.label} has made {count}"]
    forgotten = account.journal.total - len(account.journal.entries)
    if forgotten:
        lines.append(f"(its journal no longer has {forgotten} earlier requests)")
    if count:
        lines += (
            f"  this one fits: {name_request(each)}" for each in comparison.matches[:MAX_NEAR]
        )
    else:
        lines += (
            f"  near: {name_request(miss.recalled)}: {miss.differences[0]}"
            for miss in comparison.near
        )
    return "\n".join(lines)


def name_request(recalled: Recalled) -> str:
    """A request in short."""
    entry = recalled.entry
    return f"request {entry.seq}, {entry.method} {entry.target[:200]}"


def view_misses(misses: Iterable[NearMiss]) -> list[dict[str, Any]]:
    """Near misses as JSON."""
    return [
        {
            "seq": miss.recalled.entry.seq,
            "request": name_request(miss.recalled),
            "difference": miss.differences[0],
            "differences": list(miss.differences),
        }
        for miss in misses
    ]
