"""Heads of requests that a connection has sent before: the same one need not be parsed twice.

A client sends the same headers again and again, and reading them is most of what a call costs on
the wire. So a connection remembers the last few of its heads, byte for byte, with what the parser
made of them. Only a request that comes in one piece is recognised; all others go the parser's way,
which has the last word on what is a request.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mockserver.web.provider import Request

MAX_KNOWN: Final = 8  # per connection
MAX_SIZE: Final = 4 * 1024  # bytes of a head; longer ones are the parser's business

# What every parser takes for a request line: no fragment, no control character, only ASCII.
_LINE: Final = re.compile(rb"([A-Z]+) ((/[!\"$->@-~]*)(?:\?([!\"$-~]*))?) HTTP/1\.1")
_LENGTHS: Final = (b"\r\nContent-Length: %d\r\n", b"\r\ncontent-length: %d\r\n")

# A block of headers as it is; with a body, what stands before and after the body's length, since
# that is what differs from submit to submit.
_Name = bytes | tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Head:
    """The headers of a request as the parser read them."""

    headers: Mapping[str, str]
    origin: str  # how the client reaches this server


class Heads:
    """The last heads of one connection."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[_Name, Head] = {}

    def recognise(self, data: bytes) -> Request | None:
        """The request that some bytes are, if they are a whole one with a known head."""
        start, end = data.find(b"\r\n"), data.find(b"\r\n\r\n")
        body = data[end + 4 :]
        name = _build_name(data[start : end + 2], len(body)) if 0 <= end <= MAX_SIZE else None
        head = None if name is None else self._known.get(name)
        match = None if head is None else _LINE.fullmatch(data, 0, start)
        if head is None or match is None:
            return None
        method, target, path, query = match.groups(b"")
        headers = {**head.headers, "content-length": str(len(body))} if body else head.headers
        return Request(
            method.decode(), path.decode(), target.decode(), query, headers, head.origin, body
        )

    def learn(self, data: bytes, request: Request) -> None:
        """Remember the head of a request that the parser found in some bytes.

        If the rest of the bytes is as long as the head says of the body, they are one request and
        nothing else.
        """
        start, end = data.find(b"\r\n"), data.find(b"\r\n\r\n")
        length = len(data) - end - 4
        if end < 0 or end > MAX_SIZE or request.headers.get("content-length", "0") != str(length):
            return
        name = _build_name(data[start : end + 2], length)
        if name is not None:
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            self._known[name] = Head(request.headers, request.origin)


def _build_name(block: bytes, length: int) -> _Name | None:
    """What a block of headers is remembered by; None if it does not tell the length of a body."""
    if not length:
        return block
    for spelled in _LENGTHS:
        before, found, after = block.partition(spelled % length)
        if found:
            return before, after
    return None
