"""Silence: why nothing happened that could be judged, and what a client would have to do."""

from collections.abc import Iterator, Sequence
from typing import Final

from mockserver.conformance.case import Case
from mockserver.conformance.evidence import Evidence
from mockserver.conformance.feature import Ability
from mockserver.contract.model import Contract

_ASK: Final = (
    "the client asked for no callback: one that takes them listens on MOCKSERVER_CALLBACK_PORT"
    " and names its address in the submit as {field}; one that takes none says --without callbacks"
)


def explain_silence(case: Case, evidence: Evidence, unmet: Sequence[str]) -> str:
    """One line: what did not happen, and how it would have."""
    if Ability.CALLBACKS in case.asks and not _was_heard(evidence):
        return _explain_deafness(evidence)
    if unmet:
        return f"planned and not met: {', '.join(unmet)}"
    return "nothing happened that could be judged"


def _was_heard(evidence: Evidence) -> bool:
    """Whether the client has answered a callback."""
    attempts = [attempt for each in evidence.callbacks for attempt in each.attempts]
    return any(attempt.status is not None for attempt in attempts)


def _explain_deafness(evidence: Evidence) -> str:
    """Why no callback reached the client."""
    if not evidence.callbacks:
        return _ASK.format(field=" or ".join(dict.fromkeys(_list_fields(evidence.contract))))
    first = evidence.callbacks[0]
    if first.held is not None:
        return f"the callback to {first.url} was not sent: {first.held}"
    problems = [each.problem for each in first.attempts if each.problem is not None]
    why = problems[0] if problems else "the client had ended before it was due"
    return f"nobody answered the callback at {first.url}: {why}"


def _list_fields(contract: Contract) -> Iterator[str]:
    """Where a submit says to whom callbacks go."""
    for operation in contract.operations.values():
        for form in operation.callbacks:
            kind, names = form.source
            yield ".".join(names) if kind == "request.body" else f"{names[-1]} ({kind})"
