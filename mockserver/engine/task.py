"""A task: what a submit makes.

Tasks, their timelines, calls and the journal's entries are structs that the garbage collector never
visits: there are many of them, and nothing that they refer to leads back to them.
"""

from collections.abc import Mapping

import orjson
from msgspec import Struct

from mockserver.contract.body import Variant
from mockserver.contract.facts import Facts
from mockserver.contract.model import Contract, Failure, Operation
from mockserver.contract.moments import Phase
from mockserver.contract.yields import Yields
from mockserver.engine.scenarios.scenario import Scenario
from mockserver.engine.timeline import Timeline


class Task(Struct, eq=False, gc=False):
    """A task as it was accepted. It holds few objects of its own, since many may be alive."""

    id: str
    contract: Contract
    operation: Operation  # the one that was called
    variant: Variant | None  # of its body; None if it has none
    body: bytes  # as JSON, as it was sent if it was
    digest: bytes  # of operation, body and parameters, however they were written
    occurrence: int  # how many equal submits were accepted before
    created: int  # milliseconds on the account's clock
    timeline: Timeline
    failure: Failure | None  # why it will have failed
    price: int  # thousandths of a credit
    origin: str  # where the client reached the server
    scenario: Scenario  # the one in which it was submitted
    is_chosen: bool  # whether that was chosen for this submit, not for all of its account
    callbacks: Mapping[str, str] = {}  # addresses by callback
    given: Mapping[str, object] = {}  # facts that stood beside the body

    def __repr__(self) -> str:
        timeline = self.timeline
        end = "when told to" if timeline.is_open else f"after {timeline.duration / 1000:g}s"
        return f"<Task {self.contract.name}/{self.id} {timeline.final.name} {end}>"

    @property
    def ended(self) -> int:
        """The moment of its end, on the account's clock; beyond all time if none is planned."""
        return self.created + self.timeline.duration

    @property
    def cost(self) -> int:
        """What it costs in the end, in thousandths of a credit."""
        return self.price if self.is_paid(self.timeline.final.phase) else 0

    def is_paid(self, phase: Phase) -> bool:
        """Whether an end in this phase leaves it paid for."""
        money = self.contract.money
        if money.charge == "succeeded":
            return phase is Phase.SUCCEEDED
        return phase not in money.refund

    @property
    def yields(self) -> Yields | None:
        """What it makes, if the contract says so."""
        return self.variant.yields if self.variant else None

    @property
    def defaults(self) -> Mapping[str, object]:
        """What counts where its input is silent."""
        return self.variant.defaults if self.variant else {}

    def read_request(self) -> object:
        """The body of the submit."""
        return orjson.loads(self.body)

    def read_facts(self) -> Facts:
        """What the submit said, in facts; the model too, where the contract has several."""
        facts = dict(self.given)
        if self.variant is not None:
            if self.variant.model is not None:
                facts["task.model"] = self.variant.model
            facts.update(self.variant.read(self.read_request()))
        return facts

    def read_input(self) -> Mapping[str, object]:
        """The part of the submit's body that describes the work."""
        return self.variant.find_input(self.read_request()) if self.variant else {}

    def count_results(self) -> int:
        """How many results it makes."""
        yields = self.yields
        if yields is None or self.variant is None:
            return 0
        is_fixed = yields.count.field is None
        return yields.count_results({} if is_fixed else self.read_input(), self.defaults)
