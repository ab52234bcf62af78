"""A small ASGI application that takes callbacks in; mount it wherever `callback_url` points."""

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final

from imagejobs import webhook
from imagejobs.dialects import choose_dialect
from imagejobs.errors import ImageError, Misused, Unauthorized
from imagejobs.inbox import Delivery, Inbox

MAX_BODY: Final = 1024 * 1024

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Receiver:
    """Reads callbacks of one provider into an inbox, each piece of news once.

    With a secret, a callback that is not signed is refused: strangers are no reason to poll.
    Raises Misused for a provider that there is not, and for a secret where nothing is signed.
    """

    def __init__(
        self,
        provider: str,
        *,
        secret: str | None = None,
        tolerance: float | None = 300.0,
        inbox: Inbox | None = None,
        now: Callable[[], float] | None = None,
    ) -> None:
        dialect = choose_dialect(provider)
        if secret is not None and not dialect.signs_callbacks:
            raise Misused(
                f"{provider} documents no signature of callbacks; leave the secret out, and each "
                f"callback is a reason to poll"
            )
        self.inbox = Inbox() if inbox is None else inbox
        self._provider = dialect.name
        self._secret = secret
        self._tolerance = tolerance
        self._now = now

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request of ASGI."""
        if scope["type"] == "lifespan":
            await _answer_lifespan(receive, send)
        elif scope["type"] == "http":
            status, words = await self._answer(scope, receive)
            await _reply(send, status, words)

    async def _answer(self, scope: Mapping[str, Any], receive: Receive) -> tuple[int, str]:
        if scope["method"] != "POST":
            return 405, "POST a callback here"
        body = await _read_body(receive)
        if body is None:
            return 413, f"a callback has at most {MAX_BODY} bytes"
        pairs = (
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
        )
        try:
            is_new = self.inbox.put(self._read(body, dict(pairs)))
        except Unauthorized as error:
            return 401, str(error)
        except ImageError as error:
            return 400, str(error)
        return 200, "received" if is_new else "received before"

    def _read(self, body: bytes, headers: Mapping[str, str]) -> Delivery:
        if self._secret is not None:
            now = self._now() if self._now is not None else None
            webhook.verify(body, headers, self._secret, tolerance=self._tolerance, now=now)
        task = webhook.read(self._provider, body)
        return Delivery(task, is_verified=self._secret is not None)


async def _read_body(receive: Receive) -> bytes | None:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            return None
        if not message.get("more_body", False):
            return bytes(body)


async def _reply(send: Send, status: int, words: str) -> None:
    content = json.dumps({"message": words}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


async def _answer_lifespan(receive: Receive, send: Send) -> None:
    for _ in range(2):
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
