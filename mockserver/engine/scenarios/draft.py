"""A draft: a scenario as a file has it, before anybody asks what a provider makes of it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from mockserver.clock import parse_range
from mockserver.contract.model import Contract, Failure
from mockserver.contract.moments import CONDITIONS, FINAL, Phase
from mockserver.draw import parse_pattern
from mockserver.engine.scenarios.pace import BY_TIME, Mover, Pace
from mockserver.engine.scenarios.scenario import Scenario, can_meet
from mockserver.engine.trouble.fault import FaultRule, Registry
from mockserver.engine.trouble.words import read_rule
from mockserver.errors import UsageError
from mockserver.hint import suggest

ANY: Final = "any"  # any failure of the contract, drawn for each task
MAX_POLLS: Final = 1_000
MAX_FACTOR: Final = 10_000

_MOVERS: Final = frozenset(Mover) - {Mover.POLLS}
_CHANGES: Final = ("outcome", "failure", "condition", "pace", "faults", "ids")
_KEYS: Final = ("sentence", *_CHANGES, "providers")
_OF_TASKS: Final = frozenset({"outcome", "failure", "pace", "ids"})


@dataclass(frozen=True, slots=True)
class Draft:
    """What a scenario file says."""

    name: str
    sentence: str
    outcome: Phase
    failure: str | None  # a neutral name, ANY, or None for the contract's first
    condition: str | None
    pace: Pace
    faults: tuple[FaultRule, ...]
    ids: str | None  # pattern of task ids; None for that of the contract
    providers: tuple[str, ...]  # it is for; empty for all
    source: str  # the file

    def apply(self, contract: Contract) -> Scenario | None:
        """What it means for a provider; None if it is not for it, or asks for what it never does.

        That may be a failure or an outcome that it does not have, or a condition that it cannot
        meet.
        """
        failures = self._find_failures(contract)
        outcomes = {state.phase for state in contract.lifecycle.states}
        if (
            (self.providers and contract.name not in self.providers)
            or self.outcome not in outcomes
            or (self.outcome is Phase.FAILED and not failures)
            or (self.condition and not can_meet(contract, self.condition))
            or not all(rule.fault.is_for(contract) for rule in self.faults)
        ):
            return None
        return Scenario(
            self.name,
            self.sentence,
            self.outcome,
            failures,
            self.condition,
            self.pace,
            self.faults,
            self.ids,
            self.source,
        )

    def _find_failures(self, contract: Contract) -> tuple[Failure, ...]:
        if self.outcome is not Phase.FAILED:
            return ()
        usual = tuple(contract.failures.values())
        if self.failure in (ANY, None):
            return usual if self.failure else usual[:1]
        return tuple(x for x in contract.every_failure.values() if x.name == self.failure)


class Problem(NamedTuple):
    """Something that is wrong with a file."""

    place: tuple[str | int, ...]  # keys and numbers that lead there
    problem: str
    hint: str = ""


class DraftReader:
    """Reads one file's mapping; what is wrong with it is collected, and all of it told at once."""

    def __init__(self, registry: Registry | None) -> None:
        self.problems: list[Problem] = []
        self._registry = registry

    def read(self, name: str, source: str, found: Mapping[str, Any]) -> Draft:
        """The draft; it is of use only if there are no problems."""
        for key in found:
            if key not in _KEYS:
                self._complain((key,), f"there is no {key!r} in a scenario", suggest(key, _KEYS))
        self._check_sense(found)
        failure = found.get("failure")
        return Draft(
            name,
            self._read_sentence(found.get("sentence")),
            self._read_outcome(found.get("outcome"), failure),
            failure if isinstance(failure, str) else None,
            self._read_condition(found.get("condition")),
            self._read_pace(found.get("pace")),
            tuple(self._read_faults(found["faults"])) if "faults" in found else (),
            self._read_ids(found.get("ids")),
            tuple(self._read_providers(found.get("providers", []))),
            source,
        )

    def _complain(self, place: tuple[str | int, ...], problem: str, hint: str = "") -> None:
        self.problems.append(Problem(place, problem, hint))

    def _check_sense(self, found: Mapping[str, Any]) -> None:
        """Whether its parts go together, and do anything."""
        if found.keys().isdisjoint(_CHANGES):
            self._complain((), "it changes nothing", f"say one of {', '.join(_CHANGES)}")
        if "condition" in found:
            for key in _OF_TASKS.intersection(found):
                problem = f"{key!r} says nothing about calls that are refused"
                self._complain((key,), problem, "leave out it or 'condition'")

    def _read_sentence(self, value: object) -> str:
        if value is None:
            self._complain((), "it has no sentence", "say in 'sentence' what happens")
        elif not isinstance(value, str) or not value.endswith(".") or not value[:1].isupper():
            hint = "begin with a capital, end with a full stop"
            self._complain(("sentence",), f"{value!r} is no sentence", hint)
        return str(value)

    def _read_outcome(self, value: object, failure: object) -> Phase:
        if value not in (None, *FINAL):
            hint = suggest(str(value), sorted(map(str, FINAL)))
            self._complain(("outcome",), f"no task ends {value!r}", hint)
        if failure is not None and not isinstance(failure, str):
            self._complain(("failure",), f"{failure!r} is no name of a failure")
        if failure is None:
            return Phase(str(value)) if value in (*FINAL,) else Phase.SUCCEEDED
        if value not in (None, Phase.FAILED):
            self._complain(
                ("failure",), f"a task that ends {value!r} has no failure", "leave it out"
            )
        return Phase.FAILED

    def _read_condition(self, value: object) -> str | None:
        name = value.replace("-", "_") if isinstance(value, str) else value
        if name is not None and name not in CONDITIONS:
            known = [condition.replace("_", "-") for condition in CONDITIONS]
            hint = suggest(str(value), known)
            self._complain(("condition",), f"there is no condition {value!r}", hint)
        return name if isinstance(name, str) else None

    def _read_pace(self, value: object) -> Pace:
        try:
            return read_pace(value)
        except ValueError as error:
            hint = "time, instant, manual, {polls: 3}, {takes: 90s..120s} or {factor: 5}"
            self._complain(("pace",), str(error), hint)
            return BY_TIME

    def _read_ids(self, value: object) -> str | None:
        if value is None:
            return None
        try:
            if isinstance(value, str) and any(fill for _, fill, _ in parse_pattern(value)):
                return value
            problem = f"{value!r} makes no ids"
        except ValueError as error:
            problem = str(error)
        self._complain(("ids",), problem, "write what is drawn in braces: 'my/{hex:16}'")
        return None

    def _read_faults(self, value: object) -> Iterator[FaultRule]:
        if not isinstance(value, list) or self._registry is None:
            self._complain(("faults",), "'faults' is no list", "- {fault: reset, count: 1}")
            return
        for number, each in enumerate(value):
            try:
                yield read_rule(each, self._registry, "its fault")
            except UsageError as error:
                self._complain(("faults", number), str(error))

    def _read_providers(self, value: object) -> Iterator[str]:
        if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
            self._complain(("providers",), "'providers' is no list of names")
            return
        yield from value


def read_pace(value: object) -> Pace:
    """The pace that a file says; ValueError says what is wrong with it."""
    if value is None:
        return BY_TIME
    if isinstance(value, str) and value in _MOVERS:
        return Pace(Mover(value))
    if not isinstance(value, dict) or len(value) != 1:
        raise ValueError(f"{value!r} is no pace")
    (name, number), *_ = value.items()
    if name not in _PACES:
        raise ValueError(f"there is no pace {name!r}")
    return _PACES[name](number)


def _read_polls(number: object) -> Pace:
    if type(number) is not int or not 1 <= number <= MAX_POLLS:
        raise ValueError(f"{number!r} is no number of polls, from 1 to {MAX_POLLS}")
    return Pace(Mover.POLLS, polls=number)


def _read_factor(number: object) -> Pace:
    if not isinstance(number, int | float) or not 0 < number <= MAX_FACTOR:
        raise ValueError(f"{number!r} is no factor, above 0 and up to {MAX_FACTOR:,}")
    return Pace(factor=float(number))


_PACES: Final[Mapping[object, Callable[[object], Pace]]] = {
    "polls": _read_polls,
    "takes": lambda span: Pace(takes=parse_range(span)),
    "factor": _read_factor,
}
