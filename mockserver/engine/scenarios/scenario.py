"""Scenarios: what shall happen this time, asked for by name."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mockserver.contract.model import Contract, Failure, Operation
from mockserver.contract.moments import CONDITIONS, FALLBACK, Phase
from mockserver.draw import Draw
from mockserver.engine.scenarios.pace import BY_TIME, Pace
from mockserver.engine.trouble.fault import FaultRule
from mockserver.errors import ScenarioError

DEFAULT: Final = "succeeds"
OF_CONTRACT: Final = "contract"

_SENTENCES: Final = {
    "unauthorized": "Every call is refused as if its key were wrong.",
    "malformed": "Every body is refused as unreadable.",
    "missing_field": "Every call is refused as if a required field were missing.",
    "bad_value": "Every call is refused as if a field had a bad value.",
    "unknown_model": "Every submit is refused as if there were no such model.",
    "invalid_request": "Every call is refused as an invalid request.",
    "not_found": "Every task that is asked for is unknown.",
    "not_yet_visible": "Every task that is asked for cannot be seen yet.",
    "expired": "Every task that is asked for is gone.",
    "insufficient_credits": "Every submit is refused for lack of credits.",
    "key_limit_reached": "Every call is refused because the key has reached its limit.",
    "rate_limited": "Every call is refused as one too many in its time.",
    "too_many_active": "Every submit is refused because too many tasks are active.",
    "conflict": "Every submit is refused as a conflict with an earlier one.",
    "generation_failed": "Every call is refused as a failed generation.",
    "maintenance": "Every call is refused because of maintenance.",
    "feature_disabled": "Every call is refused because its feature is switched off.",
    "no_such_resource": "Every call is refused because what it names is not there.",
    "server_error": "Every call is answered with a server error.",
}


@dataclass(frozen=True, slots=True)
class Scenario:
    """What happens to the calls and the tasks of whoever is in it."""

    name: str  # dashed
    sentence: str
    outcome: Phase = Phase.SUCCEEDED  # of its tasks
    failures: tuple[Failure, ...] = ()  # one of them is drawn for each task; empty if none fails
    condition: str | None = None  # that its calls meet
    pace: Pace = BY_TIME
    faults: tuple[FaultRule, ...] = ()
    ids: str | None = None  # pattern of its tasks' ids; None for the contract's
    source: str = OF_CONTRACT  # or "built-in", or the file of a user

    def choose_failure(self, chance: Draw) -> Failure:
        """Why a task fails, drawn where there are several ways; not asked of tasks that do not."""
        if len(self.failures) == 1:
            return self.failures[0]
        return self.failures[chance.branch(b"failure").pick_between(0, len(self.failures) - 1)]


def list_scenarios(contract: Contract) -> dict[str, Scenario]:
    """Everything that a contract's keys can ask for, by name; the first is the default."""
    found: dict[str, Scenario] = {}
    for scenario in _list_all(contract):
        found.setdefault(scenario.name, scenario)
    return found


def find_failure(
    contract: Contract, operation: Operation, outcome: Phase, name: str | None
) -> Failure | None:
    """The failure with which a submit's task ends in an outcome; without a name the usual one.

    Raises ScenarioError for an outcome or a failure that there is not.
    """
    outcomes = {state.phase for state in contract.lifecycle.states if state.phase.is_final}
    if outcome not in outcomes:
        known = ", ".join(sorted(outcomes))
        raise ScenarioError(f"no task of {contract.name} ends {outcome!s}; use one of {known}")
    if outcome is not Phase.FAILED:
        if name is not None:
            raise ScenarioError(f"a task that ends {outcome!s} has no failure; leave it out")
        return None
    if name is None:
        return operation.suit(next(iter(contract.failures.values())))
    if name not in operation.failures:
        known = ", ".join(operation.failures)
        raise ScenarioError(f"{contract.name} has no failure {name!r}; use one of {known}")
    return operation.failures[name]


def _list_all(contract: Contract) -> Iterator[Scenario]:
    default = next(iter(contract.failures.values()))
    yield Scenario(DEFAULT, "Every task succeeds.")
    yield Scenario("fails", f"Every task fails: {default.message}", Phase.FAILED, (default,))
    for condition in CONDITIONS:
        if can_meet(contract, condition):
            name = condition.replace("_", "-")
            yield Scenario(name, _SENTENCES[condition], condition=condition)
    for failure in contract.every_failure.values():
        sentence = f"Every task fails: {failure.message}"
        yield Scenario(failure.name, sentence, Phase.FAILED, (failure,))


def can_meet(contract: Contract, condition: str) -> bool:
    """Whether an operation has a shape of a condition's own, or of one that falls back to it."""
    special = [special for special, general in FALLBACK.items() if general == condition]
    shapes = (operation.shapes for operation in contract.operations.values())
    return any(not each.keys().isdisjoint((condition, *special)) for each in shapes)
