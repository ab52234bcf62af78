"""A cache of parsed request heads, per connection: the same one need not be parsed twice.

A client sends the same headers again and again, and reading them is most of what a call costs on
the wire. So a connection remembers the last few of its heads, byte for byte, with what they were
found to ask for. One thing may differ from call to call: the length of a body or, where there is
none, the query. Only a request that comes in one piece is recognised; all others go the parser's
way, which has the last word on what is a request.
"""

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from mockserver.engine.call import Call, Malformed
from mockserver.web.calls import parse_query
from mockserver.web.decode import decode_json

MAX_KNOWN: Final = 8  # per connection
MAX_SIZE: Final = 4 * 1024  # bytes of a head, or a query; longer ones are the parser's business

Strings = Mapping[str, str]

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
    like: Call

    def read(self, data: bytes) -> Call | None:
        """The call that some bytes are, if they begin as this head and are a whole request."""
        if self.has_body:
            return self._read_body(data)
        if not self.after:
            return self.like if data == self.before else None
        end = len(data) - len(self.after)
        sent = data[len(self.before) : end]
        if len(sent) > MAX_SIZE or not data.endswith(self.after) or not _QUERY.fullmatch(sent):
            return None
        like, query = self.like, parse_query(sent)
        if isinstance(query, Malformed):
            return None
        target = f"{like.target.partition('?')[0]}?{sent.decode()}"
        return self._build(target, like.headers, query, b"", None)

    def _read_body(self, data: bytes) -> Call | None:
        start = len(self.before)
        end = data.find(b"\r", start)
        if end < 0 or not data.startswith(self.after, end):
            return None
        length, body = data[start:end], data[end + len(self.after) :]
        if not body or length != b"%d" % len(body):
            return None
        like = self.like
        headers, text = like.headers, length.decode()
        if headers["content-length"] != text:
            headers = {**headers, "content-length": text}
        value = decode_json(body, like.headers.get("content-type"))
        return self._build(like.target, headers, like.query, body, value)

    def _build(
        self, target: str, headers: Strings, query: Strings, body: bytes, value: object
    ) -> Call:
        like = self.like
        return Call(
            like.contract,
            like.operation,
            like.key,
            like.origin,
            target,
            headers,
            query,
            like.path,
            body,
            value,
            like.scenario,
        )


class Heads:
    """The last heads of one connection."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: deque[Head] = deque(maxlen=MAX_KNOWN)

    def recognise(self, data: bytes) -> Call | None:
        """The call that some bytes are, if they are a whole request with a known head."""
        for head in self._known:
            if data.startswith(head.before):
                call = head.read(data)
                if call is not None:
                    return call
        return None

    def learn(self, data: bytes, call: Call) -> None:
        """Remember the head of a call that the parser found in some bytes.

        If the rest of the bytes is as long as the head says of the body, they are one request and
        nothing else.
        """
        end = data.find(_END) + len(_END)
        length = str(len(data) - end)
        if not len(_END) <= end <= MAX_SIZE or "content-encoding" in call.headers:
            return
        if call.headers.get("content-length", "0") != length:
            return
        has_body = length != "0"
        parts = _split_at_length(data[:end], length) if has_body else _split_at_query(data)
        takes_it = call.operation.body is not None if has_body else call.body is None
        if parts is not None and takes_it and not isinstance(call.body, Malformed):
            # Its strings are shared from now on.
            like = replace(call, raw=b"", body=None, head_size=0)
            self._known.appendleft(Head(*parts, has_body, like))


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
