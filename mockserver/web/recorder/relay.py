"""One call through a recorder: to the live API and back, while a copy of it is kept."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

import httpx

from mockserver.clock import Clock
from mockserver.record.exchange import Exchange, Headers, find_header
from mockserver.record.signpost import Match
from mockserver.web.asgi import Receive, Scope, Send, build_error, send_reply
from mockserver.web.recorder.stand_in import StandIn
from mockserver.web.recorder.upstream import HOP_BY_HOP, Upstream, name_error, read_headers, unpack

MAX_KEPT: Final = 64 * 1024 * 1024  # bytes of a body that are recorded; all of it is passed on
MAX_WHOLE: Final = 32 * 1024 * 1024  # bytes of a body that is looked into before it is passed on

STOPPED: Final = "stopped"  # the error of a call that was under way when the recorder stopped

_ABOUT_BODY: Final = frozenset({"content-length", "content-encoding", "etag"})

_SET_ANEW: Final = HOP_BY_HOP | {"date"}  # the server writes its own


class ClientLeft(Exception):
    """The client went away before its request was complete."""


@dataclass
class Taken:
    """What is known of a call so far."""

    started: int
    method: str
    target: str  # path and query of the live API
    headers: Headers
    body: bytes | None  # the whole of it, None if it streams
    kept: bytearray = field(default_factory=bytearray)  # of a body that streams
    status: int | None = None
    answer_headers: Headers = ()
    raw: bytearray = field(default_factory=bytearray)  # the answer's body as it came
    error: str | None = None
    notes: list[str] = field(default_factory=list)


class Relay:
    """Passes calls on."""

    def __init__(self, upstream: Upstream, clock: Clock, stand_in: StandIn | None) -> None:
        self._upstream = upstream
        self._clock = clock
        self._stand_in = stand_in

    def begin(self, scope: Scope, target: str, body: bytes | None) -> Taken:
        """A call that came in; a body that is None is still to come."""
        return Taken(self._clock.now(), scope["method"], target, read_pairs(scope), body)

    async def run(
        self, taken: Taken, match: Match | None, receive: Receive, send: Send
    ) -> Exchange:
        """Pass a call on, and its answer back; the exchange, whatever happened.

        An answer that breaks off upstream is not completed here either; one that is under way when
        the recorder stops ends in the error "stopped".
        """
        try:
            await self._run(taken, match, receive, send)
        except asyncio.CancelledError:
            taken.error = STOPPED  # but the live API may have taken it, at its price
        return self._build_exchange(taken)

    async def _run(self, taken: Taken, match: Match | None, receive: Receive, send: Send) -> None:
        try:
            answer = await self._ask(taken, match, receive)
        except ClientLeft:
            taken.error = "left"
        except httpx.InvalidURL as error:
            taken.error, problem = "invalid", f"this is no address: {error}"
            await send_reply(send, build_error(400, problem), close=True)
        except httpx.HTTPError as error:
            taken.error = name_error(error)
            status = 504 if taken.error == "timeout" else 502
            problem = f"the live API did not answer: {taken.error}"
            await send_reply(send, build_error(status, problem), close=True)
        else:
            taken.status, taken.answer_headers = answer.status_code, read_headers(answer)
            try:
                await self._pass_back(taken, answer, send)
            except httpx.HTTPError as error:
                taken.error = name_error(error)
            finally:
                await answer.aclose()

    async def _ask(self, taken: Taken, match: Match | None, receive: Receive) -> httpx.Response:
        if taken.body is None:
            content: bytes | AsyncIterator[bytes] = b""
            if _has_body(taken.headers):
                content = _stream(receive, taken.kept)
            return await self._upstream.send(taken.method, taken.target, taken.headers, content)
        sent, headers = taken.body, taken.headers
        if self._stand_in is not None and match is not None:
            sent = self._stand_in.replace(match.contract.name, match.operation, sent)
        if len(sent) != len(taken.body):
            headers = (*_leave_out(headers, _ABOUT_BODY), ("Content-Length", str(len(sent))))
        return await self._upstream.send(taken.method, taken.target, headers, sent)

    async def _pass_back(self, taken: Taken, answer: httpx.Response, send: Send) -> None:
        chunks = answer.aiter_raw()
        if self._stand_in is not None and self._stand_in.is_used and _is_json(taken.answer_headers):
            # It may repeat the callback's address.
            await _read_some(taken.raw, chunks)
            if len(taken.raw) <= MAX_WHOLE:
                _restore(taken, self._stand_in)
            else:
                taken.notes.append(f"not looked into: larger than {MAX_WHOLE >> 20} MiB")
        await self._send_head(send, answer.status_code, taken.answer_headers)
        await send({"type": "http.response.body", "body": bytes(taken.raw), "more_body": True})
        async for chunk in chunks:
            _keep(taken.raw, chunk)
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _send_head(self, send: Send, status: int, headers: Headers) -> None:
        kept = []
        for name, value in _leave_out(headers, _SET_ANEW):
            told = self._stay_here(value) if name.lower() == "location" else value
            kept.append((name.lower().encode("latin-1"), told.encode("latin-1")))
        await send({"type": "http.response.start", "status": status, "headers": kept})

    def _stay_here(self, location: str) -> str:
        """A client that is sent on to the live API itself would leave the recorder."""
        rest = location.removeprefix(self._upstream.url)
        return (rest or "/") if rest != location and rest[:1] in ("", "/") else location

    def _build_exchange(self, taken: Taken) -> Exchange:
        if len(taken.raw) >= MAX_KEPT:
            taken.notes.append(f"the answer was kept up to {MAX_KEPT >> 20} MiB")
        return Exchange(
            started=taken.started,
            elapsed=max(0, self._clock.now() - taken.started),
            method=taken.method,
            url=self._upstream.write_url(taken.target),
            request_headers=tuple(
                (name, self._upstream.host if name == "host" else value)
                for name, value in taken.headers
            ),
            request_body=bytes(taken.kept) if taken.body is None else taken.body,
            status=taken.status,
            response_headers=taken.answer_headers,
            response_body=unpack(taken.answer_headers, bytes(taken.raw)),
            error=taken.error,
            notes=tuple(taken.notes),
        )


async def _read_some(raw: bytearray, chunks: AsyncIterator[bytes]) -> None:
    """Read as much of a body as is looked into, and the piece that makes it too large."""
    async for chunk in chunks:
        raw += chunk
        if len(raw) > MAX_WHOLE:
            return


def _restore(taken: Taken, stand_in: StandIn) -> None:
    """Put the client's own address back into an answer that is there as a whole."""
    plain = unpack(taken.answer_headers, bytes(taken.raw))
    restored = stand_in.restore(plain)
    if restored != plain:
        taken.raw = bytearray(restored)
        length = ("Content-Length", str(len(restored)))
        taken.answer_headers = (*_leave_out(taken.answer_headers, _ABOUT_BODY), length)


