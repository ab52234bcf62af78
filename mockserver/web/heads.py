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
MAX_SIZE: Final = 4 * 1024  # bytes of headers; longer ones are not remembered

# What every parser takes for a request line: one blank twice, no fragment, nothing beyond ASCII.
_LINE: Final = re.compile(rb"([A-Z]+) ((/[!\"$->@-~]*)(?:\?([!\"$-~]*))?) HTTP/1\.1")
# The one header that differs from submit to submit, as clients spell it. No header can have the
# mark that stands for its value.
_LENGTHS: Final = (b"\r\nContent-Length: %d\r\n", b"\r\ncontent-length: %d\r\n")
_ANY_LENGTH: Final = b"\r\n\n\r\n"


@dataclass(frozen=True, slots=True)
class Head:
    """The headers of a request as the parser read them."""

    headers: Mapping[str, str]
    origin: str  # how the client reaches this server


class Heads:
    """The last heads of one connection."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[bytes, Head] = {}

    def recognise(self, data: bytes) -> Request | None:
        """The request that some bytes are, if they are a whole one with a known head."""
        if not self._known:
            return None
        start, end = data.find(b"\r\n"), data.find(b"\r\n\r\n")
        body = data[end + 4 :]
        head = self._known.get(_build_name(data[start : end + 2], len(body)))
        match = None if head is None else _LINE.fullmatch(data, 0, start)
        if head is None or match is None:
            return None
        method, target, path, query = match.groups()
        headers = head.headers
        if body:
            headers = {**headers, "content-length": str(len(body))}
        return Request(
            method.decode(), path.decode(), target.decode(), query or b"", headers, head.origin, body
        )

    def learn(self, data: bytes, request: Request) -> None:
        """Remember the head of a request that the parser made of some bytes, if it is all of them.

        Its body is the rest of the bytes if it is as long as its header says; then the head is
        what stands before it, and not the start of something longer.
        """
        start, end = data.find(b"\r\n"), data.find(b"\r\n\r\n")
        block, length = data[start : end + 2], len(data) - end - 4
        declared = request.headers.get("content-length", "0")
        if end < 0 or len(block) > MAX_SIZE or declared != str(length):
            return
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known[_build_name(block, length)] = Head(request.headers, request.origin)


def _build_name(block: bytes, length: int) -> bytes:
    """What a block of headers is remembered by: itself, with any length of the body alike."""
    if not length:
        return block
    for spelled in _LENGTHS:
        name = block.replace(spelled % length, _ANY_LENGTH, 1)
        if name is not block and name != block:
            return name
    return block
