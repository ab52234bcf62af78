"""Roles: what a call that passed every gate comes to, by the role of its operation."""

from collections.abc import Callable, Mapping
from typing import Final

from mockserver.contract.facts import Facts
from mockserver.contract.model import Role
from mockserver.contract.moments import OK, Phase
from mockserver.engine.call import Reply
from mockserver.engine.facts import Scene
from mockserver.engine.files.address import parse_address, write_link
from mockserver.engine.files.upload import keep_file
from mockserver.engine.form import Form
from mockserver.engine.models import describe_model, list_models
from mockserver.engine.submit import make_task
from mockserver.engine.task import Task
from mockserver.engine.timeline import Step
from mockserver.engine.visit import Refusal, Visit

# Facts that do not depend on a task.
_CALL_FACTS: Final[Mapping[str, Callable[[Visit], object]]] = {
    "account.balance": lambda visit: visit.holding.ledger.balance,
    "call.path": lambda visit: visit.call.target.partition("?")[0],
    "call.time": lambda visit: visit.now,
}


def serve(visit: Visit, found: Refusal | Task | None) -> Reply:
    """Answer a call with what the gates have found: a refusal, a task, or nothing in its way."""
    if found is None:
        return SERVE[visit.call.operation.role](visit)
    return refuse(visit, found) if isinstance(found, Refusal) else confirm(visit, found)


def refuse(visit: Visit, refusal: Refusal) -> Reply:
    """Say why not."""
    reply = _say(visit, visit.procedure.find_form(refusal.condition), refusal.facts)
    if refusal.status is not None:
        reply.status = refusal.status
    return reply


def confirm(visit: Visit, task: Task) -> Reply:
    """Answer the submit of a task, as it stood when it was made."""
    visit.task = task
    form = visit.procedure.find_form(OK, task.timeline.entry.phase)
    if form.pieces:
        return form.name(task.id, visit.account.http_status)
    return _say(visit, form, {}, Scene(visit.account, task, task.timeline.first))


def tell(visit: Visit, task: Task, step: Step) -> Reply:
    """Tell how a task stands, or stood, on a step of its timeline."""
    form = visit.procedure.find_form(step.state.phase, OK)
    return _say(visit, form, {}, Scene(visit.account, task, step))


def _submit(visit: Visit) -> Reply:
    return confirm(visit, make_task(visit))


def _inspect(visit: Visit) -> Reply:
    task, account = visit.expect_task(), visit.account
    timeline = task.timeline
    step = timeline.find_step(visit.now - task.created)
    form = visit.procedure.find_form(step.state.phase, OK)
    if not form.is_steady:
        return _say(visit, form, {}, Scene(account, task, step))
    replies, place = visit.holding.replies, (timeline, step.at, form.shape)
    body = replies.find(place)
    if body is not None:
        return form.repeat(body, account.http_status)
    reply = form.fill({}, Scene(account, task, step), account.http_status)
    replies.keep(place, reply.body)
    return reply


def _cancel(visit: Visit) -> Reply:
    visit.task = visit.account.end_task(visit.expect_task(), Phase.CANCELED)
    return _inspect(visit)


def _link(visit: Visit) -> Reply:
    source = visit.said["link.source"]
    address = parse_address(str(source))
    number = address.number if address else 1
    link = write_link(visit.account, visit.expect_task(), number, visit.now)
    facts: Facts = {"link.source": source, "link.address": link}
    return _say(visit, visit.procedure.find_form(OK), facts)


def _upload(visit: Visit) -> Reply:
    facts = visit.said if visit.procedure.operation.upload is None else keep_file(visit)
    return _say(visit, visit.procedure.find_form(OK), facts)


def _list(visit: Visit) -> Reply:
    return _say(visit, visit.procedure.find_form(OK), list_models(visit))


def _describe(visit: Visit) -> Reply:
    return _say(visit, visit.procedure.find_form(OK), describe_model(visit))


def _acknowledge(visit: Visit) -> Reply:
    return _say(visit, visit.procedure.find_form(OK), visit.said)


def _say(visit: Visit, form: Form, facts: Facts, scene: Scene | None = None) -> Reply:
    if not form.is_steady:
        for name, find in _CALL_FACTS.items():
            if name in form.needs:
                facts[name] = find(visit)
    return form.fill(facts, scene, visit.account.http_status)


SERVE: Final[Mapping[Role, Callable[[Visit], Reply]]] = {
    Role.SUBMIT: _submit,
    Role.INSPECT: _inspect,
    Role.COLLECT: _inspect,
    Role.CANCEL: _cancel,
    Role.LINK: _link,
    Role.BALANCE: _acknowledge,
    Role.UPLOAD: _upload,
    Role.MODELS: _list,
    Role.MODEL: _describe,
}
