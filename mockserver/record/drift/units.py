"""Numbers that count seconds where the contract counts milliseconds, or the reverse."""

from collections.abc import Iterator
from typing import Final

from mockserver.contract.leaf import Schema
from mockserver.record.drift.finding import Deviation
from mockserver.record.drift.kind import Kind
from mockserver.record.outline import Leaf, find_value

_BORDER: Final = 100_000_000_000  # seconds till the year 5138; in milliseconds, March 1973
_FIRST: Final = 100_000_000  # seconds: March 1973; smaller numbers are no moments

_OTHER: Final = {
    "unix-ms": "unix-s",
    "unix-s": "unix-ms",
    "duration-ms": "duration-s",
    "duration-s": "duration-ms",
}
_SLACK: Final = 1_100  # milliseconds by which a span may differ: seconds are cut


def find_wrong_units(leaves: tuple[Leaf, ...], opened: object) -> Iterator[Deviation]:
    """Moments whose size, and spans whose relation to the moments, tells of another unit."""
    moments: dict[str, int] = {}
    for leaf, value in _list_numbers(leaves, opened, "unix-"):
        seen = _name_unit(value)
        if seen is not None:
            moments[leaf.fact] = round(value if seen == "unix-ms" else value * 1000)
            if seen != leaf.schema["format"]:
                yield _deviate(leaf, value)
    if {"task.created", "task.finished"} <= moments.keys():
        span = moments["task.finished"] - moments["task.created"]
        for leaf, value in _list_numbers(leaves, opened, "duration-"):
            if leaf.fact == "task.elapsed" and _contradicts(value, leaf.schema["format"], span):
                yield _deviate(leaf, value)


def _list_numbers(
    leaves: tuple[Leaf, ...], opened: object, start: str
) -> Iterator[tuple[Leaf, int | float]]:
    """The numbers whose format begins so."""
    for leaf in leaves:
        value = find_value(opened, leaf.pointer)
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if str(leaf.schema.get("format", "")).startswith(start):
            yield leaf, value


def name_other(schema: Schema) -> str:
    """The format that counts in the other unit."""
    return _OTHER[schema["format"]]


def _name_unit(value: float) -> str | None:
    """The unit that a moment must be in; None for what is none."""
    if value >= _BORDER:
        return "unix-ms"
    return "unix-s" if value >= _FIRST else None


def _contradicts(value: float, name: str, span: int) -> bool:
    """Whether a span is right only in the other unit."""
    as_unit = {"duration-ms": value, "duration-s": value * 1000}
    slack = max(_SLACK, span // 10)
    said, other = as_unit[name], as_unit[_OTHER[name]]
    return abs(said - span) > slack and abs(other - span) <= slack


def _deviate(leaf: Leaf, value: object) -> Deviation:
    unit = {"ms": "milliseconds", "s": "seconds"}
    said = unit[leaf.schema["format"].rpartition("-")[2]]
    seen = unit[name_other(leaf.schema).rpartition("-")[2]]
    return Deviation(Kind.UNIT, leaf.pointer, said, value, f"{seen} came")
