"""Everything that can be wrong with a setup; what goes wrong on the wire is data instead.

MockServerError
├─ UsageError               a flag, a name or a value that cannot be
├─ PortInUse                somebody else listens there
├─ ContractError            where · problem · hint
├─ ScenarioError            an unknown scenario
├─ ControlFailed            status · error · hint
│  └─ ExpectationFailed     near misses; an AssertionError, too
├─ RecordingError           a recording that cannot be read or written
└─ MediaError               a file that is no result file
"""

from collections.abc import Sequence
from typing import NamedTuple


class NearMiss(NamedTuple):
    """A request that is almost one of those expected."""

    seq: int  # its number in the journal of its account
    request: str  # in short
    difference: str  # what to look at first
    differences: tuple[str, ...]  # all of them


class MockServerError(Exception):
    """Something is wrong with what the caller set up; the text says what, where and what to do."""


class UsageError(MockServerError):
    """A flag, a name or a value that cannot be used."""


class PortInUse(MockServerError):
    """Another process listens on the asked port."""


class ContractError(MockServerError):
    """A contract cannot be read; `where` is its file and a JSON pointer."""

    def __init__(self, where: str, problem: str, hint: str = "") -> None:
        self.where = where
        self.problem = problem
        self.hint = hint
        super().__init__(f"{where}: {problem}" + (f" ({hint})" if hint else ""))


class ScenarioError(MockServerError):
    """A scenario that does not exist was asked for."""


class ControlFailed(MockServerError):
    """A control call was refused; `status` is None if there was no answer."""

    def __init__(self, status: int | None, error: str, hint: str = "") -> None:
        self.status = status
        self.error = error
        self.hint = hint
        super().__init__(error + (f" ({hint})" if hint else ""))


class ExpectationFailed(ControlFailed, AssertionError):
    """A client did not do what it should; the text has what it did that is nearest to that."""

    def __init__(self, error: str, near_misses: Sequence[NearMiss] = ()) -> None:
        self.near_misses = tuple(near_misses)
        super().__init__(417, error)


class RecordingError(MockServerError):
    """A recording cannot be read or written; the text names the file and the entry."""

    def __init__(self, problem: str, hint: str = "") -> None:
        self.hint = hint
        super().__init__(problem + (f" ({hint})" if hint else ""))


class MediaError(MockServerError):
    """A picture cannot be drawn; or a file is no result, is damaged, or carries nothing of ours."""
