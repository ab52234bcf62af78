"""What the control API shows of accounts, tasks and journals, as JSON values."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mockserver.contract.model import Contract
from mockserver.engine.accounts.account import Account
from mockserver.engine.accounts.journal import Entry
from mockserver.engine.accounts.ledger import Ledger
from mockserver.engine.call import Malformed
from mockserver.engine.callbacks.delivery import Delivery
from mockserver.engine.events import Event, EventKind
from mockserver.engine.task import Task
from mockserver.engine.trouble.plan import Planned
from mockserver.engine.trouble.words import write_rule
from mockserver.web.decode import decode_json

View = dict[str, Any]

_ABOUT_NOTHING = frozenset({EventKind.JOURNAL_CLEARED, EventKind.FAULTS_CLEARED})


def view_contract(contract: Contract, base_url: str) -> View:
    """A provider: its addresses and what it knows."""
    return {
        "name": contract.name,
        "title": contract.title,
        "edition": contract.edition,
        "editions": contract.editions,
        "base_url": base_url,
        "servers": contract.servers,
        "tiers": list(contract.tiers),
        "failures": list(contract.every_failure),
        "operations": [
            {
                "id": operation.id,
                "role": operation.role,
                "method": operation.method,
                "path": operation.path,
                "summary": operation.summary,
            }
            for operation in contract.operations.values()
        ],
    }


def view_account(account: Account, contracts: Mapping[str, Contract]) -> View:
    """An account; credits it has not touched yet are the opening balance."""
    return {
        "id": account.id,
        "key": account.label,
        "scenario": account.scenario,
        "seed": account.seed,
        "tier": account.tier,
        "webhook_secret": account.webhook_secret,
        "http_status": account.http_status,
        "balances": {
            name: view_credits(
                contract.money.opening
                if (holding := account.holdings.get(name)) is None
                else holding.ledger.balance
            )
            for name, contract in contracts.items()
        },
        "tasks": {name: len(holding.tasks) for name, holding in account.holdings.items()},
        "active": {name: holding.active for name, holding in account.holdings.items()},
        "clock": view_clock(account),
    }


def view_ledger(account: Account, contract: Contract) -> View:
    """What an account has at a provider: its balance, and the entries that add up to it."""
    holding = account.holdings.get(contract.name)
    ledger = Ledger(account.now(), contract.money.opening) if holding is None else holding.ledger
    return {
        "provider": contract.name,
        "balance": view_credits(ledger.balance),
        "entries": [
            {
                "at": entry.at,
                "kind": entry.kind,
                "amount": view_credits(entry.amount),
                "task": entry.task_id,
            }
            for entry in ledger.entries
        ],
    }


def view_clock(account: Account) -> View:
    """What an account's clock shows, in milliseconds and in words."""
    now = account.now()
    return {"now": now, "time": format_instant(now), "frozen": account.is_frozen}


def view_task(task: Task, now: int) -> View:
    """A task as it stands at a moment, and where it is heading."""
    state = task.timeline.find_step(now - task.created).state
    ended = now >= task.ended
    return {
        "id": task.id,
        "provider": task.contract.name,
        "operation": task.operation.id,
        "model": None if task.variant is None else task.variant.model,
        "scenario": task.scenario.name,
        "state": state.name,
        "phase": state.phase,
        "outcome": task.timeline.final.phase,
        "failure": None if task.failure is None else task.failure.name,
        "created": task.created,
        "ends": None if task.timeline.is_open else task.ended,
        "ended": ended,
        "price": view_credits(task.price),
        "request": task.read_request(),
    }


def view_delivery(delivery: Delivery) -> View:
    """A delivery of a callback: what is sent, every attempt, and how it stands."""
    return {
        "number": delivery.number,
        "copy_of": delivery.copy_of,
        "provider": delivery.provider,
        "task": delivery.task_id,
        "callback": delivery.callback,
        "moment": delivery.moment,
        "url": delivery.url,
        "standing": delivery.standing,
        "held": delivery.held,
        "fault": delivery.fault,
        "due": delivery.due,
        "body": view_body(delivery.body),
        "attempts": [
            {
                "at": attempt.at,
                "headers": attempt.headers,
                "status": attempt.status,
                "answer": attempt.answer,
                "problem": attempt.problem,
            }
            for attempt in delivery.attempts
        ],
    }


def view_entry(entry: Entry, account: Account | None) -> View:
    """A request and its reply; `account` is None for one that reached no account."""
    return {
        "number": entry.number,
        "seq": entry.seq,
        "at": entry.at,
        "time": format_instant(entry.at),
        "account": None if account is None else account.label,
        "provider": entry.provider,
        "operation": entry.operation,
        "task": entry.task_id,
        "scenario": entry.scenario,
        "fault": entry.fault,
        "method": entry.method,
        "target": entry.target,
        "headers": dict(entry.headers),
        "request": view_body(entry.request),
        "status": entry.status,
        "reply": view_body(entry.reply),
        "condition": entry.condition,
        "violations": [
            {
                "pointer": violation.pointer,
                "keyword": violation.keyword,
                "field": violation.field,
                "message": violation.message,
            }
            for violation in entry.violations
        ],
        "notes": list(entry.notes),
    }


def view_fault(planned: Planned) -> View:
    """A fault that is planned, in the words in which it was put, and what became of it."""
    return {
        "number": planned.number,
        "rule": write_rule(planned.rule),
        "scenario": planned.scenario,
        "put": planned.put,
        "met": planned.met,
        "acted": planned.acted,
    }


def view_event(event: Event, contracts: Mapping[str, Contract]) -> View:
    """Something that happened, with what it is about as it stands now."""
    account = event.account
    return {
        "number": event.number,
        "kind": event.kind,
        "at": event.at,
        "time": format_instant(event.at),
        "account": None if account is None else {"id": account.id, "key": account.label},
        "subject": _view_subject(event, contracts),
    }


def _view_subject(event: Event, contracts: Mapping[str, Contract]) -> View | None:
    account, subject = event.account, event.subject
    if isinstance(subject, Entry):
        return view_entry(subject, account)
    if isinstance(subject, Task):
        return view_task(subject, event.at)
    if isinstance(subject, Delivery):
        return view_delivery(subject)
    if isinstance(subject, Planned):
        return view_fault(subject)
    if account is None or event.kind in _ABOUT_NOTHING:
        return None
    is_clock = event.kind is EventKind.CLOCK_MOVED
    return view_clock(account) if is_clock else view_account(account, contracts)


def view_body(raw: bytes) -> Any:
    """A body as the JSON it holds, else as text; None if it is empty."""
    if not raw:
        return None
    value = decode_json(raw, None)
    return raw.decode("utf-8", "replace") if isinstance(value, Malformed) else value


def view_credits(thousandths: int) -> int | float:
    """Credits as a number, whole if they are."""
    return thousandths // 1000 if thousandths % 1000 == 0 else thousandths / 1000


def format_instant(at: int) -> str:
    """A moment in milliseconds as ISO 8601; the milliseconds alone beyond the year 9999."""
    try:
        moment = datetime.fromtimestamp(at / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return f"{at} ms"
    return f"{moment.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
