"""Time: the clock that is given to everything else, and spans of time in words ("30s")."""

import re
import time
from collections.abc import Callable
from typing import Final, Protocol

_UNITS: Final = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_SPAN: Final = re.compile(r"(\d{1,12})(?:\.(\d{1,3}))?(ms|s|m|h|d)", re.ASCII)


class Clock(Protocol):
    """Whoever knows what time it is."""

    def now(self) -> int:
        """Milliseconds since the Unix epoch."""
        ...


def start_stopwatch() -> Callable[[], float]:
    """A function that tells how many seconds have gone by since now, whatever clocks show."""
    begin = time.monotonic()
    return lambda: time.monotonic() - begin


class SystemClock:
    """The wall clock of this machine."""

    def now(self) -> int:
        """Milliseconds since the Unix epoch."""
        return time.time_ns() // 1_000_000


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: int = 1_767_225_600_000) -> None:  # 2026-01-01T00:00:00Z
        self._now = start

    def now(self) -> int:
        """Milliseconds since the Unix epoch."""
        return self._now

    def advance(self, span: int) -> None:
        """Move on by a span in milliseconds; a clock does not go back."""
        if span < 0:
            raise ValueError(f"cannot advance a clock by {span} ms; give 0 or more")
        self._now += span


def parse_span(text: object) -> int:
    """Milliseconds in a span such as "250ms", "30s", "1.5s", "2m", "1h" or "14d"."""
    match = _SPAN.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{text!r} is no span of time; write a number and ms, s, m, h or d: '30s'")
    whole, fraction, unit = match.groups()
    thousandths = int(whole) * 1000 + int((fraction or "").ljust(3, "0"))
    if thousandths * _UNITS[unit] % 1000:
        raise ValueError(f"{text!r} is finer than a millisecond; write a whole number of ms")
    return thousandths * _UNITS[unit] // 1000


def parse_range(text: object) -> tuple[int, int]:
    """Shortest and longest span in milliseconds of "48s..66s"; "10s" is both at once."""
    ends = [parse_span(end) for end in str(text).split("..", 1)]
    low, high = ends[0], ends[-1]
    if high < low:
        raise ValueError(f"{text!r} ends before it begins; write the shorter span first")
    return low, high


def format_span(span: int) -> str:
    """The shortest exact way to write a span of milliseconds: 90000 is "90s", 120000 is "2m"."""
    unit = next((unit for unit, size in _UNITS.items() if span and span % size == 0), "s")
    return f"{span // _UNITS[unit]}{unit}"