def _is_json(headers: Headers) -> bool:
    media = find_header(headers, "content-type") or ""
    return media.partition(";")[0].strip().lower().endswith(("/json", "+json"))


def read_pairs(scope: Scope) -> Headers:
    """The headers of a request in their order."""
    return tuple((n.decode("latin-1"), v.decode("latin-1")) for n, v in scope["headers"])


async def read_whole(receive: Receive) -> bytes | None:
    """A body that is looked into; None if it is too large, or the client left before its end."""
    body = bytearray()
    try:
        async for chunk in _stream(receive, bytearray()):
            body += chunk
            if len(body) > MAX_WHOLE:
                return None
    except ClientLeft:
        return None
    return bytes(body)


async def _stream(receive: Receive, kept: bytearray) -> AsyncIterator[bytes]:
    """A body as it comes; what is recorded of it is put aside."""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientLeft
        chunk: bytes = message.get("body", b"")
        _keep(kept, chunk)
        if chunk:
            yield chunk
        if not message.get("more_body", False):
            return


def _keep(kept: bytearray, chunk: bytes) -> None:
    kept += chunk[: MAX_KEPT - len(kept)]


def _has_body(headers: Headers) -> bool:
    length = find_header(headers, "content-length")
    return length not in (None, "0") or find_header(headers, "transfer-encoding") is not None


def _leave_out(headers: Headers, names: frozenset[str]) -> Headers:
    return tuple((name, value) for name, value in headers if name.lower() not in names)
