"""Rules for refusals: whatever the gates, the limits and the look-ups can raise has a shape."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from mockserver.contract.document import escape
from mockserver.contract.lint.finding import Complaint
from mockserver.contract.lint.samples import LOOKING_UP
from mockserver.contract.lint.subject import Subject
from mockserver.contract.model import Contract, Limit, Operation, Role
from mockserver.contract.moments import OK, Phase

ACTIVE: Final = "active"

Raised = Iterator[tuple[str, str]]  # a condition, and why it can be raised


def check_each_refusal_has_a_shape(subject: Subject) -> Iterator[Complaint]:
    """Each condition that an operation can raise has a shape in it."""
    for operation in subject.contract.operations.values():
        where = subject.place(operation, "/responses")
        told: set[str] = set()
        for condition, why in _list_raised(subject, operation):
            if operation.find_shape(condition) is None and condition not in told:
                told.add(condition)
                yield Complaint(
                    where,
                    f"has no shape for {condition}, although {why}",
                    f"add one with x-when: {condition}; if no page shows it, x-basis: assumed",
                )


def _list_raised(subject: Subject, operation: Operation) -> Raised:
    contract = subject.contract
    return chain(
        _list_raised_by_key(operation),
        _list_raised_by_limits(contract, operation),
        _list_raised_by_request(operation),
        _list_raised_by_submit(subject, operation),
    )


def _list_raised_by_key(operation: Operation) -> Raised:
    if operation.keyed:
        yield "unauthorized", "it asks for a key"


def _list_raised_by_limits(contract: Contract, operation: Operation) -> Raised:
    for limit in list_limits(contract):
        names = (operation.role, operation.id)
        if limit.of in names if limit.per is not None else operation.role is Role.SUBMIT:
            yield limit.then, f"there are limits of {limit.of!r}"


def _list_raised_by_request(operation: Operation) -> Raised:
    for parameter in operation.parameters:
        if parameter.required and parameter.where != "path":
            yield "missing_field", f"its parameter {parameter.name} is required"
    if operation.body is not None:
        yield "malformed", "it reads a body"
        yield "missing_field", "it reads a body"
        yield "bad_value", "it reads a body"
        if operation.body.discriminator is not None:
            yield "unknown_model", "its body names a model"
    if operation.role in LOOKING_UP:
        yield "not_found", "it looks for a task"
    if operation.role is Role.CANCEL:
        yield "conflict", "the task may have ended"
    if operation.role is Role.LINK:
        yield "bad_value", "the address may be none of ours"


def _list_raised_by_submit(subject: Subject, operation: Operation) -> Raised:
    if operation.role is not Role.SUBMIT:
        return
    idempotency = subject.contract.idempotency
    if idempotency and idempotency.changed == "conflict":
        yield "conflict", "an idempotency key can come back with another body"
    if any(body.variant.price for body in subject.bodies if body.operation is operation):
        yield "insufficient_credits", "it has a price"


def list_limits(contract: Contract) -> Iterator[Limit]:
    """Every limit, of whatever tier."""
    yield from contract.limits
    for limits in contract.tiers.values():
        yield from limits


def check_each_outcome_has_a_shape(subject: Subject) -> Iterator[Complaint]:
    """An operation has a shape for ok; instead of it, where a task is told of, for each phase."""
    lifecycle = subject.contract.lifecycle
    phases = dict.fromkeys(state.phase for state in lifecycle.states)
    told: dict[Role, Iterable[str]] = {
        Role.SUBMIT: [lifecycle.by_name[lifecycle.entry].phase],
        Role.INSPECT: phases,
        Role.COLLECT: phases,
        Role.CANCEL: [Phase.CANCELED],
    }
    for operation in subject.contract.operations.values():
        for moment in told.get(operation.role, [OK]):
            if not operation.shapes.keys() & {OK, moment}:
                where = subject.place(operation, "/responses")
                yield Complaint(where, f"has no shape for {moment}", f"write x-when: {moment}")


def check_each_delivery_has_a_shape(subject: Subject) -> Iterator[Complaint]:
    """A callback has a shape for each phase at which it is sent."""
    phases = dict.fromkeys(state.phase for state in subject.contract.lifecycle.states)
    for operation in subject.contract.operations.values():
        for form in operation.callbacks:
            for phase in phases:
                if form.terms.tells(phase) and phase not in form.shapes:
                    where = subject.place(operation, f"/callbacks/{escape(form.name)}")
                    yield Complaint(where, f"has no shape for {phase}, at which it is sent")


def check_gates_stand_where_they_are_needed(subject: Subject) -> Iterator[Complaint]:
    """The gates include each one that keys, limits, bodies, models, prices or replays need."""
    contract = subject.contract
    needed: dict[str, object] = {
        "key": any(operation.keyed for operation in contract.operations.values()),
        "rate": any(limit.per is not None for limit in list_limits(contract)),
        "body": subject.bodies,
        "replay": contract.idempotency,
        "model": any(body.variant.model for body in subject.bodies),
        "input": subject.bodies,
        "active": any(limit.of == ACTIVE for limit in list_limits(contract)),
        "credits": any(body.variant.price for body in subject.bodies),
    }
    for gate, reason in needed.items():
        if reason and gate not in contract.gates:
            yield Complaint(subject.place_word("/gates"), f"{gate} is missing")


def check_limits_name_what_they_limit(subject: Subject) -> Iterator[Complaint]:
    """A limit is of a role, of an operation's id, or of active tasks; the default tier exists."""
    contract = subject.contract
    known = {*contract.operations, *(op.role for op in contract.operations.values()), ACTIVE}
    tables = {"/limits": contract.limits} | {f"/tiers/{n}": t for n, t in contract.tiers.items()}
    for pointer, limits in tables.items():
        for index, limit in enumerate(limits):
            where = subject.place_word(f"{pointer}/{index}")
            if limit.of not in known:
                yield Complaint(f"{where}/of", f"there is no operation or role {limit.of!r}")
            if (limit.of == ACTIVE) is (limit.per is not None):
                yield Complaint(where, "calls are limited `per` a time, active tasks without one")
    if contract.tiers and contract.default_tier not in {*contract.tiers, None}:
        where = subject.place_word("/default_tier")
        yield Complaint(where, f"there is no tier {contract.default_tier!r}")


def check_failures_have_names_of_their_own(subject: Subject) -> Iterator[Complaint]:
    """A failure's name is that of no outcome and no condition: each one is a scenario."""
    shapes = [moment for op in subject.contract.operations.values() for moment in op.shapes]
    taken = {moment.replace("_", "-") for moment in shapes} | {"succeeds", "fails"}
    places = [(subject.place_word("/failures"), subject.contract.failures)]
    for operation in subject.contract.operations.values():
        if "x-failures" in subject.find_raw(operation):
            where = subject.place(operation, "/x-failures")
            places.append((where, operation.failures))
            if operation.role is not Role.SUBMIT:
                yield Complaint(where, "stands on no submit", "tasks fail, and submits make them")
    for where, failures in places:
        for index, name in enumerate(failures):
            if name in taken:
                told = f"{name!r} is a scenario already"
                yield Complaint(f"{where}/{index}/name", told, "choose another name")
