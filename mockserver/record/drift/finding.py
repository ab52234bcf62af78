"""One difference between the wire and a contract, and all of the same kind at one place."""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from mockserver.record.drift.kind import RATINGS, Kind, Severity

ABSENT: Final = object()  # the value of what is not there
MAX_VALUES: Final = 8  # different values that are kept of one place


class Place(NamedTuple):
    """Where something differs: an operation, a side of it, a moment, a pointer into the body."""

    provider: str
    operation: str
    side: str  # "request", "reply" or "callback"
    moment: str  # of the shape: "succeeded", or several: "queued|running"
    pointer: str  # JSON pointer, JSON inside strings opened; or "HTTP status", "content-type"


class Deviation(NamedTuple):
    """What differs in one exchange."""

    kind: Kind
    pointer: str
    expected: str  # what the contract says, in a few words
    value: object = ABSENT  # the JSON value that came instead
    note: str = ""
    keyword: str = ""  # of the schema that was broken, if it was one


class Example(NamedTuple):
    """The first exchange that showed a difference."""

    started: int  # milliseconds since the Unix epoch
    task_id: str | None
    value: object  # ABSENT if there is none


@dataclass(slots=True)
class Finding:
    """All differences of one kind at one place."""

    place: Place
    kind: Kind
    expected: str
    note: str
    example: Example
    where: str  # the schema's place in its contract
    count: int = 0
    of: int = 0  # exchanges with the same shape
    types: set[str] = field(default_factory=set)  # of the values, as JSON names them
    values: list[object] = field(default_factory=list)  # different ones, the first MAX_VALUES
    keywords: set[str] = field(default_factory=set)  # of the schema that were broken

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return RATINGS[self.kind].severity

    def add(self, value: object, keyword: str = "") -> None:
        """Count one more exchange."""
        self.count += 1
        if keyword:
            self.keywords.add(keyword)
        if value is ABSENT:
            return
        self.types.add(name_type(value))
        if len(self.values) < MAX_VALUES and not _holds(self.values, value):
            self.values.append(value)


def _holds(values: list[object], value: object) -> bool:
    # In JSON, true is not 1.
    return any(type(each) is type(value) and each == value for each in values)


def name_type(value: object) -> str:
    """The JSON type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"
