"""Reading a reply that somebody else rendered: which shape it has, and what that tells."""

from dataclasses import dataclass

from mockserver.contract.facts import Facts
from mockserver.contract.model import Contract, Operation, State
from mockserver.contract.shape import Shape


@dataclass(frozen=True, slots=True)
class Reading:
    """A reply as one shape of its operation reads it."""

    shape: Shape
    facts: Facts
    states: tuple[State, ...]  # those in which the task may be; none if it tells of no state

    @property
    def moments(self) -> tuple[str, ...]:
        """When such a reply is sent: a phase or the phases left by its state, a condition, ok."""
        phases = {state.phase for state in self.states}
        return tuple(m for m in self.shape.moments if m in phases) or self.shape.moments


def read_reply(contract: Contract, operation: Operation, body: object) -> list[Reading]:
    """Every way to read the JSON value of a reply; none if no shape of the operation accepts it."""
    readings = []
    for shape in dict.fromkeys(operation.shapes.values()):
        if shape.accepts(body):
            facts = shape.read(body)
            readings.append(Reading(shape, facts, find_states(contract, shape, facts)))
    return readings


def find_states(contract: Contract, shape: Shape, facts: Facts) -> tuple[State, ...]:
    """The states in which a task may be, by the facts of a reply and its shape."""
    states = contract.lifecycle.states
    if "task.state" in facts:
        return tuple(state for state in states if state.name == facts["task.state"])
    return tuple(state for state in states if state.phase in shape.moments)
