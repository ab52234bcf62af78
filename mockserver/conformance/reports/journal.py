"""Entries of a journal as evidence: which of them prove a finding, and what is shown of them."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from mockserver.conformance.judgement import Judgement
from mockserver.conformance.verdict import Finding
from mockserver.control_client.views import RequestView

LAST: Final = 3  # entries that stand for a finding that names none
_LONG: Final = 120
_SHOWN: Final = (
    "seq",
    "at",
    "operation",
    "task",
    "method",
    "target",
    "headers",
    "request",
    "status",
    "reply",
    "condition",
    "fault",
    "notes",
)


def view_request(request: RequestView) -> dict[str, object]:
    """A request and its reply, as far as they are evidence."""
    found = asdict(request)
    return {name: found.get(name) for name in _SHOWN}


def list_proof(judgement: Judgement, finding: Finding) -> Sequence[RequestView]:
    """The requests that prove a finding.

    A finding about the client's end names none: what made trouble stands for it, and how it ended.
    """
    requests = judgement.evidence.requests if judgement.evidence else ()
    if finding.proof:
        return [request for request in requests if request.seq in finding.proof]
    troubled = [request for request in requests if request.fault or request.condition]
    last = {request.seq for request in [*troubled[:1], *requests[-LAST:]]}
    return [request for request in requests if request.seq in last]


def tell_seconds(judgement: Judgement, request: RequestView) -> float:
    """When a request came, counted in seconds from the first one of its trial."""
    evidence = judgement.evidence
    begin = evidence.requests[0].at if evidence and evidence.requests else request.at
    return (request.at - begin) / 1000


def write_request(judgement: Judgement, request: RequestView) -> str:
    """A request in a line."""
    words = [request.condition or "", f"fault: {request.fault}" if request.fault else ""]
    words += [note for note in request.notes if note]
    target = clean(request.target)
    if len(target) > _LONG:
        target = f"{target[:_LONG]}…"
    line = f"{request.method} {target} -> {request.status}"
    seconds = tell_seconds(judgement, request)
    return clean("  ".join([f"{seconds:7.3f} s", line, *filter(None, words)]))


def clean(text: str) -> str:
    """Text that a client or a server said, without what could move a cursor or turn a line."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
