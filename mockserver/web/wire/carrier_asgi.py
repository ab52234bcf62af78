"""Replies with transport faults, where only ASGI is there: as a client behind it would see them.

Over a socket, the carrier of the connection does it. A client in this process has no connection:
it gets the exceptions that httpx raises for what happens on a real one.
"""

import asyncio
from collections.abc import Awaitable, Callable

from mockserver.engine.call import Reply
from mockserver.engine.carriage import Carriage, End
from mockserver.web.asgi import Send, build_head, send_reply
from mockserver.web.calls import Request
from mockserver.web.wire.carrier import cut_body

Wait = Callable[[str], Awaitable[None]]


async def wait_for_nobody(account_id: str) -> None:
    """Wait for no callbacks: none comes before a reply."""


async def carry_reply(
    send: Send,
    reply: Reply,
    request: Request,
    wait: Wait = wait_for_nobody,
    *,
    close: bool = False,
) -> None:
    """Send a reply on its way; `wait` waits for the callbacks of an account."""
    with_body = request.method != "HEAD"
    if reply.carriage is None:
        await send_reply(send, reply, close=close, with_body=with_body)
        return
    if request.carrier is not None:
        await request.carrier(reply, with_body)
        return
    carriage = reply.carriage
    if carriage.behind is not None:
        await wait(carriage.behind)
    await asyncio.sleep(carriage.delay / 1000)
    if not carriage.is_silent:
        await _send(send, reply, carriage, with_body)
    if carriage.end is End.NEVER and carriage.lasts is not None:
        await asyncio.sleep(carriage.lasts / 1000)
    _raise(reply, carriage)


async def _send(send: Send, reply: Reply, carriage: Carriage, with_body: bool) -> None:
    await send(build_head(reply, max(0, len(reply.body) + (carriage.length or 0))))
    for piece in cut_body(reply.body, carriage) if with_body else ():
        await asyncio.sleep(carriage.pause / 1000)
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    if carriage.end is not End.RESET and not _count_missing(reply, carriage):
        await send({"type": "http.response.body", "body": b""})


def _raise(reply: Reply, carriage: Carriage) -> None:
    """The exception of a client whose connection has ended so, if it has."""
    from httpx import ReadError, ReadTimeout, RemoteProtocolError  # costs time, and is rare

    if carriage.end is End.NEVER and carriage.lasts is None:
        raise ReadTimeout("the fault 'hang': nothing ever comes back")
    if carriage.end is End.RESET:
        raise ReadError("the connection was reset, by a fault")
    if carriage.is_silent:
        raise RemoteProtocolError("Server disconnected without sending a response.")
    if missing := _count_missing(reply, carriage):
        raise RemoteProtocolError(
            f"peer closed connection without sending complete message body ({missing} bytes less)"
        )


def _count_missing(reply: Reply, carriage: Carriage) -> int:
    """How many bytes of the body come less than were told."""
    size = len(reply.body)
    sent = size if carriage.sent is None else int(size * carriage.sent)
    return max(0, size + (carriage.length or 0) - sent)
