"""Deviations counted by place, in bounded memory."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from mockserver.contract.shape import Shape
from mockserver.record.drift.finding import Deviation, Example, Finding, Place
from mockserver.record.drift.kind import ORDER, Kind
from mockserver.record.exchange import Exchange

MAX_PLACES: Final = 2_000  # that are told apart
_MAX_TEXT: Final = 200  # characters of a text that are kept
_DEEPEST: Final = 8  # levels of a value that are kept


class Tally:
    """Every difference that was found, grouped by place and kind."""

    def __init__(self) -> None:
        self._findings: dict[tuple[Place, Kind], Finding] = {}
        self._judged: Counter[tuple[str, str, str, str]] = Counter()
        self.left_out = 0  # differences at further places

    def judge(self, place: Place) -> None:
        """Count an exchange as one that was held against the shape of a place."""
        self._judged[place[:4]] += 1

    def add(self, place: Place, deviation: Deviation, exchange: Exchange, shape: Shape) -> None:
        """Count a deviation at the place whose pointer it names."""
        key = (place._replace(pointer=deviation.pointer), deviation.kind)
        value = _cut(deviation.value)
        found = self._findings.get(key)
        if found is None:
            if len(self._findings) >= MAX_PLACES:
                self.left_out += 1
                return
            example = Example(exchange.started, exchange.task_id, value)
            found = self._findings[key] = Finding(
                key[0], deviation.kind, deviation.expected, deviation.note, example, shape.where
            )
        found.add(value, deviation.keyword)

    def close(self) -> list[Finding]:
        """The findings, the worst first, then the most frequent."""
        for finding in self._findings.values():
            finding.of = self._judged[finding.place[:4]]
        return sort_findings(self._findings.values())


def sort_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Findings in the order in which people want to read them."""
    return sorted(findings, key=lambda f: (ORDER[f.severity], -f.count, f.place, f.kind))


def _cut(value: object, depth: int = 0) -> object:
    """A value that does not fill the memory."""
    if depth == _DEEPEST:
        return "…"
    if isinstance(value, str):
        return value if len(value) <= _MAX_TEXT else f"{value[:_MAX_TEXT]}…"
    if isinstance(value, list):
        return [_cut(child, depth + 1) for child in value[:3]]
    if isinstance(value, dict):
        return {name: _cut(child, depth + 1) for name, child in list(value.items())[:20]}
    return value
