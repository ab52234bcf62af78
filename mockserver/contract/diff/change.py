"""What a comparison of two contracts says: a change, and whether clients get along with it."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple


class Verdict(StrEnum):
    """What a change does to a client that was written by the old contract."""

    BREAKING = "breaking"
    UNSURE = "cannot tell"
    COMPATIBLE = "compatible"


class Change(NamedTuple):
    """One difference between two contracts."""

    verdict: Verdict
    place: str  # operation, side and moment, or the word of ours: "inspect succeeded", "limits"
    pointer: str  # JSON pointer into the body, JSON in strings opened; "" for the whole
    told: str  # what changed, in a few words


ORDER: Final = {verdict: index for index, verdict in enumerate(Verdict)}


def sort_changes(changes: Iterable[Change]) -> list[Change]:
    """Changes without doubles, the worst first, else in their order."""
    return sorted(dict.fromkeys(changes), key=lambda change: ORDER[change.verdict])
