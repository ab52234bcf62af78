"""Gates: the checks that a call passes, each by the name that contracts give it.

A gate answers None to let a call pass, a Refusal, or a task that was already made for it.
"""

from collections.abc import Callable, Mapping
from typing import Final

from mockserver.contract.facts import Facts
from mockserver.contract.model import Limit
from mockserver.contract.validate import Violation
from mockserver.engine.call import Malformed
from mockserver.engine.files.address import list_addresses, parse_address
from mockserver.engine.files.results import is_kept
from mockserver.engine.files.upload import check_file
from mockserver.engine.models import check_model_exists
from mockserver.engine.nearest import explain_model
from mockserver.engine.procedure import find_tier, list_limits
from mockserver.engine.task import Task
from mockserver.engine.visit import Refusal, Visit

Gate = Callable[[Visit], Refusal | Task | None]


def check_rate(visit: Visit) -> Refusal | None:
    """Not too many calls in a window of time."""
    tier = find_tier(visit.call.contract, visit.account.tier)
    limits = visit.procedure.list_limits(tier)
    excess = visit.holding.quota.take(limits, visit.now) if limits else None
    if excess is None:
        return None
    return Refusal(excess.limit.then, describe_limit(excess.limit, tier, excess.wait))


def foresee_rate(visit: Visit) -> Refusal | None:
    """What the gate `rate` would say, if it were asked now; the call is counted nowhere."""
    tier = find_tier(visit.call.contract, visit.account.tier)
    excess = visit.holding.quota.find_excess(visit.procedure.list_limits(tier), visit.now)
    return None if excess is None else Refusal(excess.limit.then)


def check_body(visit: Visit) -> Refusal | None:
    """A body that can be read, and the parameters that are declared."""
    body = visit.call.body
    if isinstance(body, Malformed):
        violation = Violation("", "malformed", body.reason, "body", False)
        return Refusal("malformed", {"refusal.field": "body"}, [violation], body.status)
    if visit.call.query and not visit.call.query.keys() <= visit.procedure.query_names:
        for name in visit.call.query:  # in the order of the request, which a set would lose
            if name not in visit.procedure.query_names:
                visit.notes.append(f"query parameter {name!r} is not in the contract")
    for parameter in visit.procedure.parameters:
        violation_found = parameter.find_violation(parameter.read(visit.call))
        if violation_found is not None:
            return _refuse_value([violation_found])
    return None


def check_replay(visit: Visit) -> Refusal | Task | None:
    """A name for the submit under which nothing else was submitted before."""
    rules = visit.call.contract.idempotency
    name = visit.call.headers.get(rules.header) if rules else None
    if rules is None or not name:
        return None
    if len(name) > rules.max_length:
        message = f"the header {rules.header} is longer than {rules.max_length} characters"
        return _refuse_value([Violation("", "maxLength", message, rules.header, False)])
    task = visit.holding.tasks.get(visit.holding.replays.get(name, ""))
    if task is None:
        visit.replay = name
        return None
    if task.digest == visit.digest or rules.changed == "existing":
        return task
    return Refusal("conflict", {"refusal.field": rules.header, "task.id": task.id})


def check_model(visit: Visit) -> Refusal | None:
    """A model that exists."""
    body, value = visit.procedure.operation.body, visit.call.body
    if visit.variant is not None or body is None or (value is None and not body.required):
        return None
    name = str(body.discriminator)
    if not isinstance(value, Mapping):
        message = "the body is not a JSON object"
        return _refuse_value([Violation("", "type", message, "body", False)])
    if value.get(name) in (None, ""):
        return _refuse_value([Violation("", "required", f"{name!r} is required", name, True)])
    message = explain_model(str(value[name]), list(body.models))
    violation = Violation(f"/{name}", "discriminator", message, name, False)
    return Refusal("unknown_model", {"refusal.field": name}, [violation])


