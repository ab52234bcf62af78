"""Cases: what the server does to a client, and what must be seen of the client then.

A case is a function over the evidence of one trial. It yields findings and does nothing else. The
decorator says the rest: what is required and why, and the scenario in which the client is put.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mockserver.conformance.evidence import Evidence
from mockserver.conformance.feature import Ability, Feature
from mockserver.conformance.verdict import Finding, Severity
from mockserver.contract.model import Contract

MUST: Final = Severity.MUST
SHOULD: Final = Severity.SHOULD

PROMPT: Final = "a red fox in the snow, photographed at dawn"

Judge = Callable[[Evidence], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Setting:
    """What the server does, and how the client is run; spans in seconds of real time."""

    scenario: Mapping[str, Any] = field(default_factory=dict)  # as a scenario file has it
    prompts: tuple[str, ...] = (PROMPT,)  # the client runs once for each, all at the same time
    credits: float | None = None  # at the start; None for the contract's opening balance
    edition: str | None = None  # of the contract; None for the one that is judged by
    account: Mapping[str, Any] = field(default_factory=dict)  # settings of the account
    variables: Mapping[str, str] = field(default_factory=dict)  # of the client, in place of others
    interrupt_after: int | None = None  # polls, after which the client is sent SIGINT
    quiet: float = 0.0  # for how long the server watches on when the client has ended
    patience: float | None = None  # for the client to end; None for that of the suite
    is_optional: bool = False  # whether a fault may go unmet, as where a client need not call twice


Settings = Callable[[Contract], Mapping[str, Setting]]  # by what tells them apart


@dataclass(frozen=True, slots=True)
class Case:
    """One rule for clients, and how it is put to the test."""

    id: str
    title: str  # what a client does that keeps the rule
    severity: Severity
    source: str  # whose rule it is
    judge: Judge
    requirement: str  # the rule in a sentence or two: the function's docstring
    needs: frozenset[Feature]
    asks: frozenset[Ability]
    settings: Settings


@dataclass(frozen=True, slots=True)
class Trial:
    """A case in one of its settings."""

    case: Case
    name: str  # the case's id, and what tells the setting apart
    setting: Setting


def case(  # noqa: PLR0913 - most of them stand in every case, in this order
    id: str,  # noqa: A002 - the word for it everywhere
    title: str,
    severity: Severity,
    source: str,
    *,
    needs: Iterable[Feature] = (),
    asks: Iterable[Ability] = (),
    setting: Setting | Settings | None = None,
    **scenario: Any,
) -> Callable[[Judge], Case]:
    """Make a judging function a case; `scenario` holds the words of a scenario file.

    `setting` stands for more than a scenario; as a function of the contract it may be several.
    """

    def build(judge: Judge) -> Case:
        return Case(
            id,
            title,
            severity,
            source,
            judge,
            " ".join((judge.__doc__ or "").split()),
            frozenset(needs),
            frozenset(asks),
            setting if callable(setting) else lambda _: {"": setting or Setting(scenario)},
        )

    return build


def list_trials(case: Case, contract: Contract) -> list[Trial]:
    """A case in all of its settings for a contract; in an empty one if it does not apply to it."""
    settings = case.settings(contract) or {"": Setting()}
    return [
        Trial(case, f"{case.id}/{name}" if name else case.id, setting)
        for name, setting in settings.items()
    ]
