"""Faults: what is broken on purpose, whom it is meant for, and what a kind of fault can do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final, Protocol

from mockserver.contract.model import Contract
from mockserver.contract.moments import Phase

if TYPE_CHECKING:
    from mockserver.engine.call import Reply
    from mockserver.engine.callbacks.delivery import Delivery, Twist
    from mockserver.engine.facts import Scene
    from mockserver.engine.trouble.plan import Act
    from mockserver.engine.visit import Refusal, Visit

# What can meet a fault; besides these the roles of operations: submit, inspect, ...
CALL: Final = "call"  # of any operation
FILE: Final = "file"  # a request for a result file
CALLBACK: Final = "callback"  # a delivery that is about to be sent


class Fault:
    """A kind of fault with its settings. It does what it can, and declines the rest with None.

    A kind is a frozen dataclass whose fields are its settings. Its docstring is one sentence that
    says what the client sees.
    """

    name: ClassVar[str]  # dashed
    meets: ClassVar[frozenset[str]]  # CALL, FILE, CALLBACK, or roles of operations
    phases: ClassVar[frozenset[Phase] | None] = None  # of the task that is told of; None for any

    def is_for(self, contract: Contract) -> bool:
        """Whether a provider shows it by itself; else no scenario there has it."""
        operations = contract.operations.values()
        return self.meets != {CALLBACK} or any(each.callbacks for each in operations)

    def refuse(self, visit: "Visit", act: "Act") -> "Refusal | None":
        """Refuse a call in place of the provider: nothing else happens with it."""

    def may_spoil(self, visit: "Visit") -> bool:  # noqa: ARG002
        """Whether it could change a reply other than that of its own refusal."""
        return type(self).spoil is not Fault.spoil

    def spoil(self, visit: "Visit", reply: "Reply", act: "Act") -> "Reply | None":
        """The reply to a call that was answered, changed."""

    def spoil_file(self, reply: "Reply", act: "Act") -> "Reply | None":
        """The reply to a request for a result file, changed."""

    def twist(self, delivery: "Delivery", scene: "Scene", act: "Act") -> "Twist | None":
        """How a callback goes otherwise than it should."""


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a rule is meant for; what is None may be anything. Spans in milliseconds."""

    operation: str | None = None  # an operation's id or role, "file", or a callback's name
    nth: tuple[int, ...] | None = None  # of the requests that the rest fits, from 1
    task: Mapping[str, object] = field(default_factory=dict)  # facts of the task
    probability: float = 1.0
    count: int | None = None  # how often it acts at most
    after: int | None = None  # from when on, on the account's clock, since it was put there
    until: int | None = None


@dataclass(frozen=True, slots=True)
class FaultRule:
    """A fault, its settings as they were given, and whom it is meant for."""

    name: str  # of the fault
    settings: Mapping[str, object]
    target: Target
    fault: Fault


class Registry(Protocol):
    """Whoever knows every kind of fault."""

    @property
    def names(self) -> Iterable[str]:
        """The names of all kinds."""
        ...

    def list_settings(self, name: str) -> Iterable[str]:
        """The names of a kind's settings."""
        ...

    def build(self, name: str, settings: Mapping[str, object]) -> Fault:
        """A fault of a kind; raises UsageError for a setting that cannot be."""
        ...
