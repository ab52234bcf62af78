"""Heads of requests that a connection has sent before: the same one need not be parsed twice.

A client sends the same headers again and again, and reading them is most of what a call costs on
the wire. So a connection remembers the last few of its heads, byte for byte, with what they were
found to ask for. Only a request that comes in one piece is recognised; all others go the parser's
way, which has the last word on what is a request.
"""

import re
from dataclasses import dataclass
from typing import Final

from mockserver.web.provider import Request
from mockserver.web.routes import Route

MAX_KNOWN: Final = 8  # per connection
MAX_SIZE: Final = 4 * 1024  # bytes of headers; longer ones are not remembered

_LENGTHS: Final = (b"\r\nContent-Length: %d\r\n", b"\r\ncontent-length: %d\r\n")
# What every parser takes for a query: no fragment, no control character, only ASCII.
_QUERY: Final = re.compile(rb"[!\"$-~]*")

# A head by its bytes, without what differs from call to call: the request line up to a query, the
# question mark if there is one, and the headers before and after the length of a body.
_Name = tuple[bytes, bytes, bytes, bytes]


@dataclass(frozen=True, slots=True)
class Head:
    """What a head asks for, and a request that had it."""

    route: Route
    request: Request


class Heads:
    """The last heads of one connection."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[_Name, Head] = {}

    def recognise(self, data: bytes) -> tuple[Route, Request] | None:
        """The call that some bytes are, if they are a whole one with a known head."""
        start, end = data.find(b"\r\n"), data.find(b"\r\n\r\n")
        if not 0 <= end <= MAX_SIZE:
            return None
        body = data[end + 4 :]
        place, mark, rest = data[:start].partition(b"?")
        before, after = _mask(data[start : end + 2], len(body))
        head = self._known.get((place, mark, before, after))
        if head is None or (body and not after):
            return None
        like, query, target = head.request, b"", head.request.target
        if mark:
            query, _, version = rest.partition(b" ")
            if version != b"HTTP/1.1" or not _QUERY.fullmatch(query):
                return None
            target = f"{like.path}?{query.decode()}"
        headers = {**like.headers, "content-length": str(len(body))} if body else like.headers
        return head.route, Request(
            like.method, like.path, target, query, headers, like.origin, body
        )

    def learn(self, data: bytes, route: Route, request: Request) -> None:
        """Remember the head of a call that the parser found in some bytes.

        If the rest of the bytes is as long as the head says of the body, they are one request and
        nothing else.
        """
        start, end = data.find(b"\r\n"), data.find(b"\r\n\r\n")
        length = len(data) - end - 4
        if not 0 <= end <= MAX_SIZE or request.headers.get("content-length", "0") != str(length):
            return
        place, mark, _ = data[:start].partition(b"?")
        before, after = _mask(data[start : end + 2], length)
        if length and not after:
            return  # the length is spelled in some other way
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known[place, mark, before, after] = Head(route, request)


def _mask(block: bytes, length: int) -> tuple[bytes, bytes]:
    """The headers before and after the one that tells the length of a body, if there is one."""
    if length:
        for spelled in _LENGTHS:
            before, found, after = block.partition(spelled % length)
            if found:
                return before, b"\r\n" + after
    return block, b""
