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
FILES: Final = ["https://files.example/1.png", "https://files.example/2.png"]
SOURCE: Final[Facts] = {"link.source": "https://files.example/1.png"}
LINK: Final[Facts] = {**SOURCE, "link.address": "https://files.example/1.png?until=1"}
UPLOAD: Final[Facts] = {
    **SOURCE,
    "upload.folder": "pictures",
    "upload.name": "fox.png",
    "upload.path": "pictures/fox.png",
    "upload.address": "https://files.example/pictures/fox.png",
    "upload.size": 4_711,
    "upload.type": "image/png",
    "upload.created": CREATED,
    "upload.expires": CREATED + 3_600_000,
}
MODELS: Final[Facts] = {"catalogue.models": ["a-model", "another"], "catalogue.count": 2}
MODEL: Final[Facts] = {"catalogue.model": "a-model", "catalogue.schema": {"openapi": "3.1.0"}}
ASKED: Final[dict[Role | None, Facts]] = {
    Role.LINK: LINK,
    Role.UPLOAD: UPLOAD,
    Role.MODELS: MODELS,
    Role.MODEL: MODEL,
}
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


class Told(NamedTuple):
    """What the tasks of some submits tell."""

    said: Facts  # what every submit tells, whatever its model
    results: tuple[Facts, ...]  # one for each way to tell what was made
    failures: tuple[Failure, ...]


def make_samples(
    contract: Contract, told: Told, role: Role | None, shapes: Mapping[str, Shape]
) -> Iterator[Sample]:
    """Samples of the shapes of an operation with a role."""
    for moment, shape in _list_moments(contract, role, shapes):
        for facts in _make_facts(contract, told, role, moment):
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


def select_told(variants: Sequence[Variant], failures: Sequence[Failure]) -> Told:
    """The facts that every submit tells, and each way in which one of them ends."""
    told = [set(_list_required(variant.schema)) for variant in variants]
    sure = set.intersection(*told) if told else set()
    said = {name: value for name, value in SUBMIT.items() if name in sure}
    answers_data = {bool(v.yields and v.yields.data) for v in variants}
    results: tuple[Facts, ...] = tuple(
        {"task.results": files, "task.originals": [f"{each}?until=1" for each in files]}
        for files in (FILES[:1], FILES)
    )
    if True in answers_data:
        results = (
            {"task.data": {"text": "a red fox"}},
            *(results if len(answers_data) > 1 else ()),
        )
    return Told(said, results, tuple(failures))


def _list_required(schema: Schema) -> Iterator[str]:
    if isinstance(schema.get("x-fact"), str):
        yield schema["x-fact"]
    properties: Mapping[str, Any] = schema.get("properties", {})
    for name in schema.get("required", ()):
        yield from _list_required(properties.get(name, {}))


def _make_facts(contract: Contract, told: Told, role: Role | None, moment: str) -> Iterator[Facts]:
    """Facts of a moment, once for each state that it may stand for and each way to end."""
    if moment == OK and role is Role.SUBMIT:
        yield {**CALL, **TASK, **told.said, "task.state": contract.lifecycle.entry}
    elif moment == OK and role not in LOOKING_UP:
        yield {**CALL, **ASKED.get(role, {})}
    elif moment in set(Phase):
        for state in _list_words(contract, Phase(moment)):
            for ending in _list_endings(told, Phase(moment)):
                yield {**CALL, **TASK, **told.said, **ending, "task.state": state}
    elif moment != OK:
        yield {**CALL, **REFUSALS.get(moment, {})}


def _list_words(contract: Contract, phase: Phase) -> list[Scalar]:
    """The wire's words for a phase; an open phase without one borrows those of the other."""
    states = contract.lifecycle.states
    words = [state.name for state in states if state.phase is phase]
    if words or phase.is_final:
        return words
    return [state.name for state in states if not state.phase.is_final]


def _list_endings(told: Told, phase: Phase) -> Iterator[Facts]:
    if phase is Phase.SUCCEEDED:
        yield from ({**ENDED, **results} for results in told.results)
    elif phase is Phase.FAILED:
        for failure in told.failures:
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
