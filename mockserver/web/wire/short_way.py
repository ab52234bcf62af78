"""The short way: providers' calls are answered synchronously, without a task, a scope and ASGI.

The engine is synchronous: a call that is complete can be answered while its last bytes are read.
What is not such a call, or cannot have its turn yet, goes to the ASGI application.
"""

import logging
from collections.abc import Mapping
from typing import Final, Protocol, runtime_checkable

from httptools import HttpRequestParser

from mockserver.engine.call import Call, Malformed, Reply
from mockserver.web.asgi import MAX_BODY, TOO_LARGE, is_hopeless, read_headers
from mockserver.web.calls import Request, read_origin
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


class Pending:
    """A call on the short way whose body is still coming in."""

    __slots__ = ("chunks", "emulator", "request", "route", "size")

    def __init__(self, emulator: Answering, route: Route, request: Request) -> None:
        self.emulator = emulator
        self.route = route
        self.request = request
        self.chunks: list[bytes] = []
        self.size = 0

    def add(self, body: bytes) -> bool:
        """Take a part of the body; whether there is room for it."""
        self.size += len(body)
        if self.size > MAX_BODY:
            return False
        self.chunks.append(body)
        return True

    def read_call(self) -> Call:
        """The call, with as much of its body as has come."""
        self.request.body = self._join() if self.route.takes_body else b""
        return self.emulator.read_call(self.route, self.request)

    def _join(self) -> bytes | Malformed:
        if self.size > MAX_BODY:
            return TOO_LARGE
        return self.chunks[0] if len(self.chunks) == 1 else b"".join(self.chunks)


class ShortWay:
    """The short way of one connection: the call that is coming in, and the heads that are known."""

    __slots__ = ("_emulator", "_heads", "_last", "pending")

    def __init__(self, application: object) -> None:
        # One that is not made for it has no short way.
        self._emulator = application if isinstance(application, Answering) else None
        self._heads = Heads()
        self._last: Call | None = None  # that the parser has found
        self.pending: Pending | None = None

    def answer_known(self, data: bytes) -> Reply | None:
        """Answer a whole call whose head is known; nothing happens if it is none."""
        emulator = self._emulator
        if emulator is None:
            return None
        call = self._heads.recognise(data)
        return None if call is None else _answer(emulator, call)

    def learn(self, data: bytes) -> None:
        """Remember the head of the last call, which began with these bytes."""
        if self._last is not None:
            self._heads.learn(data, self._last)

    def forget(self) -> None:
        """There is no last call."""
        self._last = None

    def take(self, parser: HttpRequestParser, url: bytes, pairs: Pairs) -> bool:
        """Whether a request is a provider's call; its body may come then."""
        emulator = self._emulator
        if emulator is None or parser.get_http_version() != "1.1" or parser.should_upgrade():
            return False
        path, _, query = url.partition(b"?")
        headers = read_headers(pairs)
        name, place = parser.get_method().decode("ascii"), path.decode("latin-1")
        route = emulator.find_route(headers.get("host", ""), name, place)
        if route is None or route.keeps_file or b"#" in query or not _has_plain_body(headers):
            return False
        target = url.decode("latin-1")
        request = Request(name, place, target, query, headers, read_origin(headers, "http"))
        self.pending = Pending(emulator, route, request)
        return True

    def finish(self, pending: Pending) -> Reply:
        """Answer the call: its body is complete, or too large."""
        self.pending = None
        self._last = pending.read_call()
        return _answer(pending.emulator, self._last)


def _answer(emulator: Answering, call: Call) -> Reply:
    try:
        return emulator.answer_call(call)
    except Exception:
        _logger.exception("a call could not be answered")
        return FAILURE


def _has_plain_body(headers: Mapping[str, str]) -> bool:
    """Whether a body is sent as it is, and announced as one that may be taken."""
    if is_hopeless(headers, MAX_BODY):
        return False
    return headers.get("transfer-encoding", "chunked") == "chunked"
