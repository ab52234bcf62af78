"""A procedure: one operation of a contract made ready, so that a call looks nothing up twice."""

from collections.abc import Iterator
from hashlib import blake2b
from typing import Final

from mockserver.contract.body import Variant
from mockserver.contract.model import Contract, Limit, Operation, Role
from mockserver.contract.moments import FALLBACK
from mockserver.contract.shape import Shape
from mockserver.engine.form import Form
from mockserver.engine.parameter import ParameterCheck
from mockserver.engine.timeline import Planner

UNLIMITED: Final = "unlimited"
DEFAULT_TIER: Final = "pro"

_OF_TASKS: Final = frozenset({Role.INSPECT, Role.COLLECT, Role.CANCEL})
_OF_BODIES: Final = frozenset({"model", "input"})
_OF_SUBMITS: Final = frozenset({"replay", "active", "credits"})
_LAST_RESORT: Final = Shape(
    ("server_error",),
    500,
    "application/json",
    {"properties": {"error": {"default": "the contract has no shape for this reply"}}},
    "the engine",
)


class Procedure:
    """What answering an operation takes: its gates by name, its parameters, its forms, its limits.

    The gate `key` is not among them: it stands before all others, since it opens the account.
    Idle gates let every call pass, because the contract declares nothing for them.
    """

    def __init__(self, contract: Contract, operation: Operation, planner: Planner) -> None:
        self.contract = contract
        self.operation = operation
        self.planner = planner
        self.gates = tuple(_list_gates(contract, operation))
        self.idle_gates = frozenset(_list_idle_gates(contract, operation))
        # The submits whose tasks are unknown here; mostly none.
        self.foreign = frozenset(_list_foreign(contract, operation))
        self.parameters = tuple(ParameterCheck(p) for p in operation.parameters)
        self.query_names = frozenset(p.name for p in self.parameters if p.where == "query")
        self.hasher = blake2b(f"{contract.name} {operation.id}\n".encode(), digest_size=16)
        self._forms: dict[tuple[str, ...], Form] = {}
        self._limits: dict[str, tuple[Limit, ...]] = {}

    def find_form(self, *moments: str) -> Form:
        """The form for the first of some moments that has one."""
        form = self._forms.get(moments)
        if form is None:
            form = self._forms[moments] = Form(next(self._find_shapes(moments), _LAST_RESORT))
        return form

    def choose_variant(self, value: object) -> Variant | None:
        """The variant that a body asks for; None if it is absent, or names an unknown model."""
        body = self.operation.body
        if body is None or (value is None and not body.required):
            return None
        return body.choose(value)

    def can_meet(self, condition: str) -> bool:
        """Whether the operation can be refused with a condition."""
        return self._find_shape(condition) is not None

    def list_limits(self, tier: str) -> tuple[Limit, ...]:
        """The limits of calls that count for this operation in a tier."""
        found = self._limits.get(tier)
        if found is None:
            names = (self.operation.id, self.operation.role)
            found = tuple(
                limit
                for limit in list_limits(self.contract, tier)
                if limit.of in names and limit.per
            )
            self._limits[tier] = found
        return found

    def _find_shapes(self, moments: tuple[str, ...]) -> Iterator[Shape]:
        """The operation's own shapes first, then those that its siblings have."""
        for moment in moments:
            if shape := self._find_shape(moment):
                yield shape
        for sibling in self.contract.operations.values():
            for moment in moments:
                if shape := sibling.find_shape(moment):
                    yield shape

    def _find_shape(self, moment: str) -> Shape | None:
        shapes = self.operation.shapes
        special = (name for name, general in FALLBACK.items() if general == moment)
        return self.operation.find_shape(moment) or next(
            (shapes[name] for name in special if name in shapes), None
        )


def list_limits(contract: Contract, tier: str) -> tuple[Limit, ...]:
    """Every limit of a provider in a tier; the tier `unlimited` has none."""
    if tier == UNLIMITED:
        return ()
    return (*contract.limits, *contract.tiers.get(tier, ()))


def find_tier(contract: Contract, wanted: str | None) -> str:
    """The tier of an account at a provider: the wanted one, if the provider has it."""
    if wanted is not None and (wanted == UNLIMITED or wanted in contract.tiers):
        return wanted
    return contract.default_tier or DEFAULT_TIER


def _list_gates(contract: Contract, operation: Operation) -> Iterator[str]:
    """The contract's gates that this operation has, and those that its role adds."""
    if "body" not in contract.gates:
        yield "body"
    yield from (name for name in contract.gates if _has_gate(operation, name))
    if operation.role in _OF_TASKS or (operation.role is Role.LINK and _asks_for_task(operation)):
        yield "task"
    if operation.role is Role.CANCEL:
        yield "open"
    if operation.role is Role.LINK:
        yield "source"
    if operation.upload is not None:
        yield "file"
    if operation.role is Role.MODEL:
        yield "listed"


def _has_gate(operation: Operation, name: str) -> bool:
    if name in _OF_BODIES:
        return operation.body is not None
    if name in _OF_SUBMITS:
        return operation.role is Role.SUBMIT
    return name != "key"


def _list_idle_gates(contract: Contract, operation: Operation) -> Iterator[str]:
    rows = [*contract.limits, *(limit for rows in contract.tiers.values() for limit in rows)]
    if not any(_counts(limit, operation) for limit in rows):
        yield "rate"
    if not any(limit.of == "active" for limit in rows):
        yield "active"
    if contract.idempotency is None:
        yield "replay"
    if operation.body is None or operation.body.discriminator is None:
        yield "model"


def _list_foreign(contract: Contract, operation: Operation) -> Iterator[str]:
    known = contract.find_sources(operation)
    yield from (each.id for each in contract.find_role(Role.SUBMIT) if each not in known)


def _asks_for_task(operation: Operation) -> bool:
    """Whether a call says which task it is about, in a parameter or in its body."""
    if any(parameter.fact == "task.id" for parameter in operation.parameters):
        return True
    variant = None if operation.body is None else operation.body.find_variant(None)
    fields = {} if variant is None else variant.schema.get("properties", {})
    return any(field.get("x-fact") == "task.id" for field in fields.values())


def _counts(limit: Limit, operation: Operation) -> bool:
    return limit.of in (operation.id, operation.role) and limit.per is not None
