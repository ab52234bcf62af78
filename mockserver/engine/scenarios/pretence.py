"""A pretence: a condition that a scenario asks for, met where a real one would be."""

from collections.abc import Callable
from typing import Final

from mockserver.contract.facts import Facts
from mockserver.contract.model import Limit
from mockserver.draw import draw
from mockserver.engine.gates import GATES, Gate, describe_limit
from mockserver.engine.procedure import (
    DEFAULT_TIER,
    UNLIMITED,
    Procedure,
    find_tier,
    list_limits,
)
from mockserver.engine.scenarios.wish import use_wish
from mockserver.engine.visit import Refusal, Visit

# The gates that could raise a condition; one that is not listed comes right after the key.
_GATES_OF: Final[dict[str, tuple[str, ...]]] = {
    "rate_limited": ("rate",),
    "malformed": ("body",),
    "conflict": ("replay",),
    "unknown_model": ("model",),
    "missing_field": ("input", "body"),
    "bad_value": ("input", "body"),
    "invalid_request": ("input", "body"),
    "too_many_active": ("active",),
    "insufficient_credits": ("credits",),
    "not_found": ("task",),
    "not_yet_visible": ("task",),
    "expired": ("task",),
}
_SOME_LIMIT: Final = Limit("submit", 20, 10_000, "rate_limited")  # where the contract has none


def list_gates(procedure: Procedure, condition: str | None) -> tuple[Gate, ...]:
    """The gates of a procedure; with a condition, up to the one that raises it in any case."""
    names = procedure.gates
    if condition is not None:
        names = names[: _find_place(names, condition)]
    gates = tuple(GATES[name] for name in names if name not in procedure.idle_gates)
    return gates if condition is None else (*gates, _raise(condition))


def _find_place(names: tuple[str, ...], condition: str) -> int:
    """The place of the gate that could raise the condition; the last one if there is none."""
    if condition not in _GATES_OF:
        return 0
    found = (names.index(name) for name in _GATES_OF[condition] if name in names)
    return next(found, len(names))


def _raise(condition: str) -> Callable[[Visit], Refusal]:
    def refuse(visit: Visit) -> Refusal:
        if visit.is_chosen:
            use_wish(visit)
        return pretend(visit, condition)

    return refuse


def pretend(visit: Visit, condition: str) -> Refusal:
    """The refusal that a real condition would have brought about."""
    return Refusal(condition, _make_up(visit, condition))


def _make_up(visit: Visit, condition: str) -> Facts:
    """Facts that the refusal could have."""
    contract = visit.call.contract
    tier = find_tier(contract, visit.account.tier)
    if tier == UNLIMITED:
        tier = contract.default_tier or DEFAULT_TIER
    limits = [*visit.procedure.list_limits(tier)]
    limits += [limit for limit in list_limits(contract, tier) if limit.of == "active"]
    limit = next((limit for limit in limits if limit.then == condition), _SOME_LIMIT)
    name = visit.procedure.operation.id
    wait = draw(visit.account.seed, "wait", contract.name, name).pick_between(1, limit.per or 1)
    return {
        "refusal.field": _find_field(visit, condition),
        **describe_limit(limit, tier, wait),
    }


def _find_field(visit: Visit, condition: str) -> str:
    """A field that could be to blame: the first required one."""
    contract, body = visit.call.contract, visit.procedure.operation.body
    if condition == "conflict" and contract.idempotency:
        return contract.idempotency.header
    if body is None or condition == "malformed":
        required = (p.name for p in visit.procedure.parameters if p.required)
        return next(required, "body")
    if visit.variant is None or condition == "unknown_model":
        return body.discriminator or "body"
    missing = (v.field for v in visit.variant.find_violations({}) if v.missing)
    return next(missing, "body")
