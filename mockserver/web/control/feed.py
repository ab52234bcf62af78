"""The feed: what happens, as server-sent events for viewers that read along.

The engine waits for nobody. What happened is put into a queue for each viewer that wants it; one
that does not keep up with its queue is dropped and told so, since a feed with gaps misleads.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable
from typing import Final

from starlette.requests import Request

from mockserver.engine.accounts.key import identify
from mockserver.engine.engine import Engine
from mockserver.engine.events import Event, EventKind
from mockserver.hint import suggest
from mockserver.web.asgi import Receive, Scope, Send
from mockserver.web.control.fields import ControlError, read_count, read_filters
from mockserver.web.control.replies import PRIVATE, encode
from mockserver.web.control.views import View, view_event

HEARTBEAT: Final = 15.0  # seconds without an event, after which a viewer gets a comment
MAX_VIEWERS: Final = 100
MAX_WAITING: Final = 1_000  # events that wait for one viewer
MAX_WAITING_BYTES: Final = 4 * 1024 * 1024
FILTERS: Final = ("account", "kind", "limit")

_HASH: Final = re.compile("[0-9a-f]{16}")

_HELLO: Final = b": connected\n\n"
_ALIVE: Final = b": nothing happened\n\n"
_DROPPED: Final = {
    "error": "too many events waited to be read, and some are lost",
    "hint": "connect again, then ask for what was missed: the lists show how things stand",
}
_HEADERS: Final = {"content-type": "text/event-stream", **PRIVATE}


class Viewer:
    """Somebody who reads along: what it wants to see, and what waits to be sent to it."""

    def __init__(self, wants: Callable[[Event], bool], limit: int | None = None) -> None:
        self.wants = wants
        self._left = limit  # events until it has enough; None if it never has
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._news = asyncio.Event()
        self.is_over = limit == 0  # whether it gets nothing more than what waits

    def put(self, chunk: bytes) -> None:
        """Let an event wait for it; if too much waits, it is dropped."""
        if self.is_over:
            return
        self._waiting.append(chunk)
        self._size += len(chunk)
        if len(self._waiting) > MAX_WAITING or self._size > MAX_WAITING_BYTES:
            self._waiting.clear()
            self._waiting.append(write_event("dropped", _DROPPED))
            self.is_over = True
        elif self._left is not None:
            self._left -= 1
            self.is_over = self._left == 0
        self._news.set()

    def end(self) -> None:
        """It gets nothing more."""
        self.is_over = True
        self._news.set()

    async def read(self, seconds: float) -> bytes:
        """What waits for it; a comment if nothing came for so long, nothing if it is over."""
        if not self._waiting and not self.is_over:
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), seconds)
            except TimeoutError:
                return _ALIVE
        chunks = b"".join(self._waiting)
        self._waiting.clear()
        self._size = 0
        return chunks


class Feed:
    """Listens to the engine while there are viewers."""

    def __init__(self, engine: Engine, heartbeat: float = HEARTBEAT) -> None:
        self._events = engine.events
        self._contracts = {contract.name: contract for contract in engine.contracts}
        self._heartbeat = heartbeat
        self._viewers: list[Viewer] = []

    def open(self, viewer: Viewer) -> "Stream":
        """Let somebody read along from now on; raises ControlError if too many do."""
        if len(self._viewers) >= MAX_VIEWERS:
            raise ControlError(503, f"{MAX_VIEWERS} viewers read the feed already", "close one")
        if not self._viewers:
            self._events.listen(self._hear)
        self._viewers.append(viewer)
        return Stream(viewer, self._heartbeat, self._remove)

    def close(self) -> None:
        """Let every viewer read what waits for it, and no more."""
        for viewer in self._viewers:
            viewer.end()

    def _remove(self, viewer: Viewer) -> None:
        self._viewers.remove(viewer)
        if not self._viewers:
            self._events.stop(self._hear)

    def _hear(self, event: Event) -> None:
        chunk = None
        for viewer in self._viewers:
            if not viewer.is_over and viewer.wants(event):
                chunk = chunk or self._write(event)
                viewer.put(chunk)

    def _write(self, event: Event) -> bytes:
        return write_event(event.kind, view_event(event, self._contracts), event.number)


def read_viewer(request: Request) -> Viewer:
    """The viewer that a query describes: of one account, of some kinds, for so many events."""
    filters = read_filters(request, FILTERS)
    limit = read_count(filters, "limit", 0) if "limit" in filters else None
    name = filters.get("account")
    if name == "":
        raise ControlError(400, "'account' is empty", "give a key, or the hash that is shown of it")
    account = name if name is None or _HASH.fullmatch(name) else identify(name)
    kinds = filters["kind"].split(",") if "kind" in filters else list(EventKind)
    for kind in kinds:
        if kind not in set(EventKind):
            raise ControlError(400, f"no event is of the kind {kind!r}", suggest(kind, EventKind))

    def wants(event: Event) -> bool:
        is_near = account is None or (event.account is not None and event.account.id == account)
        return event.kind in kinds and (is_near or event.kind is EventKind.RESET)

    return Viewer(wants, limit)


def write_event(name: str, value: View, number: int | None = None) -> bytes:
    """A server-sent event: JSON never holds a line break, so its data is one line."""
    head = "" if number is None else f"id: {number}\n"
    return f"{head}event: {name}\ndata: ".encode() + encode(value) + b"\n\n"


class Stream:
    """The reply to one viewer: an ASGI application that ends when the viewer leaves or is over."""

    def __init__(self, viewer: Viewer, heartbeat: float, remove: Callable[[Viewer], None]) -> None:
        self._viewer = viewer
        self._heartbeat = heartbeat
        self._remove = remove

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events as they come."""
        try:
            async with asyncio.TaskGroup() as group:
                leaving = group.create_task(_wait_for_leave(receive))
                sending = group.create_task(self._send_all(send, scope["method"] != "HEAD"))
                leaving.add_done_callback(lambda _: sending.cancel())
                sending.add_done_callback(lambda _: leaving.cancel())
        finally:
            self._remove(self._viewer)

    async def _send_all(self, send: Send, with_body: bool) -> None:
        headers = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        chunk = _HELLO
        while chunk and with_body:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            chunk = await self._viewer.read(self._heartbeat)
        await send({"type": "http.response.body", "body": b""})


async def _wait_for_leave(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
