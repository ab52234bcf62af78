"""Entries of a journal as evidence: what a report shows of a request."""

from dataclasses import asdict
from typing import Final

from mockserver.control_client.views import RequestView

_SHOWN: Final = (
    "seq",
    "at",
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
