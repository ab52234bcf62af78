"""Heads of requests that a connection has sent before: the same one need not be parsed twice.

A client sends the same headers again and again, and reading them is most of what a call costs on
the wire. So a connection remembers the last few of its heads, byte for byte, with what they were
found to ask for. One thing may differ from call to call: the length of a body or, where there is
none, the query. Only a request that comes in one piece is recognised; all others go the parser's
way, which has the last word on what is a request.
"""

import re
from collections import deque
from dataclasses import dataclass, replace
from typing import Final

from mockserver.web.provider import Request
from mockserver.web.routes import Route

MAX_KNOWN: Final = 8  # per connection
MAX_SIZE: Final = 4 * 1024  # bytes of a head, or a query; longer ones are the parser's business

_END: Final = b"\r\n\r\n"
_LENGTHS: Final = (b"\r\nContent-Length: ", b"\r\ncontent-length: ")
# What every parser takes for a query: no fragment, no control character, only ASCII.
_QUERY: Final = re.compile(rb"[!\"$-~]*")


@dataclass(frozen=True, slots=True)
class Head:
    """The bytes before and after what may differ, and a call that had such a head."""

    before: bytes
    after: bytes  # up to the blank line
    has_body: bool
    route: Route
    request: Request  # without its body

    def read(self, data: bytes) -> Request | None:
        """The request that some bytes are, if they begin as this head and are a whole one."""
        like = self.request
        if self.has_body:
            return self._read_body(data, like)
        if not self.after:
            return like if data == self.before else None
        end = len(data) - len(self.after)
        query = data[len(self.before) : end]
        if len(query) > MAX_SIZE or not data.endswith(self.after) or not _QUERY.fullmatch(query):
            return None
        target = f"{like.path}?{query.decode()}"
        return Request(like.method, like.path, target, query, like.headers, like.origin)

    def _read_body(self, data: bytes, like: Request) -> Request | None:
        start = len(self.before)
        end = data.find(b"\r", start)
        if end < 0 or not data.startswith(self.after, end):
            return None
        length, body = data[start:end], data[end + len(self.after) :]
        if not body or length != b"%d" % len(body):
            return None
        headers = {**like.headers, "content-length": length.decode()}
        return Request(like.method, like.path, like.target, like.query, headers, like.origin, body)


class Heads:
    """The last heads of one connection."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: deque[Head] = deque(maxlen=MAX_KNOWN)

    def recognise(self, data: bytes) -> tuple[Route, Request] | None:
        """The call that some bytes are, if they are a whole one with a known head."""
        for head in self._known:
            if data.startswith(head.before):
                request = head.read(data)
                if request is not None:
                    return head.route, request
        return None

    def learn(self, data: bytes, route: Route, request: Request) -> None:
        """Remember the head of a call that the parser found in some bytes.

        If the rest of the bytes is as long as the head says of the body, they are one request and
        nothing else.
        """
        end = data.find(_END) + len(_END)
        length = str(len(data) - end)
        if not len(_END) <= end <= MAX_SIZE:
            return
        if request.headers.get("content-length", "0") != length:
            return
        parts = _split_at_length(data[:end], length) if request.body else _split_at_query(data)
        if parts is not None:
            like = replace(request, body=b"")
            self._known.appendleft(Head(*parts, bool(request.body), route, like))


def _split_at_length(head: bytes, length: str) -> tuple[bytes, bytes] | None:
    """A head before and after the length of the body; None if it is spelled in some other way."""
    for name in _LENGTHS:
        before, found, after = head.partition(name + length.encode() + b"\r\n")
        if found:
            return before + name, b"\r\n" + after
    return None


def _split_at_query(head: bytes) -> tuple[bytes, bytes]:
    """A head before and after the query of its target; all of it, and nothing, without one."""
    line = head.find(b"\r\n")
    mark = head.find(b"?", 0, line)
    if mark < 0:
        return head, b""
    return head[: mark + 1], head[head.find(b" ", mark) :]
