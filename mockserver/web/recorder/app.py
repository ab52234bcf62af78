"""A reverse proxy that records: what a client and a live API say to each other, both ways."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mockserver.clock import Clock
from mockserver.contract.model import Contract, Role
from mockserver.engine.call import Reply
from mockserver.errors import RecordingError
from mockserver.record.exchange import Exchange, Headers
from mockserver.record.purse import Purse
from mockserver.record.recording import Recording
from mockserver.record.signpost import Match, Signpost
from mockserver.web.asgi import (
    Receive,
    Scope,
    Send,
    answer_lifespan,
    build_error,
    send_reply,
)
from mockserver.web.callbacks.targets import Targets
from mockserver.web.health import HEALTH, HEALTHY
from mockserver.web.hosts import Hosts, parse_host
from mockserver.web.options import Options
from mockserver.web.recorder.collector import Collector
from mockserver.web.recorder.relay import STOPPED, Relay, read_pairs, read_whole
from mockserver.web.recorder.stand_in import PREFIX, StandIn, Substitute, list_callback_urls
from mockserver.web.recorder.upstream import Upstream

MAX_MESSAGE: Final = 256 * 1024 * 1024  # bytes of an upload
GRACE: Final = 20.0  # seconds for files that are being fetched when the recorder stops

# An answer that broke off upstream breaks off here: nothing to complain of.
_BROKEN_OFF: Final = "ASGI callable returned without completing response."
logging.getLogger("uvicorn.error").addFilter(lambda record: record.msg != _BROKEN_OFF)

Report = Callable[[Exchange], None]


def ignore_exchange(exchange: Exchange) -> None:
    """Report nothing."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is recorded, from where, and how much may be spent."""

    contract: Contract
    upstream: str
    public_url: str | None = None  # under which the live API reaches this recorder
    max_credits: int | None = None  # thousandths
    report: Report = ignore_exchange


