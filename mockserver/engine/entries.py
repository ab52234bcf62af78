"""How calls and their replies are entered into journals."""

from mockserver.engine.call import Call, Reply, Stray
from mockserver.engine.journal import Entry, Journal, hide_keys
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
        )
    )


def enter_refused(journal: Journal, call: Call, now: int, reply: Reply, refusal: Refusal) -> Entry:
    """Enter a call whose key opened no account."""
    message = refusal.facts.get("reply.message")
    return journal.add(
        Entry(
            journal.total,
            now,
            call.contract.name,
            call.operation.id,
            call.operation.method,
            call.target,
            hide_keys(call.headers),
            call.raw,
            reply.status,
            reply.body,
            refusal.condition,
            (),
            (str(message),) if message else (),
            None,
            None,
            None,
            next(journal.numbers),
        )
    )


def enter_stray(journal: Journal, stray: Stray, now: int, reply: Reply, note: str) -> Entry:
    """Enter a request for no operation; the note names the nearest one."""
    return journal.add(
        Entry(
            journal.total,
            now,
            stray.contract.name if stray.contract else None,
            None,
            stray.method,
            stray.target,
            hide_keys(stray.headers),
            stray.raw,
            reply.status,
            reply.body,
            "not_found",
            (),
            (note,),
            None,
            None,
            None,
            next(journal.numbers),
        )
    )
