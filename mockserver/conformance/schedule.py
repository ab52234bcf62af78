"""Schedules of faults: what a server does in one run of an exploration."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mockserver.errors import UsageError

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

PACES: Final = (1, 2, 3, 4)  # polls after which a task has ended
MOST: Final = 4  # faults in a schedule
_CALLS: Final = ("inspect", "submit")
_ANYWHERE: Final = ("reset", "empty-reply", "html-page", "cut-body")
_PASSING: Final = (500, 502, 503, 504, 408, 425)


@dataclass(frozen=True)
class Schedule:
    """After how many polls a task has ended, and what is broken meanwhile."""

    polls: int
    faults: tuple[Mapping[str, Any], ...]

    def write(self) -> str:
        """The schedule as a scenario file."""
        lines = ["sentence: Found by an exploration.", f"pace: {{polls: {self.polls}}}"]
        if self.faults:
            lines.append("faults:")
        for fault in self.faults:
            words = sorted(fault.items(), key=lambda word: word[0] != "fault")
            lines.append(f"  - {{{', '.join(f'{name}: {value}' for name, value in words)}}}")
        return "\n".join(lines) + "\n"


def draw_schedules() -> "SearchStrategy[Schedule]":
    """What hypothesis draws: few faults, each for one request, simple ones first.

    Raises UsageError if hypothesis is not installed.
    """
    try:
        from hypothesis import strategies as st
    except ImportError as error:
        hint = "install the package with its extra `test`"
        raise UsageError(f"an exploration needs hypothesis, which is missing; {hint}") from error
    nth = st.integers(1, 4)
    call, place = st.sampled_from(_CALLS), st.sampled_from((*_CALLS, "file"))
    fault = st.one_of(
        _draw(st, fault="status", status=st.sampled_from(_PASSING), operation=call, nth=nth),
        *(_draw(st, fault=kind, operation=place, nth=nth) for kind in _ANYWHERE),
        _draw(st, fault="malformed-json", operation=call, nth=nth),
        _draw(st, fault="rate-limit", operation=call, nth=nth, retry_after=1),
        _draw(st, fault="latency", operation=place, nth=nth, span="200ms"),
        _draw(st, fault="unknown-state", operation="inspect", nth=nth),
        _draw(st, fault="extra-fields", operation=call, nth=nth),
    )
    faults = st.lists(fault, max_size=MOST).map(tuple)
    return st.builds(Schedule, st.sampled_from(PACES), faults)


def _draw(st: Any, **words: Any) -> "SearchStrategy[dict[str, Any]]":
    """A fault of one kind; words that are no strategies stand as they are."""
    ready = {
        name: value if isinstance(value, st.SearchStrategy) else st.just(value)
        for name, value in words.items()
    }
    found: SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(ready)
    return found
