"""Everything that can be wrong with a setup; what goes wrong on the wire is data instead.

MockServerError
├─ UsageError               a flag, a name or a value that cannot be
├─ PortInUse                somebody else listens there
├─ ContractError            where · problem · hint
├─ ScenarioError            an unknown scenario
├─ ControlFailed            status · error · hint
└─ MediaError               a file that is no result file
"""


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


class MediaError(MockServerError):
    """A picture cannot be drawn; or a file is no image, is damaged, or carries nothing of ours."""
