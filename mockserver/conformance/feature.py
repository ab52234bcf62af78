"""Features: what a contract has that a case may need, and what a client may not be able to do."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from mockserver.contract.model import Contract, Role
from mockserver.contract.moments import Phase


class Feature(StrEnum):
    """Something that not every contract has."""

    CALLBACKS = "callbacks"
    SIGNATURES = "signatures"  # of callbacks
    CANCEL = "cancel"
    BALANCE = "balance"
    PRICES = "prices"
    REFUNDS = "refunds"
    ACTIVE_LIMIT = "active-limit"
    RATE_LIMIT = "rate-limit"
    IDEMPOTENCY = "idempotency"
    ENVELOPE = "envelope"  # refusals inside HTTP 200
    RETRY_HINTS = "retry-hints"  # that a body tells when to come back
    NESTED_JSON = "nested-json"  # JSON inside a string
    EDITIONS = "editions"
    OUTAGES = "outages"  # refusals of a submit which say that nobody is served now
    QUEUE = "queue"  # states for waiting, and others for being worked on


class Ability(StrEnum):
    """Something that a client may not do, and say so."""

    DOWNLOAD = "download"  # fetch and save the result files
    CALLBACKS = "callbacks"  # listen to callbacks
    DEADLINE = "deadline"  # give up by itself within the patience of the suite
    INTERRUPT = "interrupt"  # end when it is interrupted, as by Ctrl-C


# Refusals of a submit for a reason that a client cannot mend.
OUTAGES: Final = ("maintenance", "feature_disabled", "key_limit_reached", "no_such_resource")


def list_features(contract: Contract) -> frozenset[Feature]:
    """What a contract has."""
    return frozenset(_find_features(contract))


def _find_features(contract: Contract) -> Iterator[Feature]:
    operations = tuple(contract.operations.values())
    forms = [form for operation in operations for form in operation.callbacks]
    roles = {operation.role for operation in operations}
    shapes = [shape for operation in operations for shape in operation.shapes.values()]
    phases = {state.phase for state in contract.lifecycle.states}
    limits = [*contract.limits, *(each for rows in contract.tiers.values() for each in rows)]
    found = {
        Feature.CALLBACKS: bool(forms),
        Feature.SIGNATURES: any(form.terms.signature is not None for form in forms),
        Feature.CANCEL: Role.CANCEL in roles,
        Feature.BALANCE: Role.BALANCE in roles,
        Feature.PRICES: any(_has_price(contract, role) for role in (Role.SUBMIT,)),
        Feature.REFUNDS: Phase.FAILED in contract.money.refund,
        Feature.ACTIVE_LIMIT: any(limit.of == "active" for limit in limits),
        Feature.RATE_LIMIT: any(limit.per is not None for limit in limits),
        Feature.IDEMPOTENCY: contract.idempotency is not None,
        Feature.ENVELOPE: contract.http_status == "envelope",
        Feature.RETRY_HINTS: any("refusal.retry_after" in shape.needs for shape in shapes),
        Feature.NESTED_JSON: any(_holds_json(shape.schema) for shape in shapes),
        Feature.EDITIONS: len(contract.editions) > 1,
        Feature.OUTAGES: any(True for _ in find_outages(contract)),
        Feature.QUEUE: {Phase.QUEUED, Phase.RUNNING} <= phases,
    }
    yield from (feature for feature, is_there in found.items() if is_there)


def find_outages(contract: Contract) -> Iterator[str]:
    """The refusals with which a submit may say that nobody is served."""
    moments = list_moments(contract)
    yield from (name for name in OUTAGES if name in moments)


def list_moments(contract: Contract) -> frozenset[str]:
    """The moments for which a contract's submit has a shape; of several the first counts."""
    return frozenset(name for each in contract.find_role(Role.SUBMIT)[:1] for name in each.shapes)


def _has_price(contract: Contract, role: Role) -> bool:
    bodies = [op.body for op in contract.operations.values() if op.role is role]
    return any(body is not None for body in bodies)


def _holds_json(schema: object) -> bool:
    """Whether a text somewhere in a schema holds JSON."""
    if isinstance(schema, dict):
        return "contentSchema" in schema or any(_holds_json(each) for each in schema.values())
    return isinstance(schema, list) and any(_holds_json(each) for each in schema)
