"""The short way of providers' calls: answered at once, without a task, a scope and ASGI.

The engine is synchronous: a call that is complete can be answered while its last bytes are read.
What is not such a call, or cannot have its turn yet, goes to the ASGI application.
"""

import logging
from collections.abc import Mapping
from typing import Final, Protocol, runtime_checkable

from httptools import HttpRequestParser

from mockserver.engine.call import Call, Malformed, Reply
from mockserver.web.asgi import MAX_BODY, TOO_LARGE, read_headers
from mockserver.web.calls import Request
from mockserver.web.routes import Route
from mockserver.web.wire.flaws import FAILURE, Pairs
from mockserver.web.wire.heads import Heads

_logger: Final = logging.getLogger("uvicorn.error")


@runtime_checkable
class Answering(Protocol):
    """What the short way needs of the application."""

    def find_route(self, host: str, method: str, path: str) -> Route | None:
        """The operation behind a path without parameters, if the Host header may have it."""

    def read_call(self, route: Route, request: Request) -> Call:
        """The call that a request makes."""

    def answer_call(self, call: Call) -> Reply:
        """Answer a call for an operation."""


class ShortWay:
    """The short way of one connection: the call that is coming in, and the heads that are known."""

    __slots__ = (
        "_chunks",
        "_emulator",
        "_heads",
        "_last",
        "_request",
        "_route",
        "_size",
        "is_taken",
    )

    def __init__(self, application: object) -> None:
        # One that is not made for it has no short way.
        self._emulator = application if isinstance(application, Answering) else None
        self._heads = Heads()
        self._route: Route | None = None
        self._request: Request | None = None
        self._last: Call | None = None  # that the parser has found
        self._chunks: list[bytes] = []
        self._size = 0
        self.is_taken = False  # by a call that is not complete yet

    def answer_known(self, data: bytes) -> Reply | None:
        """Answer a whole call whose head is known; nothing happens if it is none."""
        call = self._heads.recognise(data)
        return None if call is None else self._answer(call)

    def learn(self, data: bytes) -> None:
        """Remember the head of the last call, which began with these bytes."""
        if self._last is not None:
            self._heads.learn(data, self._last)

    def forget(self) -> None:
        """There is no last call."""
        self._last = None

    def take(self, parser: HttpRequestParser, url: bytes, pairs: Pairs) -> bool:
        """Whether a request is a provider's call; its body may come then."""
        if parser.get_http_version() != "1.1" or parser.should_upgrade():
            return False
        path, _, query = url.partition(b"?")
        headers = read_headers(pairs)
        host = headers.get("host", "")
        name, place = parser.get_method().decode("ascii"), path.decode("latin-1")
        route = self._emulator.find_route(host, name, place) if self._emulator else None
        if route is None or route.keeps_file or b"#" in query or not _has_plain_body(headers):
            return False
        target = url.decode("latin-1")
        scheme = headers.get("x-forwarded-proto", "http")
        origin = f"{'https' if scheme == 'https' else 'http'}://{host}"
        self._request = Request(name, place, target, query, headers, origin)
        self._route = route
        self._chunks = []
        self._size = 0
        self.is_taken = True
        return True

    def add(self, body: bytes) -> bool:
        """Take a part of the call's body; whether there is room for it."""
        self._size += len(body)
        if self._size > MAX_BODY:
            return False
        self._chunks.append(body)
        return True

    def finish(self) -> Reply:
        """Answer the call: its body is complete, or too large."""
        self.is_taken = False
        request, route, chunks = self._request, self._route, self._chunks
        assert self._emulator and request and route  # noqa: S101, PT018  # or it were not taken
        request.body = self._join(chunks) if route.takes_body else b""
        self._last = self._emulator.read_call(route, request)
        return self._answer(self._last)

    def _join(self, chunks: list[bytes]) -> bytes | Malformed:
        if self._size > MAX_BODY:
            return TOO_LARGE
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _answer(self, call: Call) -> Reply:
        assert self._emulator  # noqa: S101  # or no call were known
        try:
            return self._emulator.answer_call(call)
        except Exception:
            _logger.exception("a call could not be answered")
            return FAILURE


def _has_plain_body(headers: Mapping[str, str]) -> bool:
    """Whether a body is encoded and announced as one that may be taken."""
    is_short = len(headers.get("content-length", "")) <= 7  # digits: less than MAX_WASTE, roughly
    return is_short and headers.get("transfer-encoding", "chunked") == "chunked"
