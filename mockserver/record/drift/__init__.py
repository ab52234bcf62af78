"""Drift: where the wire and a contract have come apart, how badly, and what would mend it."""

from collections.abc import Iterable

from mockserver.contract.model import Contract
from mockserver.record.drift.finding import Example, Finding, Place
from mockserver.record.drift.kind import RATINGS, Kind, Severity
from mockserver.record.drift.survey import Drift, Survey
from mockserver.record.exchange import Exchange

__all__ = [
    "RATINGS",
    "Drift",
    "Example",
    "Finding",
    "Kind",
    "Place",
    "Severity",
    "Survey",
    "find_drift",
]


def find_drift(exchanges: Iterable[Exchange], contracts: Iterable[Contract]) -> Drift:
    """Hold recognised exchanges, in the order in which they began, against their contracts."""
    survey = Survey(contracts)
    for exchange in exchanges:
        survey.see(exchange)
    return survey.close()
