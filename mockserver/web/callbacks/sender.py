"""An HTTP/1.1 client for callbacks: one POST to addresses that were checked, within bounds.

Every attempt has a connection of its own. So no receiver meets a request on a connection that it
just closed, none waits for ours when it stops, and no name vouches for another one at its address.

It is written by hand because httpx would hold up the first callback by its import, a tenth of a
second, and because a delivery that is dropped is to be cut off in the middle of its request.
"""

import asyncio
import os
import ssl
from collections.abc import Mapping
from functools import cached_property
from typing import Final, NamedTuple

import httptools

from mockserver.web.callbacks.targets import Target

MAX_ANSWER: Final = 64 * 1024  # bytes of an answer that are read, its head included
MAX_KEPT: Final = 2_000  # characters of an answer's body that are kept


class Answer(NamedTuple):
    """What came back: an HTTP status, and the beginning of a body."""

    status: int
    body: str


class NoAnswer(Exception):
    """Nothing came back that is an answer; the text says why."""


class Sender:
    """Sends requests. No proxy is asked, no redirect followed, nothing kept between two of them."""

    async def post(
        self, target: Target, headers: Mapping[str, str], body: bytes, method: str = "POST"
    ) -> Answer:
        """Send a body to the first address that takes connections, and read the answer.

        Raises NoAnswer for whatever a receiver does instead of answering.
        """
        transport, exchange = await self._connect(target)
        try:
            transport.write(write_head(target, headers, method) + body)
            return await exchange.answered
        finally:
            # Whoever ends early, or is ended, does not let the rest of the request go out.
            (transport.close if exchange.is_over else transport.abort)()

    async def _connect(self, target: Target) -> tuple[asyncio.Transport, "ReceiverProtocol"]:
        loop = asyncio.get_running_loop()
        is_secure = target.scheme == "https"
        problems = []
        for address in target.addresses:
            try:
                return await loop.create_connection(
                    ReceiverProtocol,
                    address,
                    target.port,
                    ssl=self._tls if is_secure else None,
                    server_hostname=target.host if is_secure else None,
                )
            except OSError as error:
                problems.append(describe_error(error))
        raise NoAnswer("; ".join(dict.fromkeys(problems)))

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()


class ReceiverProtocol(asyncio.Protocol):
    """What a receiver says on one connection, read as far as it is worth reading."""

    def __init__(self) -> None:
        self.answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._parser = httptools.HttpResponseParser(self)
        self._size = 0
        self._body = bytearray()
        self._status: int | None = None  # once the head is complete
        self._is_measured = False  # whether the head tells where the body ends

    @property
    def is_over(self) -> bool:
        """Whether the answer came to its end."""
        return self.answered.done() and not self.answered.cancelled()

    def data_received(self, data: bytes) -> None:
        """Take in a piece of the answer."""
        if self.answered.done():
            return
        room = MAX_ANSWER - self._size
        self._size += len(data)
        try:
            self._parser.feed_data(data[:room])
        except httptools.HttpParserUpgrade:
            self._fail("the receiver wants to speak another protocol")
        except httptools.HttpParserError as error:
            self._fail(f"what came back is no HTTP: {error}")
        if self._size >= MAX_ANSWER:
            self._end(f"the head of the answer is longer than {MAX_ANSWER} bytes")

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone; that is the end of an answer which does not tell its length."""
        if exc is not None:
            self._fail(describe_error(exc))
        elif self._is_measured:
            self._fail("the connection was closed in the middle of the answer")
        else:
            self._end("the connection was closed before the answer")

    # The parser's callbacks

    def on_message_begin(self) -> None:
        """A head begins: the answer's, or one that only says that it is to come."""
        self._is_measured = False

    def on_header(self, name: bytes, _: bytes) -> None:
        """A header is complete."""
        if name.lower() in (b"content-length", b"transfer-encoding"):
            self._is_measured = True

    def on_headers_complete(self) -> None:
        """The head is complete."""
        status = self._parser.get_status_code()
        self._status = status if status >= 200 else None

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        if len(self._body) < 4 * MAX_KEPT:  # bytes, in the longest case
            self._body += body

    def on_message_complete(self) -> None:
        """A message is complete: the answer, unless it only said that one is to come."""
        self._end("")

    def _end(self, problem: str) -> None:
        """Nothing more is read: the answer is what came, if its head did."""
        if self._status is None:
            if problem:
                self._fail(problem)
        elif not self.answered.done():
            text = self._body.decode("utf-8", "replace")[:MAX_KEPT]
            self.answered.set_result(Answer(self._status, text))

    def _fail(self, problem: str) -> None:
        if not self.answered.done():
            self.answered.set_exception(NoAnswer(problem))
            self.answered.exception()  # whoever waited may have left: that is no news


def write_head(target: Target, headers: Mapping[str, str], method: str = "POST") -> bytes:
    """The request up to its body."""
    lines = [f"{method} {target.path} HTTP/1.1", *(f"{name}: {headers[name]}" for name in headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def describe_error(error: Exception) -> str:
    """What went wrong, in the words of the system rather than those of a library."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) and error.errno:
        return os.strerror(error.errno) if error.errno > 0 else str(error.strerror)
    return str(error) or type(error).__name__
