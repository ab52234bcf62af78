"""The carrier: sends replies with transport faults, such as delay, cut and reset, below ASGI."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable, Iterator
from typing import Final, Protocol

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from mockserver.engine.call import Reply
from mockserver.engine.carriage import Carriage, End
from mockserver.web.asgi import Receive, Scope, Send
from mockserver.web.wire.answer import Defaults, write_head
from mockserver.web.wire.outlet import Outlet

CARRIER: Final = "mockserver.carrier"  # the ASGI extension under which an application finds one

_ON_AND_ZERO_SECONDS: Final = struct.pack("ii", 1, 0)
_FOR_EVER: Final = 86_400_000  # milliseconds


class CallbackWaiter(Protocol):
    """Who has replies to be carried."""

    async def wait_for_callbacks(self, account_id: str) -> None:
        """Come back when what is due for an account was sent and answered."""


class Carrier:
    """Carries one reply, in the place of the cycle in which uvicorn would send it."""

    def __init__(
        self,
        cycle: RequestResponseCycle,
        outlet: Outlet,
        transport: asyncio.Transport,
        waiter: CallbackWaiter,
    ) -> None:
        self._cycle = cycle
        self._outlet = outlet
        self._transport = transport
        self._waiter = waiter

    async def carry(self, reply: Reply, with_body: bool = True) -> None:
        """Send a reply on its way; comes back when nothing more of it will be sent."""
        carriage = reply.carriage or Carriage()
        if carriage.behind is not None:
            await self._waiter.wait_for_callbacks(carriage.behind)
        self._outlet.is_held = carriage.end is End.NEVER
        await self._pause(carriage.delay)
        if not carriage.is_silent:
            await self._write(reply, carriage, with_body)
        if carriage.end is End.NEVER:
            await self._pause(_FOR_EVER if carriage.lasts is None else carriage.lasts)
        self._finish(carriage.end)

    async def _write(self, reply: Reply, carriage: Carriage, with_body: bool) -> None:
        own = {name.lower().encode("latin-1") for name, _ in reply.headers}
        defaults = Defaults().write(
            [pair for pair in self._cycle.default_headers if pair[0].lower() not in own]
        )
        told = max(0, len(reply.body) + (carriage.length or 0))
        head = write_head(reply, defaults, told, keeps=self._cycle.keep_alive)
        pieces = cut_body(reply.body, carriage) if with_body else iter(())
        if not carriage.pause:
            await self._send(head + b"".join(pieces))
            return
        await self._send(head)
        for piece in pieces:
            await self._pause(carriage.pause)
            await self._send(piece)

    async def _send(self, data: bytes) -> None:
        if self._cycle.flow.write_paused and not self._cycle.disconnected:
            await self._cycle.flow.drain()
        if not self._cycle.disconnected:
            self._transport.write(data)

    async def _pause(self, span: int) -> None:
        """Wait so many milliseconds, or until the client has left."""
        if not span:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(span / 1000):
                while not self._cycle.disconnected:
                    self._cycle.message_event.clear()
                    await self._cycle.message_event.wait()

    def _finish(self, end: End) -> None:
        cycle = self._cycle
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        if cycle.disconnected:
            return
        if end is End.RESET:
            tear_down(self._transport)
        elif end is not End.KEEP or not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()


def attend(
    cycle: RequestResponseCycle, wire: HttpToolsProtocol, end: Callable[[], None]
) -> RequestResponseCycle:
    """Let a cycle end its connection in the way of the wire, and have a carrier at hand."""
    outlet = Outlet(wire.transport, end)
    cycle.transport = outlet  # type: ignore[assignment]
    carrier = Carrier(cycle, outlet, wire.transport, wire.config.app)  # type: ignore[arg-type]
    cycle.scope["extensions"] = {CARRIER: carrier.carry}  # type: ignore[dict-item]
    return cycle


async def carry_alone(reply: Reply, scope: Scope, _: Receive, __: Send) -> None:
    """Do what the application has left to the carrier: send its reply."""
    with contextlib.suppress(asyncio.CancelledError):  # the server stops
        await scope["extensions"][CARRIER](reply)


def build_cycle(wire: HttpToolsProtocol, keeps: bool) -> RequestResponseCycle:
    """A cycle for a call that was answered without one, whose reply the carrier sends."""
    cycle = RequestResponseCycle(
        scope={},  # type: ignore[typeddict-item]  # nobody reads it
        transport=wire.transport,
        flow=wire.flow,
        logger=wire.logger,
        access_logger=wire.access_logger,
        access_log=False,
        default_headers=wire.server_state.default_headers,
        message_event=asyncio.Event(),
        expect_100_continue=False,
        keep_alive=keeps,
        on_response=wire.on_response_complete,
    )
    cycle.more_body = False
    return cycle


def cut_body(body: bytes, carriage: Carriage) -> Iterator[bytes]:
    """The part of a body that is sent, in its pieces."""
    sent = len(body) if carriage.sent is None else int(len(body) * carriage.sent)
    size = max(1, -(-sent // carriage.pieces))
    return (body[start : min(sent, start + size)] for start in range(0, sent, size))


def tear_down(transport: asyncio.Transport) -> None:
    """End a connection with a TCP reset, which a lingering time of zero asks for."""
    bound: socket.socket | None = transport.get_extra_info("socket")
    if bound is not None:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ON_AND_ZERO_SECONDS)
    transport.abort()
