"""How calls and their replies are entered into journals."""

from msgspec.structs import replace

from mockserver.engine.accounts.journal import Entry, Journal, hide_keys, measure_head
from mockserver.engine.call import Call, Reply, Stray
from mockserver.engine.visit import Refusal, Visit


def enter_visit(
    visit: Visit, reply: Reply, refusal: Refusal | None, fault: str | None = None
) -> None:
    """Enter a call that was let in, refused or not, into its account's journal."""
    call, account = visit.call, visit.account
    if account.warning is not None:
        visit.notes.append(account.warning)
        account.warning = None
    account.enter(
        Entry(
            account.journal.total,
            visit.now,
            call.contract.name,
            call.operation.id,
            call.operation.method,
            call.target,
            hide_keys(call.headers),
            call.raw,
            reply.status,
            reply.body,
            refusal.condition if refusal else None,
            refusal.violations if refusal else (),
            visit.notes or (),
            visit.scenario.name,
            visit.task.id if visit.task else None,
            fault,
            next(account.journal.numbers),
            call.head_size,
        )
    )


def enter_refused(journal: Journal, call: Call, now: int, reply: Reply, refusal: Refusal) -> Entry:
    """Enter a call whose key opened no account."""
    note = refusal.facts.get("reply.message") or refusal.note
    return journal.add(
        replace(
            _begin(journal, call.operation.method, call, now, reply),
            provider=call.contract.name,
            operation=call.operation.id,
            condition=refusal.condition,
            notes=(str(note),) if note else (),
        )
    )


def enter_stray(journal: Journal, stray: Stray, now: int, reply: Reply, note: str) -> Entry:
    """Enter a request for no operation; the note names the nearest one."""
    return journal.add(
        replace(
            _begin(journal, stray.method, stray, now, reply),
            provider=stray.contract.name if stray.contract else None,
            condition="not_found",
            notes=(note,),
        )
    )


def _begin(journal: Journal, method: str, request: Call | Stray, now: int, reply: Reply) -> Entry:
    """What there is to say of any request that made no visit."""
    return Entry(
        seq=journal.total,
        at=now,
        provider=None,
        operation=None,
        method=method,
        target=request.target,
        headers=hide_keys(request.headers),
        request=request.raw,
        status=reply.status,
        reply=reply.body,
        condition=None,
        violations=(),
        notes=(),
        scenario=None,
        task_id=None,
        number=next(journal.numbers),
        extra=measure_head(request.target, request.headers),
    )
