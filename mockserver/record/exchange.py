"""One request and its answer as they went over the wire, and what was recognised in them."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

Headers = tuple[tuple[str, str], ...]  # in their order, names as they were sent


class Kind(StrEnum):
    """What an exchange is, whichever provider it is with."""

    CALL = "call"  # the client asked the provider
    FILE = "file"  # somebody fetched a result file
    CALLBACK = "callback"  # the provider called the client


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was asked and what was answered; every line below `error` is only an annotation.

    Bodies are as they were before any content coding; the headers still name the coding.
    """

    started: int  # milliseconds since the Unix epoch, when the request began
    elapsed: int  # milliseconds until the last byte of the answer, or until it failed
    method: str
    url: str  # absolute
    request_headers: Headers = ()
    request_body: bytes = b""
    status: int | None = None  # None if no answer began
    response_headers: Headers = ()
    response_body: bytes = b""
    error: str | None = None  # "refused", "reset", "timeout", ...: the answer did not end well

    provider: str | None = None
    operation: str | None = None
    role: str | None = None
    task_id: str | None = None  # with the provider, the lane that it stands in
    kind: Kind = Kind.CALL
    notes: tuple[str, ...] = ()
    blob: Path | None = None  # the side file that holds the answer's body

    def find_request_header(self, name: str) -> str | None:
        """The first request header of this name, however it is spelled."""
        return find_header(self.request_headers, name)

    def find_response_header(self, name: str) -> str | None:
        """The first response header of this name, however it is spelled."""
        return find_header(self.response_headers, name)


def find_header(headers: Headers, name: str) -> str | None:
    """The first header of a name, however it is spelled."""
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), None)
