"""How facts are written on the wire: encodings of time and money, both ways."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from mockserver.contract.facts import FACTS, Kind

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Format:
    """One encoding: `write` makes the wire's value of a fact, `read` makes the fact again."""

    write: Callable[[int], object]
    read: Callable[[object], object]


def _write_date(pattern: str) -> Callable[[int], object]:
    return lambda ms: (EPOCH + timedelta(milliseconds=ms)).strftime(pattern)


def _write_date_ms(ms: int) -> object:
    moment = EPOCH + timedelta(milliseconds=ms)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _read_date(value: object) -> int:
    moment = datetime.fromisoformat(str(value))
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - EPOCH) // timedelta(milliseconds=1)


def _scale(factor: int) -> Format:
    return Format(lambda ms: ms // factor, lambda value: int(float(str(value)) * factor))


def _write_credits(thousandths: int) -> object:
    whole, rest = divmod(thousandths, 1000)
    return thousandths / 1000 if rest else whole


def _read_credits(value: object) -> int:
    return round(float(str(value)) * 1000)


# kind of fact -> name in `format` -> encoding; None stands for "no format given"
FORMATS: Final[dict[Kind, dict[str | None, Format]]] = {
    Kind.INSTANT: {
        "unix-ms": _scale(1),
        "unix-s": _scale(1000),
        "date-time": Format(_write_date("%Y-%m-%dT%H:%M:%SZ"), _read_date),
        "date-time-ms": Format(_write_date_ms, _read_date),
        "date-time-space": Format(_write_date("%Y-%m-%d %H:%M:%S"), _read_date),
    },
    Kind.SPAN: {
        "duration-ms": _scale(1),
        "duration-s": _scale(1000),
    },
    Kind.SECONDS: {
        None: _scale(1),
        "duration-s": _scale(1),
        "duration-ms": Format(lambda s: s * 1000, lambda value: int(float(str(value))) // 1000),
    },
    Kind.CREDITS: {
        None: Format(_write_credits, _read_credits),
        "decimal": Format(lambda thousandths: thousandths / 1000, _read_credits),
    },
}

# How a fact reads within a sentence, where no `format` can say it.
_SPOKEN: Final[dict[Kind, Callable[[Any], object]]] = {
    Kind.INSTANT: FORMATS[Kind.INSTANT]["date-time"].write,
    Kind.SPAN: FORMATS[Kind.SPAN]["duration-s"].write,
    Kind.CREDITS: _write_credits,
    Kind.TEXTS: ", ".join,
}


def say(fact: str, value: object) -> str:
    """A fact as part of a text: credits as a number, spans in seconds; nothing if it is None."""
    if value is None:
        return ""
    speak = _SPOKEN.get(FACTS.get(fact, Kind.TEXT))
    return str(value if speak is None else speak(value))
