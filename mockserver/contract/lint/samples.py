"""Samples: every shape filled with made-up facts, those that exist at its moment and no others."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from mockserver.contract.body import Variant
from mockserver.contract.facts import Facts
from mockserver.contract.leaf import Schema
from mockserver.contract.model import Contract, Failure, Role, Scalar
from mockserver.contract.moments import FALLBACK, OK, Phase
from mockserver.contract.shape import Shape

LOOKING_UP: Final = frozenset({Role.INSPECT, Role.COLLECT, Role.CANCEL})

CREATED: Final = 1_767_225_600_000  # 2026-01-01T00:00:00Z

# What is known of every call, task, link and refusal. Facts that a submit may leave out, such as
# `callback.url`, are none of them.
CALL: Final[Facts] = {
    "call.path": "/lost",
    "call.time": CREATED,
    "account.balance": 99_990_000,
}
TASK: Final[Facts] = {
    "task.id": "task-1",
    "task.request": {"prompt": "a red fox"},
    "task.created": CREATED,
    "task.updated": CREATED + 2_000,
    "task.price": 10_000,
    "task.cost": 10_000,
}
SUBMIT: Final[Facts] = {
    "task.model": "a-model",
    "task.input": {"prompt": "a red fox"},
    "input.prompt": "a red fox",
}
SOURCE: Final[Facts] = {"link.source": "https://files.example/1.png"}
LINK: Final[Facts] = {**SOURCE, "link.address": "https://files.example/1.png?until=1"}
ASKED: Final[dict[Role | None, Facts]] = {Role.LINK: LINK, Role.UPLOAD: SOURCE}
ENDED: Final[Facts] = {"task.finished": CREATED + 14_250, "task.elapsed": 14_250}
RATE: Final[Facts] = {
    "refusal.retry_after": 7,
    "refusal.limit": 20,
    "refusal.window": 10,
    "refusal.tier": "pro",
}
REFUSALS: Final[dict[str, Facts]] = {
    "rate_limited": RATE,
    "key_limit_reached": RATE,
    "too_many_active": {"refusal.limit": 20, "refusal.tier": "pro"},
    "missing_field": {"refusal.field": "prompt"},
    "bad_value": {"refusal.field": "prompt"},
    "unknown_model": {"refusal.field": "model"},
    "malformed": {"refusal.field": "body"},
    "invalid_request": {"refusal.field": "prompt"},
}


class Sample(NamedTuple):
    """One filled shape; the body is MISSING if it cannot be filled from these facts."""

    moment: str
    shape: Shape
    facts: Facts
    body: object


def make_samples(
    contract: Contract, said: Facts, role: Role | None, shapes: Mapping[str, Shape]
) -> Iterator[Sample]:
    """Samples of the shapes of an operation with a role; `said` is what every submit tells."""
    for moment, shape in _list_moments(contract, role, shapes):
        for facts in _make_facts(contract, said, role, moment):
            facts["reply.code"] = shape.code or shape.status
            yield Sample(moment, shape, facts, shape.lens.render(facts))


def _list_moments(
    contract: Contract, role: Role | None, shapes: Mapping[str, Shape]
) -> Iterator[tuple[str, Shape]]:
    """The moments of some shapes, and those that fall back to them."""
    yield from shapes.items()
    for special, general in FALLBACK.items():
        if special not in shapes and general in shapes:
            yield special, shapes[general]
    if role in LOOKING_UP and OK in shapes:
        for phase in dict.fromkeys(state.phase for state in contract.lifecycle.states):
            if phase not in shapes:
                yield phase, shapes[OK]


def select_said(variants: Sequence[Variant]) -> Facts:
    """The facts that every submit tells, whatever its model."""
    told = [set(_list_required(variant.schema)) for variant in variants]
    sure = set.intersection(*told) if told else set()
    return {name: value for name, value in SUBMIT.items() if name in sure}


def _list_required(schema: Schema) -> Iterator[str]:
    if isinstance(schema.get("x-fact"), str):
        yield schema["x-fact"]
    properties: Mapping[str, Any] = schema.get("properties", {})
    for name in schema.get("required", ()):
        yield from _list_required(properties.get(name, {}))


def _make_facts(contract: Contract, said: Facts, role: Role | None, moment: str) -> Iterator[Facts]:
    """Facts of a moment, once for each state that it may stand for and each way to end."""
    if moment == OK and role is Role.SUBMIT:
        yield {**CALL, **TASK, **said, "task.state": contract.lifecycle.entry}
    elif moment == OK and role not in LOOKING_UP:
        yield {**CALL, **ASKED.get(role, {})}
    elif moment in set(Phase):
        for state in _list_words(contract, Phase(moment)):
            for ending in _list_endings(contract, Phase(moment)):
                yield {**CALL, **TASK, **said, **ending, "task.state": state}
    elif moment != OK:
        yield {**CALL, **REFUSALS.get(moment, {})}


def _list_words(contract: Contract, phase: Phase) -> list[Scalar]:
    """The wire's words for a phase; an open phase without one borrows those of the other."""
    states = contract.lifecycle.states
    words = [state.name for state in states if state.phase is phase]
    if words or phase.is_final:
        return words
    return [state.name for state in states if not state.phase.is_final]


def _list_endings(contract: Contract, phase: Phase) -> Iterator[Facts]:
    if phase is Phase.SUCCEEDED:
        addresses = [f"https://files.example/{number}.png" for number in (1, 2)]
        yield {**ENDED, "task.results": addresses[:1]}
        yield {**ENDED, "task.results": addresses}
    elif phase is Phase.FAILED:
        for failure in contract.failures.values():
            yield {**ENDED, "task.cost": 0, **_tell(failure)}
    elif phase is Phase.CANCELED:
        yield {**ENDED, "task.cost": 0}
    else:
        yield {}


def _tell(failure: Failure) -> Facts:
    facts: Facts = {"task.failure.message": failure.message}
    if failure.code is not None:
        facts["task.failure.code"] = failure.code
    return facts
