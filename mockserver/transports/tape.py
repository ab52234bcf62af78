"""The writer behind both transports: calls that began, and what became of them."""

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from mockserver.clock import Clock, SystemClock
from mockserver.contract.load import load
from mockserver.contract.model import Contract
from mockserver.errors import UsageError
from mockserver.record.exchange import Exchange, Headers
from mockserver.record.purse import Purse
from mockserver.record.recording import Mode, Recording, Summary
from mockserver.record.signpost import Signpost
from mockserver.selection import select_contracts
from mockserver.web.asgi import build_error
from mockserver.web.recorder.upstream import name_error, unpack

LEFT: Final = "left"  # the error of a call whose client went away


@dataclass
class Call:
    """One request, and what came back so far."""

    request: httpx.Request
    body: bytes
    started: int
    price: int | None = 0
    status: int | None = None
    headers: Headers = ()
    raw: bytearray = field(default_factory=bytearray)
    is_over: bool = False


class Tape:
    """What both transports write to; one at a time, from whichever thread."""

    def __init__(
        self, recording: Recording, contract: Contract, max_credits: float | None, clock: Clock
    ) -> None:
        limit = None if max_credits is None else round(max_credits * 1000)
        self._recording = recording
        self._clock = clock
        self._signpost = Signpost([contract])
        self._purse = Purse(contract, limit)
        self._lock = threading.Lock()

    @property
    def summary(self) -> Summary:
        """What was recorded so far."""
        return self._recording.summary

    def begin(self, request: httpx.Request, body: bytes) -> Call | httpx.Response:
        """A call that may be made, or the answer that refuses it."""
        call = Call(request, body, self._clock.now())
        found = self._signpost.find(request.method, str(request.url))
        with self._lock:
            call.price = self._purse.price(found[0].operation, body) if found else 0
            problem = self._purse.reserve(call.price)
        if problem is None:
            return call
        reply = build_error(402, f"the recorder did not send this submit: {problem}")
        return httpx.Response(402, headers={"content-type": reply.media_type}, content=reply.body)

    def end(self, call: Call, error: Exception | None = None, note: str = "") -> None:
        """Write a call down, once."""
        self._write(call, None if error is None else name_error(error), note)

    def leave(self, call: Call) -> None:
        """Write down a call that its client waits for no longer."""
        self._write(call, LEFT, "")

    def _write(self, call: Call, error: str | None, note: str) -> None:
        if call.is_over:
            return
        call.is_over = True
        exchange = Exchange(
            started=call.started,
            elapsed=max(0, self._clock.now() - call.started),
            method=call.request.method,
            url=str(call.request.url),
            request_headers=_read_headers(call.request),
            request_body=call.body,
            status=call.status,
            response_headers=call.headers,
            response_body=unpack(call.headers, bytes(call.raw)),
            error=error,
            notes=(note,) if note else (),
        )
        with self._lock:
            self._purse.settle(call.price, self._recording.add(exchange))

    def take_requests(self) -> list[httpx.Request]:
        """Requests, without a key, for the results that nobody has fetched."""
        with self._lock:
            return [httpx.Request("GET", url) for url in self._recording.take_addresses()]

    def close(self) -> None:
        """End the file."""
        self._recording.close()


def open_tape(path: str | Path, provider: str | Path, mode: str, max_credits: float | None) -> Tape:
    """A tape for one provider; raises UsageError or ContractError."""
    if mode not in list(Mode):
        raise UsageError(f"there is no mode {mode!r}; there are {', '.join(Mode)}")
    contract = load(provider) if isinstance(provider, Path) else select_contracts([provider])[0]
    tape = {"provider": contract.name, "edition": contract.edition}
    recording = Recording(Path(path), [contract], Mode(mode), tape=tape)
    return Tape(recording, contract, max_credits, SystemClock())


def _read_headers(request: httpx.Request) -> Headers:
    return tuple((n.decode("latin-1"), v.decode("latin-1")) for n, v in request.headers.raw)
