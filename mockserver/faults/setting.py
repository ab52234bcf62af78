"""Settings of faults: fields of a dataclass that know their kind, their default and a sentence."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Final

import orjson

from mockserver.clock import format_span, parse_span

MAX_SPAN: Final = 3_600_000  # milliseconds of real time that a reply may be held back

_TOKEN: Final = re.compile(r"[\w!#$%&'*+.^`|~-]{1,100}", re.ASCII)
# The wire itself says these.
_FRAMING: Final = frozenset({"connection", "content-length", "content-type", "transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Kind:
    """What a setting may be."""

    words: str
    read: Callable[[Any], object]  # raises ValueError


def setting(default: object, kind: Kind, says: str) -> Any:
    """A field of a fault; the default is written as people would."""
    value = None if default is None else kind.read(default)
    metadata = {"kind": kind, "default": _write(default), "says": says}
    return field(default_factory=lambda: value, metadata=metadata)


def choice(*names: str) -> Kind:
    """One of some words."""

    def read(value: object) -> object:
        if value not in names:
            raise ValueError
        return value

    return Kind(" or ".join(names), read)


def number(low: float, high: float) -> Kind:
    """A number within bounds."""

    def read(value: object) -> float:
        is_number = type(value) in (int, float)
        if not is_number or not isfinite(value) or not low <= value <= high:  # type: ignore[arg-type,operator]
            raise ValueError
        return float(value)  # type: ignore[arg-type]

    return Kind(f"a number from {low:g} to {high:g}", read)


def whole(low: int, high: int) -> Kind:
    """A whole number within bounds."""

    def read(value: object) -> int:
        if type(value) is not int or not low <= value <= high:
            raise ValueError
        return value

    return Kind(f"a whole number from {low} to {high}", read)


def maybe(kind: Kind) -> Kind:
    """A value of a kind, or null."""
    return Kind(f"{kind.words}, or null", lambda value: None if value is None else kind.read(value))


def _read_span(value: object) -> int:
    span = parse_span(value)
    if span > MAX_SPAN:
        raise ValueError
    return span


def _read_flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _read_text(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable() or not value or len(value) > 1_000:
        raise ValueError
    return value


def _read_any_text(value: object) -> str:
    return "" if value == "" else _read_text(value)


def _read_header(value: object) -> str:
    text = _read_text(value)
    if not text.isascii():
        raise ValueError
    return text


def _read_status(value: object) -> int:
    if type(value) is not int or not 200 <= value <= 599 or value in (204, 205, 304):
        raise ValueError
    return value


def _read_names(value: object) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not names:
        raise ValueError
    return tuple(_read_text(name) for name in names)


def _read_headers(value: object) -> Mapping[str, str]:
    if not isinstance(value, Mapping) or not value:
        raise ValueError
    found = {}
    for name, text in value.items():
        if not isinstance(name, str) or not _TOKEN.fullmatch(name) or name.lower() in _FRAMING:
            raise ValueError
        found[name] = "" if text == "" else _read_header(text)
    return found


def _read_members(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise ValueError
    try:
        orjson.dumps(value)
    except TypeError as error:  # YAML has more than JSON
        raise ValueError from error
    return dict(value)


SPAN: Final = Kind(f"a span of time such as '250ms', up to {format_span(MAX_SPAN)}", _read_span)
ANY_SPAN: Final = Kind("a span of time such as '30s'", parse_span)
FLAG: Final = Kind("true or false", _read_flag)
TEXT: Final = Kind("a text of one line", _read_text)
ANY_TEXT: Final = Kind("a text of one line, or ''", _read_any_text)
HEADER: Final = Kind("a text of one line in ASCII", _read_header)
STATUS: Final = Kind("an HTTP status from 200 to 599 that has a body", _read_status)
PART: Final = number(0, 1)
NAMES: Final = Kind("a name, or a list of names", _read_names)
HEADERS: Final = Kind("an object of names and values, none of those that frame", _read_headers)
MEMBERS: Final = Kind("a JSON object", _read_members)


def _write(default: object) -> str:
    if default is None:
        return "null"
    return str(default).lower() if isinstance(default, bool) else str(default)
