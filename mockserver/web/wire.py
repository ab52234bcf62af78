"""Below ASGI: deadlines and caps for what comes in, and a short way for providers' calls.

uvicorn's protocol does the parsing. This subclass adds what it lacks (a deadline for receiving a
request, caps on its head) and answers calls of providers at once, in one write, because the engine
is synchronous: a call that is complete needs no task, no scope and no second system call. All
other requests go to the ASGI application as usual.
"""

import asyncio
from typing import Any, Final, Protocol

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from mockserver.engine.call import Malformed, Reply
from mockserver.web.asgi import MAX_BODY, TOO_LARGE, read_headers
from mockserver.web.provider import Request
from mockserver.web.routes import Route

HEAD_SECONDS: Final = 10.0  # to send a request's head, from its first byte or the connection on
BODY_SECONDS: Final = 60.0  # to send its body
IDLE_SECONDS: Final = 75.0  # between requests; less would close under clients that poll slowly
MAX_HEAD: Final = 64 * 1024  # bytes of a request line and its headers
MAX_HEADERS: Final = 100

_JSON_HEAD: Final = b"content-type: application/json\r\ncontent-length: "


class Answering(Protocol):
    """What the short way needs of the application."""

    def find_route(self, host: str, method: str, path: str) -> Route | None:
        """The operation behind a path without parameters, if the Host header may have it."""

    def answer_call(self, route: Route, request: Request) -> Reply:
        """Answer a call for an operation."""


class Wire(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._emulator: Answering = self.config.app  # type: ignore[assignment]  # built by us
        self._timer: asyncio.TimerHandle | None = None
        self._deadline: float | None = None
        self._head_size = 0
        self._in_head = True
        self._refused = False
        self._route: Route | None = None
        self._request: Request | None = None
        self._chunks: list[bytes] = []
        self._body_size = 0

    # The connection's life

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        if self._in_head:
            self._head_size += len(data)
            if self._head_size > MAX_HEAD:
                self._check_head_size(data)
                return
        super().data_received(data)

    def _check_head_size(self, data: bytes) -> None:
        """A body may come in one piece with its head: only the parser can tell them apart."""
        super().data_received(data[: MAX_HEAD - self._head_size + len(data)])
        if self._in_head and not self.transport.is_closing():
            self._refuse(431, "the head of the request is longer than 65536 bytes")
        elif not self.transport.is_closing():
            super().data_received(data[MAX_HEAD - self._head_size :])

    # Deadlines: one timer for the life of a connection, which looks when the time might be up

    def _expect(self, seconds: float | None) -> None:
        """The next thing has to have come after so many seconds; None: nothing is awaited."""
        if seconds is None:
            self._deadline = None
            return
        self._deadline = self.loop.time() + seconds
        if self._timer is None:
            self._timer = self.loop.call_later(seconds, self._check_deadline)

    def _check_deadline(self) -> None:
        self._timer = None
        if self._deadline is None or self.transport.is_closing():
            return
        left = self._deadline - self.loop.time()
        if left > 0:
            self._timer = self.loop.call_later(left, self._check_deadline)
        elif self._head_size and not self._is_answering():
            self._refuse(408, "the request did not come to its end in time")
        else:
            self.transport.close()

    def _is_answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and cycle.response_started

    def _refuse(self, status: int, text: str) -> None:
        self._refused = True
        body = text.encode()
        length = b"%d" % len(body)
        self.transport.write(
            STATUS_LINE[status]
            + b"content-type: text/plain; charset=utf-8\r\nconnection: close\r\ncontent-length: "
            + length
            + b"\r\n\r\n"
            + body
        )
        self.transport.close()

    # The parser's callbacks

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._route = None
        self._expect(HEAD_SECONDS)

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        if len(self.headers) == MAX_HEADERS + 1 and not self._refused:
            self._refuse(431, f"the request has more than {MAX_HEADERS} headers")

    def on_headers_complete(self) -> None:
        self._in_head = False
        if self._refused:
            return
        self._expect(BODY_SECONDS)
        if not self._take_short_way():
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self._refused:
            return
        if self._route is None:
            super().on_body(body)
            return
        self._body_size += len(body)
        if self._body_size <= MAX_BODY:
            self._chunks.append(body)
        else:
            self._answer(TOO_LARGE)

    def on_message_complete(self) -> None:
        self._in_head, self._head_size = True, 0
        if self._refused:
            return
        if self._route is None:
            self._expect(None)
            super().on_message_complete()
        else:
            chunks = self._chunks
            self._answer(chunks[0] if len(chunks) == 1 else b"".join(chunks))

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._unset_keepalive_if_required()  # our own deadline stands for it
        if not self.pipeline:
            self._expect(IDLE_SECONDS)

    # The short way

    def _take_short_way(self) -> bool:
        """Whether the request is a provider's call that can be answered in its turn."""
        cycle: RequestResponseCycle | None = self.cycle
        parser, url = self.parser, self.url
        if (
            (cycle is not None and not cycle.response_complete)
            or self.expect_100_continue
            or self.flow.write_paused
            or parser.get_http_version() != "1.1"
            or parser.should_upgrade()
            or not url.startswith(b"/")
        ):
            return False
        path, _, query = url.partition(b"?")
        headers = read_headers(self.headers)
        host = headers.get("host", "")
        method, place = parser.get_method().decode("ascii"), path.decode("latin-1")
        route = self._emulator.find_route(host, method, place)
        if route is None:
            return False
        target = url.decode("latin-1")
        scheme = headers.get("x-forwarded-proto", "http")
        origin = f"{'https' if scheme == 'https' else 'http'}://{host}"
        self._request = Request(method, place, target, query, headers, origin)
        self._route = route
        self._chunks = []
        self._body_size = 0
        return True

    def _answer(self, body: bytes | Malformed) -> None:
        request, route = self._request, self._route
        assert request is not None and route is not None  # noqa: S101, PT018  # set together
        self._route = None
        if route.takes_body:
            request.body = body
        reply = self._emulator.answer_call(route, request)
        keeps = body is not TOO_LARGE and self.parser.should_keep_alive()
        self.transport.write(_write_head(reply, self._write_defaults(), keeps) + reply.body)
        self.server_state.total_requests += 1
        if keeps:
            self._expect(IDLE_SECONDS)
        else:
            self._refused = True  # whatever still comes is not read
            self.transport.close()

    def _write_defaults(self) -> bytes:
        """The headers that every answer has; uvicorn makes a new list of them each second."""
        given = self.server_state.default_headers
        if given is not _defaults.given:
            _defaults.given = given
            _defaults.text = b"".join(b"%s: %s\r\n" % pair for pair in given)
        return _defaults.text


class _Defaults:
    given: list[tuple[bytes, bytes]] | None = None
    text: bytes = b""


_defaults = _Defaults()


def _write_head(reply: Reply, defaults: bytes, keeps: bool) -> bytes:
    length = b"%d\r\n" % len(reply.body)
    if reply.media_type == "application/json" and not reply.headers and keeps:
        return STATUS_LINE[reply.status] + defaults + _JSON_HEAD + length + b"\r\n"
    media_type = reply.media_type.encode("latin-1")
    head = [STATUS_LINE[reply.status], defaults, b"content-type: ", media_type, b"\r\n"]
    head += (f"{name}: {value}\r\n".encode("latin-1") for name, value in reply.headers)
    if not keeps:
        head.append(b"connection: close\r\n")
    return b"".join((*head, b"content-length: ", length, b"\r\n"))
