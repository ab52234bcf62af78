"""A contract as the engine sees it: operations, lifecycle, money, limits and failures."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from mockserver.contract.body import Body
from mockserver.contract.bundle import bundle
from mockserver.contract.delivery import DeliveryTerms
from mockserver.contract.document import Document
from mockserver.contract.moments import FALLBACK, Phase
from mockserver.contract.shape import Shape

Scalar = str | int | float | bool | None


class Role(StrEnum):
    """What an operation is for."""

    SUBMIT = "submit"
    INSPECT = "inspect"
    COLLECT = "collect"
    CANCEL = "cancel"
    BALANCE = "balance"
    UPLOAD = "upload"
    LINK = "link"
    MODELS = "models"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class State:
    """One wire word for where a task stands, with its neutral phase."""

    name: Scalar
    phase: Phase
    next: tuple[Scalar, ...] = ()


@dataclass(frozen=True)
class Lifecycle:
    """The states of a task; the first path is the one that a task walks unless told otherwise."""

    states: tuple[State, ...]
    entry: Scalar

    @cached_property
    def by_name(self) -> Mapping[Scalar, State]:
        """Every state under its wire word."""
        return {state.name: state for state in self.states}

    @cached_property
    def walk(self) -> tuple[State, ...]:
        """The open states from the entry on, following the first open successor of each."""
        walked = [self.by_name[self.entry]]
        while step := self._find_open(walked[-1], walked):
            walked.append(step)
        return tuple(walked)

    def _find_open(self, state: State, walked: list[State]) -> State | None:
        followers = (self.by_name[name] for name in state.next)
        return next((s for s in followers if not s.phase.is_final and s not in walked), None)

    def find_final(self, phase: Phase) -> State:
        """The state in which a task with this outcome ends."""
        return next(state for state in self.states if state.phase is phase)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `max` calls of `of` in each window, or at most `max` active tasks."""

    of: str  # a role, an operation's id, or "active"
    max: int
    per: int | None  # window in milliseconds; None for "active"
    then: str  # the condition that answers the excess


@dataclass(frozen=True, slots=True)
class Failure:
    """A way in which a task of this provider can fail."""

    name: str  # dashed, also a scenario's name
    code: str | int | None
    message: str


@dataclass(frozen=True, slots=True)
class Money:
    """When a task is paid and when it is paid back; amounts in thousandths of a credit."""

    opening: int
    charge: str = "submit"  # or "succeeded"
    refund: frozenset[Phase] = frozenset()


@dataclass(frozen=True, slots=True)
class Idempotency:
    """Which request header names a submit, and what the same name with another body gets."""

    header: str  # lower case
    max_length: int
    changed: str  # "conflict" (a condition) or "existing" (the first task again)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things live, in milliseconds after the task ended; None means for ever."""

    links: int | None = None  # a result's address
    originals: int | None = None  # the other address of a result, where it has two
    media: int | None = None  # the file behind it
    records: int | None = None  # the task itself
    temporary: int | None = None  # an address made by a `link` operation, from its making
    uploads: int | None = None  # a file that was uploaded, from then on


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query, header or path parameter of an operation."""

    name: str
    where: str  # "query", "header" or "path"
    required: bool
    schema: Mapping[str, object]
    fact: str | None


@dataclass(frozen=True, slots=True)
class UploadTerms:
    """What an upload may be."""

    max_bytes: int  # of the file
    within: int  # milliseconds in which a file must be fetched that an address was given for


@dataclass(frozen=True)
class CallbackForm:
    """A callback of an operation: where it goes, when, and its body for each moment."""

    name: str
    address: str  # the runtime expression of its URL
    terms: DeliveryTerms
    source: tuple[str, tuple[str, ...]]  # where that expression looks, see `parse_source`
    shapes: Mapping[str, Shape]


@dataclass(frozen=True)
class Operation:
    """One call that the contract declares."""

    id: str
    role: Role
    method: str  # upper case
    path: str
    parameters: tuple[Parameter, ...]
    body: Body | None
    shapes: Mapping[str, Shape]  # by moment
    links: Mapping[str, Mapping[str, str]]  # operation id -> parameter -> runtime expression
    callbacks: tuple[CallbackForm, ...] = ()
    keyed: bool = True  # whether it asks for an API key
    summary: str = ""
    upload: UploadTerms | None = None  # of an upload whose file is kept
    servers: tuple[str, ...] = ()  # base addresses of its own, if not the contract's
    failures: Mapping[str, Failure] = field(default_factory=dict)  # of its tasks, by name

    def suit(self, failure: Failure) -> Failure:
        """What becomes of a failure in its tasks: theirs of the same name, else their first."""
        return self.failures.get(failure.name) or next(iter(self.failures.values()), failure)

    def find_shape(self, moment: str) -> Shape | None:
        """The shape sent at a moment, or that of the condition it falls back to."""
        shape = self.shapes.get(moment)
        if shape is None and moment in FALLBACK:
            shape = self.shapes.get(FALLBACK[moment])
        return shape


@dataclass(frozen=True)
class Contract:
    """Everything that one provider says about its API, in one edition."""

    name: str
    title: str
    edition: str
    editions: tuple[str, ...]  # every edition that can be chosen, "documented" first
    servers: tuple[str, ...]  # the provider's own base addresses
    lifecycle: Lifecycle
    gates: tuple[str, ...]
    operations: Mapping[str, Operation]
    money: Money
    failures: Mapping[str, Failure]  # of tasks in general, by name; the first is the default
    limits: tuple[Limit, ...]
    tiers: Mapping[str, tuple[Limit, ...]]
    default_tier: str | None
    retention: Retention
    idempotency: Idempotency | None
    http_status: str  # "envelope" or "code": where a refusal carries its code
    ids: str  # pattern of task ids, see `x-provider.ids`
    polling: Mapping[str, int]  # advice in milliseconds: every, until
    unknown_path: Shape | None
    document: Document = field(repr=False)  # the files it was read from, overlay applied

    def bundle(self, models: Container[str] | None = None) -> dict[str, Any]:
        """The contract as one OpenAPI document, for tools that read OpenAPI.

        With all its models, or with some of them.
        """
        return bundle(self.document, models)

    def find_role(self, role: Role) -> tuple[Operation, ...]:
        """Every operation with this role, in the contract's order."""
        return tuple(op for op in self.operations.values() if op.role is role)

    def find_sources(self, operation: Operation) -> tuple[Operation, ...]:
        """The submits of whose tasks an operation knows: those with links that lead to it.

        If no links do, all of them.
        """
        submits = self.find_role(Role.SUBMIT)
        found = tuple(each for each in submits if operation.id in self._list_linked(each))
        return found or submits

    def _list_linked(self, operation: Operation) -> list[str]:
        """The id of an operation, and of all that links lead to from there."""
        found = [operation.id]
        for name in found:
            linked = self.operations[name].links if name in self.operations else ()
            found += [each for each in linked if each not in found]
        return found

    @cached_property
    def every_failure(self) -> Mapping[str, Failure]:
        """How tasks fail, by name: in general, and then those of single operations."""
        found = dict(self.failures)
        for operation in self.operations.values():
            for failure in operation.failures.values():
                found.setdefault(failure.name, failure)
        return found