class Recorder:
    """Everything that a recording server answers."""

    message_bytes = MAX_MESSAGE

    def __init__(self, plan: Plan, recording: Recording, clock: Clock, options: Options) -> None:
        self._plan = plan
        self._recording = recording
        self._clock = clock
        self._options = options
        self.notice = options.notice
        self._hosts = Hosts(options.allowed_hosts, beyond_loopback=options.beyond_loopback)
        self._upstream = Upstream(plan.upstream)
        self._signpost = Signpost([plan.contract])
        self.purse = Purse(plan.contract, plan.max_credits)
        self._stand_in = self._build_stand_in()
        self._relay = Relay(self._upstream, clock, self._stand_in)
        self._collector = Collector(clock, is_local=self._upstream.is_local)
        self._fetches: set[asyncio.Task[None]] = set()
        self._fetching = asyncio.Semaphore(4)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await answer_lifespan(receive, send, self.close)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
        elif self._stand_in and (place := self._stand_in.find(scope["path"])):
            await self._take_callback(place, scope, receive, send)
        elif refusal := self._find_refusal(scope):
            await send_reply(send, refusal, close=True)
        else:
            await self._pass(scope, receive, send)

    def end_streams(self) -> None:
        """Streams end with the live API's."""

    async def close(self) -> None:
        """Wait a little for files that are under way, and end the recording."""
        if self._fetches:
            await asyncio.wait(self._fetches, timeout=GRACE)
        for task in self._fetches:
            task.cancel()
        await self._collector.close()
        await self._upstream.close()

    def _build_stand_in(self) -> StandIn | None:
        base = self._plan.public_url
        if base is None and self._upstream.is_local and self._options.own_ports:
            base = self._options.write_origin(min(self._options.own_ports))
        if base is None:
            return None
        targets = Targets(self._options.callback_hosts, self._options.own_ports)
        return StandIn(base, targets, self._clock)

    def _find_refusal(self, scope: Scope) -> Reply | None:
        """The reply to what is not for the live API."""
        host = next((v.decode("latin-1") for n, v in scope["headers"] if n == b"host"), "")
        name = parse_host(host)
        if name is None or not self._hosts.admits(name):
            problem = f"the host {host} is not served here"
            return build_error(421, problem, f"start with --allowed-host {name or 'NAME'}")
        if scope["path"] == HEALTH:
            return HEALTHY
        if scope["path"].startswith((PREFIX, "/_mock")):
            return build_error(404, "a recorder has no such address", "see mockserver serve")
        return None

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call of the client's, there and back."""
        target = self._find_target(scope)
        found = self._signpost.find(scope["method"], self._upstream.write_url(target))
        match = found[0] if found else None
        body: bytes | None = None
        price: int | None = 0
        if match is not None and match.operation.role is Role.SUBMIT:
            body = await read_whole(receive)
            if body is None:
                await send_reply(send, build_error(413, "the submit is too large"), close=True)
                return
            self._warn_of_callbacks(match, body)
            price = self.purse.price(match.operation, body)
            if problem := self.purse.reserve(price):
                await self._refuse(send, problem)
                return
        taken = self._relay.begin(scope, target, body)
        exchange = await self._relay.run(taken, match, receive, send)
        self.purse.settle(price, self._keep(exchange))

    def _find_target(self, scope: Scope) -> str:
        """Path and query of the live API, as they were sent, without our mount."""
        path: str = scope["raw_path"].decode("latin-1")
        mount = f"/{self._plan.contract.name}"
        path = path.removeprefix(mount) if path.startswith(f"{mount}/") else path
        query = scope["query_string"].decode("latin-1")
        return f"{path}?{query}" if query else path

    def _warn_of_callbacks(self, match: Match, body: bytes) -> None:
        if self._stand_in is None and list_callback_urls(match.operation, body):
            self._options.notice(
                "callbacks of the live API cannot come here, so they are not recorded; "
                "--public-url names the address of a tunnel to this recorder"
            )

    async def _refuse(self, send: Send, problem: str) -> None:
        text = f"the recorder did not send this submit: {problem}"
        self._options.notice(text)
        await send_reply(send, build_error(402, text, "raise --max-credits, or leave it out"))

    async def _take_callback(
        self, place: Substitute, scope: Scope, receive: Receive, send: Send
    ) -> None:
        body = await read_whole(receive)
        if body is None or self._stand_in is None:
            await send_reply(send, build_error(413, "the callback is too large"), close=True)
            return
        headers: Headers = read_pairs(scope)
        exchange = await self._stand_in.pass_on(place, headers, body)
        self._keep(exchange)
        if exchange.status is None:
            reason = exchange.notes[0] if exchange.notes else exchange.error
            await send_reply(send, build_error(502, f"the client was not reached: {reason}"))
        else:
            await send_reply(send, Reply(exchange.status, exchange.response_body))

    def _keep(self, exchange: Exchange) -> Exchange:
        seen = self._write(exchange)
        # What is stopped fetches nothing more.
        for url in self._recording.take_addresses() if exchange.error != STOPPED else ():
            task = asyncio.create_task(self._fetch(url))
            self._fetches.add(task)
            task.add_done_callback(self._fetches.discard)
        return seen

    async def _fetch(self, url: str) -> None:
        try:
            async with self._fetching:
                self._write(await self._collector.fetch(url))
        except Exception as error:  # noqa: BLE001  # a mistake of ours costs one file, and is told
            place = url.partition("?")[0][:200]
            self._options.notice(f"{place} was not recorded: {type(error).__name__}: {error}")

    def _write(self, exchange: Exchange) -> Exchange:
        try:
            seen = self._recording.add(exchange)
        except RecordingError as error:  # the disk is full: the client goes on all the same
            self._options.notice(f"an exchange was not recorded: {error}")
            return exchange
        self._plan.report(seen)
        return seen
