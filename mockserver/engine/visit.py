"""A visit: one call on its way through the gates, and what they find out about it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from mockserver.contract.body import Variant
from mockserver.contract.facts import Facts
from mockserver.contract.validate import Violation
from mockserver.engine.accounts.account import Account
from mockserver.engine.call import Attachment, Call
from mockserver.engine.procedure import Procedure
from mockserver.engine.scenarios.scenario import Scenario
from mockserver.engine.task import Task


@dataclass(slots=True)
class Refusal:
    """A call that is not served: the condition says why, the contract how that looks."""

    condition: str
    facts: Facts = field(default_factory=dict)
    violations: Sequence[Violation] = ()
    status: int | None = None  # an HTTP status of its own
    note: str = ""  # what the provider does not say, for the log


class Visit:
    """A call that was let in, the account it belongs to, and what was found out so far."""

    __slots__ = (
        "_digest",
        "_given",
        "_price",
        "_said",
        "account",
        "attachment",
        "call",
        "holding",
        "is_chosen",
        "notes",
        "now",
        "procedure",
        "replay",
        "scenario",
        "task",
        "variant",
    )

    def __init__(
        self,
        call: Call,
        procedure: Procedure,
        account: Account,
        scenario: Scenario,
        is_chosen: bool = False,
    ) -> None:
        self.call = call
        self.procedure = procedure
        self.account = account
        self.scenario = scenario
        self.is_chosen = is_chosen  # whether that was chosen for this call alone
        self.now = account.settle()
        self.holding = account.open_holding(call.contract)
        self.notes: list[str] = []  # what is odd about the call
        self.task: Task | None = None  # the one that it made or asks for
        self.replay: str | None = None  # its idempotency key
        self.attachment: Attachment | None = None  # the file of an upload
        # What kind of body it has; None if it has none, or names an unknown model.
        self.variant: Variant | None = procedure.choose_variant(call.body)
        self._given: Facts | None = None
        self._said: Facts | None = None
        self._digest: bytes | None = None
        self._price: int | None = None

    @property
    def said(self) -> Facts:
        """The facts in its parameters and its body."""
        if self._said is None:
            told = {} if self.variant is None else self.variant.read(self.call.body)
            self._said = {**self.given, **told}
        return self._said

    @property
    def digest(self) -> bytes:
        """What it asks for, however it is written: 16 bytes over operation, body, parameters."""
        if self._digest is None:
            hasher = self.procedure.hasher.copy()
            hasher.update(orjson.dumps(self.call.body, option=orjson.OPT_SORT_KEYS))
            for parameter in self.procedure.parameters:
                if parameter.where != "header":
                    value = f"\n{parameter.name}={parameter.read(self.call)}"
                    hasher.update(value.encode("utf-8", "surrogatepass"))
            self._digest = hasher.digest()
        return self._digest

    @property
    def price(self) -> int:
        """What a submit costs, in thousandths of a credit."""
        if self._price is None:
            variant = self.variant
            if variant is None or variant.price is None:
                self._price = 0
            else:
                fields = variant.find_input(self.call.body)
                self._price = variant.price.compute(fields, variant.defaults)
        return self._price

    @property
    def given(self) -> Facts:
        """The facts that stand beside the body."""
        if self._given is None:
            self._given = {}
            for parameter in self.procedure.parameters:
                if parameter.fact and (value := parameter.read(self.call)) is not None:
                    self._given[parameter.fact] = value
        return self._given

    def expect_task(self) -> Task:
        """The task that a gate has found."""
        if self.task is None:
            raise LookupError(f"no gate of {self.procedure.operation.id} has found a task")
        return self.task
