"""A place that callbacks are sent to: a small HTTP server in the event loop of the test."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import orjson

PATIENCE = 20.0  # seconds that a test waits for what has to come


@dataclass(frozen=True)
class Received:
    """One request as it came in."""

    path: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    @property
    def json(self) -> Any:
        """The value in its body."""
        return orjson.loads(self.body)


Behave = Callable[[Received, asyncio.StreamWriter], Awaitable[None]]


def answer(status: int, body: bytes = b"ok", headers: str = "") -> Behave:
    """Answer with a status and a body."""

    async def behave(_: Received, writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 {status} Whatever\r\ncontent-length: {len(body)}\r\n{headers}\r\n"
        writer.write(head.encode() + body)

    return behave


def say(raw: bytes) -> Behave:
    """Send some bytes, whatever they are, and close."""

    async def behave(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)

    return behave


class Receiver:
    """Keeps every request in the order in which it came, and treats it as the test says."""

    def __init__(self, behave: Behave | None = None, host: str = "127.0.0.1") -> None:
        self.received: list[Received] = []
        self.behave = behave or answer(200)
        self.cut = 0  # connections that the other side ended before they were answered
        self._host = host
        self._news = asyncio.Condition()
        self._open: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._take, self._host, 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._server.close()
        for writer in tuple(self._open):
            writer.transport.abort()

    def url(self, path: str = "/hook", host: str = "127.0.0.1") -> str:
        """Its address."""
        return f"http://{host}:{self.port}{path}"

    async def wait_for(self, count: int) -> list[Received]:
        """What came in, once so much has."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: len(self.received) >= count)
        return self.received

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            request = await read_request(reader)
            async with self._news:
                self.received.append(request)
                self._news.notify_all()
            await self.behave(request, writer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            self.cut += 1
        finally:
            self._open.discard(writer)
            writer.close()


async def read_request(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *rows = head.removesuffix("\r\n\r\n").split("\r\n")
    headers = {name.lower(): value for name, _, value in (row.partition(": ") for row in rows)}
    body = await reader.readexactly(int(headers["content-length"]))
    return Received(line.split(" ")[1], headers, body)
