"""The write side of ASGI answers: backpressure in pieces, and how a connection is closed."""

import asyncio
from collections.abc import Callable
from typing import Final, cast

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from mockserver.web.asgi import App, Message, Receive, Scope, Send

PIECE: Final = 64 * 1024


class Outlet:
    """What uvicorn writes an answer to: the transport, but for how it is closed."""

    __slots__ = ("close", "is_closing", "is_held", "write")

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self.is_held = False  # a carrier lets no end of the answer come
        self.write = transport.write
        self.is_closing = transport.is_closing
        self.close = close


async def run_application(app: App, scope: Scope, receive: Receive, send: Send) -> None:
    """Let the application answer; large bodies leave in pieces, each when there is room for it.

    A slow reader of a large file would otherwise cost the memory of a copy.
    """

    async def send_pieces(message: Message) -> None:
        body: bytes = message.get("body", b"")
        if len(body) > PIECE:
            last = (len(body) - 1) // PIECE * PIECE
            for start in range(0, last, PIECE):
                piece = body[start : start + PIECE]
                await send({"type": message["type"], "body": piece, "more_body": True})
            message = {**message, "body": body[last:]}
        await send(message)

    try:
        await app(scope, receive, send_pieces)
    except asyncio.CancelledError:
        return  # the server stops, and has cut the connection already


def is_endless(cycle: RequestResponseCycle) -> bool:
    """Whether an answer has no end in sight: a stream, or one that is held for ever.

    Its transport has to be an outlet.
    """
    return cycle.chunked_encoding is True or cast("Outlet", cycle.transport).is_held


def abandon(cycle: RequestResponseCycle) -> None:
    """Let the application see that its client has left, and write nothing more."""
    cycle.disconnected = True
    cycle.waiting_for_100_continue = False
    cycle.message_event.set()
