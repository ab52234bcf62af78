"""Criteria: which requests are meant, and in words what a request lacks to be one of them."""

from collections.abc import Callable, Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any, Final, NamedTuple

import orjson

from mockserver.contract.facts import FACTS
from mockserver.hint import suggest
from mockserver.web.control.fields import ControlError
from mockserver.web.control.recalled import MISSING, Recalled

MAX_SHOWN: Final = 80  # characters of a value

Read = Callable[[Recalled], object]

# What is compared as a whole, the more telling first: a request that differs there is no near miss.
_PLAIN: Final[Mapping[str, Read]] = {
    "provider": lambda recalled: recalled.entry.provider,
    "operation": lambda recalled: recalled.entry.operation,
    "method": lambda recalled: recalled.entry.method,
    "path": lambda recalled: recalled.path,
    "task": lambda recalled: recalled.entry.task_id,
    "status": lambda recalled: recalled.entry.status,
    "condition": lambda recalled: recalled.entry.condition,
    "scenario": lambda recalled: recalled.entry.scenario,
    "fault": lambda recalled: recalled.entry.fault,
    "violations": lambda recalled: bool(recalled.entry.violations),
}
_FAR: Final = frozenset({"provider", "operation", "method", "path"})
_GROUPS: Final = ("headers", "facts", "body")
WORDS: Final = (*_PLAIN, *_GROUPS)


class Criterion(NamedTuple):
    """One thing that a request must have."""

    label: str
    read: Read
    wanted: "Wanted"
    is_far: bool = False  # what differs here is quite another request

    def explain(self, recalled: Recalled) -> str | None:
        """What is otherwise; None if it is as wanted."""
        found = self.read(recalled)
        if self.wanted.fits(found):
            return None
        is_gone = found is MISSING or found is None
        return f"{self.label} is {'missing' if is_gone else show(found)}, not {self.wanted.words}"


class Wanted(NamedTuple):
    """What a value must be."""

    words: str
    fits: Callable[[object], bool]
    text: str | None = None  # that it should be or hold

    def compare(self, found: object) -> float:
        """How much a text is like the wanted one, from 0 to 1."""
        if self.text is None or not isinstance(found, str):
            return 0.0
        return SequenceMatcher(None, found[:MAX_SHOWN], self.text[:MAX_SHOWN]).quick_ratio()


def read_criteria(words: Mapping[str, Any]) -> list[Criterion]:
    """The criteria that some words mean; raises ControlError for what cannot be one."""
    found = [
        Criterion(n, r, _want_plain(n, words[n]), n in _FAR)
        for n, r in _PLAIN.items()
        if n in words
    ]
    for group in _GROUPS:
        rows = words.get(group, {})
        if not isinstance(rows, Mapping):
            raise ControlError(400, f"{group!r} must be an object of names and values")
        found += (_read_member(group, name, rows[name]) for name in rows)
    return found


def _want_plain(name: str, value: object) -> Wanted:
    """A plain criterion; an operation may be called by its role, a condition with dashes."""
    if name == "condition" and isinstance(value, str):
        value = value.replace("-", "_")
    return want(value)


def _read_member(group: str, name: str, value: object) -> Criterion:
    wanted = want(value)
    if group == "headers":
        return Criterion(f"header {name}", lambda r: r.entry.headers.get(name.lower()), wanted)
    if group == "body":
        if name and not name.startswith("/"):
            hint = f"write /{name.replace('.', '/')}"
            raise ControlError(400, f"{name!r} is no JSON pointer into the body", hint)
        return Criterion(f"body {name}", lambda r: r.find(name), wanted)
    if name not in FACTS:
        raise ControlError(400, f"there is no fact {name!r}", suggest(name, FACTS))
    return Criterion(name, lambda r: r.facts.get(name), wanted)


def want(value: object) -> Wanted:
    """What a value is held against: itself, or one word such as {"contains": "fox"}."""
    if isinstance(value, Wanted):
        return value
    if isinstance(value, dict) and len(value) == 1:
        (word, operand), *_ = value.items()
        if word in _TESTS:
            return _TESTS[word](operand)
    text = value if isinstance(value, str) else None
    return Wanted(show(value), lambda found: _is_same(found, value), text)


def _is_same(found: object, value: object) -> bool:
    return found == value and isinstance(found, bool) == isinstance(value, bool)


def _want_part(part: object) -> Wanted:
    if not isinstance(part, str):
        raise ControlError(400, "'contains' takes a text")
    lower = part.casefold()

    def fits(found: object) -> bool:
        if isinstance(found, list):
            return any(isinstance(each, str) and lower in each.casefold() for each in found)
        return isinstance(found, str) and lower in found.casefold()

    return Wanted(f"one that contains {show(part)}", fits, part)


def _want_any(values: object) -> Wanted:
    if not isinstance(values, list):
        raise ControlError(400, "'one_of' takes a list")
    words = " or ".join(map(show, values))
    return Wanted(words, lambda found: any(_is_same(found, value) for value in values))


def _want_presence(is_there: object) -> Wanted:
    if not isinstance(is_there, bool):
        raise ControlError(400, "'present' takes true or false")
    words = "present" if is_there else "absent"
    return Wanted(words, lambda found: (found is not MISSING and found is not None) is is_there)


_TESTS: Final[Mapping[str, Callable[[Any], Wanted]]] = {
    "contains": _want_part,
    "one_of": _want_any,
    "present": _want_presence,
    "equals": lambda value: Wanted(show(value), lambda found: _is_same(found, value)),
}


def list_differences(criteria: list[Criterion], recalled: Recalled) -> Iterator[tuple[float, str]]:
    """What keeps a request from meeting all criteria, and how far each takes it from that."""
    for criterion in criteria:
        difference = criterion.explain(recalled)
        if difference is not None:
            likeness = criterion.wanted.compare(criterion.read(recalled))
            yield len(criteria) if criterion.is_far else 1 - likeness / 2, difference


def describe(criteria: list[Criterion]) -> str:
    """All criteria in words."""
    return " and ".join(f"{each.label} {each.wanted.words}" for each in criteria) or "of any kind"


def show(value: object) -> str:
    """A value as JSON, cut if it is long."""
    text = orjson.dumps(value, default=str).decode()
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"
