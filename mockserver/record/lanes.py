"""Lanes: the exchanges of a recording by task, each reply read by the contract's lens."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from mockserver.contract.facts import Facts
from mockserver.contract.model import Contract, Operation, Role, State
from mockserver.contract.reading import find_states
from mockserver.record.exchange import Exchange, Kind
from mockserver.record.fit import UNLISTED, Form, find_fit, list_callback_forms, list_forms
from mockserver.record.sight import read_json


class Step(NamedTuple):
    """A call, or a callback, and what it tells."""

    exchange: Exchange
    moments: tuple[str, ...]  # a phase, a condition, ok; none if nothing could be read
    states: tuple[State, ...]  # in which the task may be; none if it tells of no state
    facts: Facts
    keeps_contract: bool  # whether the body has the shape, or only comes near it

    @property
    def has_ended(self) -> bool:
        """Whether the task is over at this step."""
        return bool(self.states) and all(state.phase.is_final for state in self.states)


@dataclass
class Lane:
    """Everything that was said about one task, each list in the order in which it began."""

    provider: str
    task_id: str
    account: str | None = None  # the key of the first call, as the recording has it
    submit: Step | None = None
    polls: list[Step] = field(default_factory=list)
    callbacks: list[Step] = field(default_factory=list)
    files: list[Exchange] = field(default_factory=list)
    others: list[Step] = field(default_factory=list)  # cancels, links, repeated submits

    @property
    def started(self) -> int:
        """When the first of it began; milliseconds since the Unix epoch."""
        return min(exchange.started for exchange in self.list_exchanges())

    @property
    def epochs(self) -> list[list[Step]]:
        """The polls, cut where the states that they tell of change."""
        cut: list[list[Step]] = []
        for step in self.polls:
            if cut and _name_states(cut[-1][-1]) == _name_states(step):
                cut[-1].append(step)
            else:
                cut.append([step])
        return cut

    def list_exchanges(self) -> list[Exchange]:
        """Every exchange of the lane, in the order in which they began."""
        steps = [*([self.submit] if self.submit else []), *self.polls, *self.callbacks]
        found = [step.exchange for step in [*steps, *self.others]] + self.files
        return sorted(found, key=lambda exchange: exchange.started)


@dataclass
class Lanes:
    """A whole recording by task."""

    lanes: dict[tuple[str, str], Lane] = field(default_factory=dict)  # by provider and task
    loose: list[Exchange] = field(default_factory=list)  # of no task: balances, refusals, strangers

    def find(self, provider: str, task_id: str) -> Lane | None:
        """The lane of a task."""
        return self.lanes.get((provider, task_id))


class StepReader:
    """Reads what exchanges with some contracts tell; what it has made ready, it keeps."""

    def __init__(self, contracts: Iterable[Contract]) -> None:
        self._contracts: Mapping[str, Contract] = {each.name: each for each in contracts}
        self._forms: dict[tuple[str, str, bool], tuple[Form, ...]] = {}

    def find_operation(self, exchange: Exchange) -> Operation | None:
        """The operation that a recognised exchange is for."""
        contract = self._contracts.get(exchange.provider or "")
        return contract.operations.get(exchange.operation or "") if contract else None

    def read(self, exchange: Exchange) -> Step:
        """What a recognised call or callback tells; nothing if its body cannot be read."""
        operation = self.find_operation(exchange)
        is_inbound = exchange.kind is Kind.CALLBACK
        body = read_json(exchange.request_body if is_inbound else exchange.response_body)
        if operation is None or body is None:
            return Step(exchange, (), (), {}, keeps_contract=False)
        forms = self._find_forms(exchange.provider or "", operation, is_inbound=is_inbound)
        if not forms:
            return Step(exchange, (), (), {}, keeps_contract=False)
        fit = find_fit(forms, body, exchange.status)
        shape = fit.form.shape
        if fit.has_new_code:
            return Step(exchange, (UNLISTED,), (), fit.facts, keeps_contract=False)
        states = find_states(self._contracts[exchange.provider or ""], shape, fit.facts)
        phases = {state.phase for state in states}
        moments = tuple(m for m in shape.moments if m in phases) or shape.moments
        return Step(exchange, moments, states, fit.facts, not fit.violations)

    def _find_forms(
        self, provider: str, operation: Operation, *, is_inbound: bool
    ) -> tuple[Form, ...]:
        key = (provider, operation.id, is_inbound)
        if key not in self._forms:
            list_own = list_callback_forms if is_inbound else list_forms
            self._forms[key] = list_own(operation)
        return self._forms[key]


def group_lanes(exchanges: Iterable[Exchange], contracts: Iterable[Contract]) -> Lanes:
    """Recognised exchanges by task, however they are interleaved."""
    reader, found = StepReader(contracts), Lanes()
    # A recorder may write an exchange when it ends; what counts is when it began.
    for exchange in sorted(exchanges, key=lambda each: each.started):
        if exchange.provider is None or exchange.task_id is None:
            found.loose.append(exchange)
            continue
        key = (exchange.provider, exchange.task_id)
        lane = found.lanes.setdefault(key, Lane(*key))
        lane.account = lane.account or exchange.find_request_header("authorization")
        if exchange.kind is Kind.FILE:
            lane.files.append(exchange)
        else:
            _place(lane, reader.find_operation(exchange), reader.read(exchange))
    return found


def _place(lane: Lane, operation: Operation | None, step: Step) -> None:
    """Put a step where it belongs in its lane."""
    role = operation.role if operation else None
    if step.exchange.kind is Kind.CALLBACK:
        lane.callbacks.append(step)
    elif role is Role.SUBMIT and lane.submit is None:
        lane.submit = step
    elif role in (Role.INSPECT, Role.COLLECT):
        lane.polls.append(step)
    else:
        lane.others.append(step)


def _name_states(step: Step) -> tuple[object, ...]:
    return tuple(state.name for state in step.states) or step.moments
