"""The server's side of ASGI: a body read within bounds, a reply sent in two messages."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final

import orjson

from mockserver.engine.call import Malformed, Reply

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_BODY: Final = 1024 * 1024
# What is read and thrown away beyond MAX_BODY, so that a client which sends its whole body before
# it listens still hears why it was refused.
MAX_WASTE: Final = 8 * MAX_BODY
TOO_LARGE: Final = Malformed(f"the body is larger than {MAX_BODY} bytes", 413)


def read_headers(pairs: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by name in lower case; repeated ones are joined with commas."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in pairs}
    if len(headers) < len(pairs):
        joined: dict[str, list[str]] = {}
        for name, value in pairs:
            joined.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
        headers = {name: ", ".join(values) for name, values in joined.items()}
    return headers


async def read_body(
    receive: Receive, headers: Mapping[str, str], most: int = MAX_BODY
) -> bytes | Malformed | None:
    """The body; TOO_LARGE if it exceeds so many bytes, None if the client left before its end."""
    if is_hopeless(headers, most):
        return TOO_LARGE
    message = await receive()
    if not message.get("more_body", False) and message["type"] == "http.request":
        body: bytes = message.get("body", b"")
        return body if len(body) <= most else TOO_LARGE
    return await _read_on(receive, message, most)


def is_hopeless(headers: Mapping[str, str], most: int) -> bool:
    """Whether a body is announced that is too large even to be read and thrown away."""
    length = headers.get("content-length", "")
    return len(length) > 15 or (length.isdecimal() and int(length) > most + MAX_WASTE)


async def _read_on(receive: Receive, message: Message, most: int) -> bytes | Malformed | None:
    chunks: list[bytes] = []
    size = 0
    while message["type"] == "http.request":
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size <= most:
            chunks.append(chunk)
        else:
            chunks.clear()
        if not message.get("more_body", False) or size > most + MAX_WASTE:
            return b"".join(chunks) if size <= most else TOO_LARGE
        message = await receive()
    return None


async def send_reply(
    send: Send, reply: Reply, *, close: bool = False, with_body: bool = True
) -> None:
    """Send a reply; `close` ends the connection after it, a HEAD request gets no body."""
    await send(build_head(reply, len(reply.body), close=close))
    await send({"type": "http.response.body", "body": reply.body if with_body else b""})


def build_head(reply: Reply, length: int, *, close: bool = False) -> Message:
    """The first message of a reply whose body is told to be so long."""
    headers = [(b"content-type", reply.media_type.encode("latin-1"))]
    if reply.status != 304:  # there it would be the length of what is not sent
        headers.append((b"content-length", b"%d" % length))
    if reply.headers:
        headers += [(n.encode("latin-1"), v.encode("latin-1")) for n, v in reply.headers]
    if close:
        headers.append((b"connection", b"close"))
    return {"type": "http.response.start", "status": reply.status, "headers": headers}


def build_error(status: int, error: str, hint: str = "") -> Reply:
    """A refusal of our own, outside every contract: what is wrong, and what to do."""
    return Reply(status, orjson.dumps({"error": error, "hint": hint} if hint else {"error": error}))


async def answer_lifespan(
    receive: Receive, send: Send, stop: Callable[[], Awaitable[None]]
) -> None:
    """Say yes to start, and to stop once `stop` has come to its end."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.shutdown":
            await stop()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