def check_input(visit: Visit) -> Refusal | None:
    """A body that keeps its schema."""
    variant, body = visit.variant, visit.call.body
    if variant is None or variant.fits(body):
        return None
    if not variant.accepts(body):
        return _refuse_value(variant.find_violations(body))
    for pointer in variant.find_undeclared(body):
        visit.notes.append(f"field {pointer} is not in the contract")
    return None


def check_active(visit: Visit) -> Refusal | None:
    """Not too many tasks at a time."""
    tier = find_tier(visit.call.contract, visit.account.tier)
    for limit in list_limits(visit.call.contract, tier):
        if limit.of == "active" and visit.holding.active >= limit.max:
            return Refusal(limit.then, describe_limit(limit, tier, 0))
    return None


def check_credits(visit: Visit) -> Refusal | None:
    """Credits that cover the price, beside what open tasks are still to be charged for."""
    if visit.holding.ledger.balance - visit.holding.reserved < visit.price:
        return Refusal("insufficient_credits")
    return None


def find_task(visit: Visit) -> Refusal | None:
    """A task of this account that is still on record."""
    asked = visit.said.get("task.id")
    task = visit.holding.tasks.get(asked) if isinstance(asked, str) else None
    if task is None or task.operation.id in visit.procedure.foreign:
        return Refusal("not_found", {"task.id": asked} if isinstance(asked, str) else {})
    lifetime = visit.call.contract.retention.records
    if lifetime is not None and visit.now >= task.ended + lifetime:
        is_told = "expired" in visit.procedure.operation.shapes
        return Refusal("expired" if is_told else "not_found", {"task.id": task.id})
    visit.task = task
    return None


def check_open(visit: Visit) -> Refusal | None:
    """A task that has not ended."""
    task = visit.expect_task()
    return Refusal("conflict", {"task.id": task.id}) if visit.now >= task.ended else None


def find_source(visit: Visit) -> Refusal | None:
    """A result address of this account behind which there still is a file."""
    source = visit.said.get("link.source")
    address = parse_address(source) if isinstance(source, str) else None
    task = visit.holding.tasks.get(address.task_id) if address else None
    if visit.task is not None and task is not visit.task:  # the call said of which it is
        task = None
    known = list_addresses(visit.account, task) if task and is_kept(task, visit.now) else []
    if str(source).partition("?")[0] in known:
        visit.task = task
        return None
    message = "it is no address of a file that this account has"
    return _refuse_value([Violation("", "source", message, _name_source(visit), False)])


GATES: Final[Mapping[str, Gate]] = {
    "rate": check_rate,
    "body": check_body,
    "replay": check_replay,
    "model": check_model,
    "input": check_input,
    "active": check_active,
    "credits": check_credits,
    "task": find_task,
    "open": check_open,
    "source": find_source,
    "file": check_file,
    "listed": check_model_exists,
}


def describe_limit(limit: Limit, tier: str, wait: int) -> Facts:
    """The facts of a refusal by a limit; the wait in milliseconds is told in whole seconds."""
    facts: Facts = {"refusal.limit": limit.max, "refusal.tier": tier}
    if limit.per is not None:
        facts["refusal.retry_after"] = max(1, -(-wait // 1000))
        facts["refusal.window"] = max(1, limit.per // 1000)
    return facts


def _refuse_value(violations: list[Violation]) -> Refusal:
    """Refuse what is missing before what is bad."""
    first = next((v for v in violations if v.missing), violations[0])
    condition = "missing_field" if first.missing else "bad_value"
    return Refusal(condition, {"refusal.field": first.field}, violations)


def _name_source(visit: Visit) -> str:
    """The name of the parameter or the field that holds the address."""
    for parameter in visit.procedure.parameters:
        if parameter.fact == "link.source":
            return parameter.name
    fields = visit.variant.schema.get("properties", {}) if visit.variant else {}
    holders = (name for name, node in fields.items() if node.get("x-fact") == "link.source")
    return next(holders, "body")
