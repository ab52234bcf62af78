"""The word `x-provider`: a provider's rules over time and money."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mockserver.clock import parse_range, parse_span
from mockserver.contract.model import (
    Failure,
    Idempotency,
    Lifecycle,
    Limit,
    Money,
    Retention,
    State,
)
from mockserver.contract.moments import Phase
from mockserver.contract.price import to_thousandths
from mockserver.draw import parse_pattern
from mockserver.errors import ContractError

OPENING_BALANCE: Final = 100_000
CONDITION_OF_ACTIVE: Final = "too_many_active"
CONDITION_OF_RATE: Final = "rate_limited"


@dataclass(frozen=True, slots=True)
class Rules:
    """What `x-provider` says, apart from names."""

    lifecycle: Lifecycle
    money: Money
    failures: Mapping[str, Failure]
    limits: tuple[Limit, ...]
    tiers: Mapping[str, tuple[Limit, ...]]
    retention: Retention
    idempotency: Idempotency | None
    polling: Mapping[str, int]


def build_rules(words: Mapping[str, Any], where: str) -> Rules:
    """Build the rules from the word's value, which keeps the grammar."""
    keeps = words.get("retention", {})
    _check_ids(words["ids"], f"{where}/ids")
    return Rules(
        lifecycle=_build_lifecycle(words["lifecycle"], f"{where}/lifecycle"),
        money=Money(
            to_thousandths(words.get("opening_balance", OPENING_BALANCE)),
            words.get("charge", "submit"),
            frozenset(Phase(phase) for phase in words.get("refund", ())),
        ),
        failures=build_failures(words["failures"]),
        limits=_build_limits(words.get("limits", ())),
        tiers={name: _build_limits(rows) for name, rows in words.get("tiers", {}).items()},
        retention=Retention(
            **{name: parse_span(span) for name, span in keeps.items() if name != "x-basis"}
        ),
        idempotency=_build_idempotency(words.get("idempotency")),
        polling={
            name: parse_range(span)[0]
            for name, span in words.get("polling", {}).items()
            if name != "x-basis"
        },
    )


def _check_ids(pattern: str, where: str) -> None:
    try:
        parse_pattern(pattern)
    except ValueError as error:
        raise ContractError(where, str(error)) from error


def _build_lifecycle(rows: list[dict[str, Any]], where: str) -> Lifecycle:
    states = tuple(
        State(row["state"], Phase(row["phase"]), tuple(row.get("next", ()))) for row in rows
    )
    names = {state.name for state in states}
    if len(names) < len(states):
        raise ContractError(where, "names a state twice")
    for index, state in enumerate(states):
        if unknown := [name for name in state.next if name not in names]:
            raise ContractError(f"{where}/{index}/next", f"{unknown[0]!r} is no state")
        if state.phase.is_final == bool(state.next):
            raise ContractError(
                f"{where}/{index}", "an open state needs next, a final one has none"
            )
    entry = next((row["state"] for row in rows if row.get("entry")), states[0].name)
    if not {Phase.SUCCEEDED, Phase.FAILED} <= {state.phase for state in states}:
        raise ContractError(where, "needs a state in phase succeeded and one in phase failed")
    return Lifecycle(states, entry)


def build_failures(rows: list[dict[str, Any]]) -> dict[str, Failure]:
    """The ways in which tasks fail, by name."""
    return {row["name"]: Failure(row["name"], row.get("code"), row["message"]) for row in rows}


def _build_limits(rows: Any) -> tuple[Limit, ...]:
    return tuple(
        Limit(
            row["of"],
            row["max"],
            parse_span(row["per"]) if "per" in row else None,
            row.get("then", CONDITION_OF_RATE if "per" in row else CONDITION_OF_ACTIVE),
        )
        for row in rows
    )


def _build_idempotency(words: Mapping[str, Any] | None) -> Idempotency | None:
    if words is None:
        return None
    header = words["key"].rpartition(".")[2].lower()
    return Idempotency(header, words.get("max_length", 256), words["changed"])
