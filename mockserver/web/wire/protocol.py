"""The asyncio protocol of a connection: uvicorn's, with deadlines, caps and a short way.

uvicorn's protocol does the parsing. This subclass adds what it lacks: deadlines both ways, caps on
what is read, one meaning for each request, refusals that arrive, and an order that holds whichever
way a request is answered; `state` has its states. The server looks for late ones now and then.
"""

import asyncio
from collections import deque
from functools import partial
from math import inf
from typing import Any, Final

from httptools import HttpParserError
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from mockserver.engine.call import Reply
from mockserver.web.wire import flaws
from mockserver.web.wire.answer import Defaults, write_answer
from mockserver.web.wire.burst import Burst
from mockserver.web.wire.carrier import attend, build_cycle, carry_alone
from mockserver.web.wire.flaws import HeadRefused
from mockserver.web.wire.intake import BETWEEN, BODY, HEAD, Intake
from mockserver.web.wire.limits import LIMITS, Limits
from mockserver.web.wire.outlet import abandon, is_endless, run_application
from mockserver.web.wire.short_way import ShortWay
from mockserver.web.wire.state import ENDED, HALF, LEAVING, OPEN, REFUSING

_defaults: Final = Defaults()


class Wire(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *args: Any, burst: Burst, limits: Limits = LIMITS, **options: Any) -> None:
        super().__init__(*args, **options)
        self.app = partial(run_application, self.app)
        self._limits = limits
        self._burst = burst
        self._intake = Intake(limits, self.config.app.notice)  # type: ignore[union-attr]  # Served
        self._short = ShortWay(self.config.app)
        self._owed: deque[RequestResponseCycle] = deque()  # answers of the application, in order
        self._state = OPEN
        self._refusal = flaws.LATE  # the last answer of a connection that is REFUSING
        self._is_full = False  # the server is, and takes no request of this connection
        self._write_deadline = inf  # for the client to take what was written

    # The connection's life

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        limits, count = self._limits, len(self.connections)
        if count > limits.connections + limits.refusals:
            transport.abort()
        self._is_full = count > limits.connections
        seconds = limits.linger_seconds if self._is_full else limits.head_seconds
        self._intake.deadline = self.loop.time() + seconds

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        for cycle in self._owed:
            abandon(cycle)
        self.cycle = None  # type: ignore[assignment]  # it refers to us: no work for the collector

    def data_received(self, data: bytes) -> None:
        intake = self._intake
        if self._state > LEAVING:
            if not intake.waste(data):
                self.transport.abort()
        elif intake.stage != BETWEEN:
            self._parse(data)
        elif self._has_turn() and (reply := self._short.answer_known(data)) is not None:
            self._send(reply, keeps=True)
        else:
            self._short.forget()
            self._parse(data)
            if intake.stage == BETWEEN and self._state <= LEAVING:
                self._short.learn(data)

    def _parse(self, data: bytes) -> None:
        refusal = self._intake.parse(self.parser, data)
        if refusal is not None:
            self._refuse(refusal)
        elif self._state <= LEAVING:
            self._intake.set_deadline(self.loop.time(), is_awaited=not self._owed)

    def eof_received(self) -> bool:  # type: ignore[override]
        """A client that sends no more may still wait for an answer: true keeps the way to it."""
        is_owed = self._state != ENDED and self._intake.stage != BODY and bool(self._owed)
        if not is_owed or is_endless(self.cycle):
            return False
        self._intake.reach(BETWEEN)
        self._state = max(self._state, HALF)
        return True

    def pause_writing(self) -> None:
        super().pause_writing()
        self._write_deadline = self.loop.time() + self._limits.write_seconds

    def resume_writing(self) -> None:
        super().resume_writing()
        self._write_deadline = inf

    def check_deadline(self, now: float) -> None:
        """End the connection if its client is late; `now` is the loop's time."""
        if now >= self._write_deadline:
            self.transport.abort()
        elif now < self._intake.deadline:
            return
        elif self._state > LEAVING or self.transport.is_closing():
            self.transport.abort()
        elif self.flow.read_paused:  # it is us who do not read
            self._intake.deadline = inf
            self._intake.set_deadline(now, is_awaited=False)
        elif self._intake.stage == BETWEEN:
            self._end()
        else:
            self._refuse(flaws.LATE)

    # The end

    def shutdown(self) -> None:
        """The server stops: end the connection, after the answers that are owed."""
        self._state = max(self._state, LEAVING)
        self._burst.leave()
        if self._short.pending is None:
            super().shutdown()

    def _refuse(self, reply: Reply) -> None:
        """Read no more, and say why when no answer is owed any more."""
        if self._state > LEAVING:
            return
        if self._intake.stage == BODY and self._short.pending is None:
            cycle = self.cycle  # of the request that is broken
            if cycle.response_started:  # nothing fits behind an answer that came before its body
                self._end() if cycle.response_complete else self.transport.abort()
                return
            if self.pipeline:  # it waits for its turn, as the newest
                self.pipeline.popleft()
            abandon(self._owed.pop())
        self._state = REFUSING
        self._refusal = reply
        self.flow.resume_reading()
        self._intake.reach(HEAD)  # something still comes
        if not self._owed:
            self._send(reply, keeps=False)

    def _end(self) -> None:
        """Close; a client that still sends may end, or TCP would throw its answer away."""
        self._state = ENDED
        self.pipeline.clear()
        if self._intake.stage == BETWEEN:
            self.transport.close()
            seconds = self._limits.write_seconds
        else:
            self.transport.write_eof()
            seconds = self._limits.linger_seconds
        self._intake.deadline = self.loop.time() + seconds

    # The parser's callbacks

    def on_message_begin(self) -> None:
        if self.transport.is_closing():
            raise HeadRefused(flaws.LATE)  # that nobody hears: the last answer was given
        super().on_message_begin()
        self._intake.reach(HEAD)

    def on_headers_complete(self) -> None:
        flaws.check_count(self.headers, self._limits.headers)
        if self._is_short() or self._enter_application():
            self.headers = flaws.IGNORED
            self._intake.reach(BODY)

    def on_body(self, body: bytes) -> None:
        pending = self._short.pending
        if pending is None:
            super().on_body(body)
        elif not pending.add(body):
            self._send(self._short.finish(pending), keeps=False)
            raise HeadRefused(flaws.LONG_BODY)  # that nobody hears

    def on_message_complete(self) -> None:
        if self._intake.stage == HEAD:
            return  # the request offers to change the protocol: it comes again without that
        self._intake.reach(BETWEEN)
        pending = self._short.pending
        if pending is None:
            super().on_message_complete()
        else:
            keeps = self.parser.should_keep_alive() and self._state == OPEN
            self._send(self._short.finish(pending), keeps=keeps)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._unset_keepalive_if_required()  # our own deadline stands for it
        self._owed.popleft()
        if self._owed or self.transport.is_closing():
            return
        if self._state == OPEN:
            self._intake.set_deadline(self.loop.time(), is_awaited=True)
        elif self._state == REFUSING:
            self._send(self._refusal, keeps=False)
        elif self._state != ENDED:
            self._end()

    # Both ways

    def _has_turn(self) -> bool:
        """Whether a call can be answered now: no answer is before it, and the client reads."""
        return not self._owed and not self.flow.write_paused

    def _is_short(self) -> bool:
        """Whether the request takes the short way."""
        return (
            self._has_turn()
            and not (self.expect_100_continue or self._is_full)
            and self._short.take(self.parser, self.url, self.headers)
        )

    def _enter_application(self) -> bool:
        """Hand the request to the application in its turn, unless it comes again."""
        if self._is_full:
            raise HeadRefused(flaws.FULL)
        again = flaws.check_head(self.parser, self.url, self.headers)
        if again is not None:
            self._intake.again = again
            return False
        try:
            super().on_headers_complete()
        except (HttpParserError, ValueError) as error:
            raise HeadRefused(flaws.NO_ADDRESS) from error
        self._owed.append(attend(self.cycle, self, self._end))
        return True

    def _send(self, reply: Reply, *, keeps: bool) -> None:
        """Write a whole answer."""
        if reply.carriage is not None:
            self._intake.reach(BETWEEN)
            self.cycle = attend(build_cycle(self, keeps), self, self._end)
            self._owed.append(self.cycle)
            self._start_asgi_task(self.cycle, partial(carry_alone, reply))
            return
        defaults = _defaults.write(self.server_state.default_headers)
        self._burst.add(self.loop, self.transport, write_answer(reply, defaults, keeps=keeps))
        self.server_state.total_requests += 1
        if keeps:
            self._intake.deadline = self.loop.time() + self._limits.idle_seconds
        else:
            self._burst.leave()
            self._end()
