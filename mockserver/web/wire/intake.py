"""The read side of one connection: size limits around the parser, and the next deadline."""

import logging
from collections.abc import Callable
from math import inf
from typing import Final

from httptools import (
    HttpParserCallbackError,
    HttpParserError,
    HttpParserUpgrade,
    HttpRequestParser,
)

from mockserver.engine.call import Reply
from mockserver.web.asgi import build_error
from mockserver.web.wire import flaws
from mockserver.web.wire.flaws import HeadRefused
from mockserver.web.wire.limits import Limits

# Where the client is.
BETWEEN: Final = 0  # two requests
HEAD: Final = 1
BODY: Final = 2

_TLS_HELLO: Final = b"\x16\x03"  # a handshake record, of any version since SSL 3.0

_logger: Final = logging.getLogger("uvicorn.error")


class Intake:
    """Feeds the parser within the limits."""

    __slots__ = ("_limits", "_notice", "_size", "again", "deadline", "stage")

    def __init__(self, limits: Limits, notice: Callable[[str], None]) -> None:
        self._limits = limits
        self._notice = notice  # takes one line for the log
        self._size = 0  # bytes of the head or the body that is coming in
        self.stage = BETWEEN
        self.deadline = inf  # for what must come next, in the loop's time
        self.again = b""  # a head without its offer to change the protocol

    def reach(self, stage: int) -> None:
        """The client is somewhere else now."""
        self.stage = stage
        self.deadline = inf
        if stage != HEAD:  # what came in front of a head counts as a part of it
            self._size = 0

    def set_deadline(self, now: float, *, is_awaited: bool) -> None:
        """By when more must come, unless that stands already; between requests only if awaited."""
        if self.deadline != inf:
            return
        if self.stage == HEAD:
            self.deadline = now + self._limits.head_seconds
        elif self.stage == BODY:
            self.deadline = now + self._limits.body_seconds
        elif is_awaited:
            self.deadline = now + self._limits.idle_seconds

    def waste(self, data: bytes) -> bool:
        """Throw something away; whether more may come."""
        self._size += len(data)
        return self._size <= self._limits.message_bytes

    def parse(self, parser: HttpRequestParser, data: bytes) -> Reply | None:
        """Parse no more than a head, or a body, may have; the refusal if something is wrong."""
        most = self._limits.head_bytes
        while data:
            whole = self._limits.message_bytes if self.stage == BODY else most
            room = min(most, whole - self._size)
            if room <= 0:
                return self._describe_excess()
            piece, data = (data, b"") if len(data) <= room else (data[:room], data[room:])
            self._size += len(piece)
            refusal = self._feed(parser, piece)
            if refusal is not None:
                return refusal
        return None

    def _describe_excess(self) -> Reply:
        if self.stage == BODY:
            return flaws.LONG_BODY
        most = self._limits.head_bytes
        return build_error(431, f"the head of the request is longer than {most} bytes")

    def _feed(self, parser: HttpRequestParser, data: bytes) -> Reply | None:
        while data:
            try:
                parser.feed_data(data)
            except HttpParserUpgrade as offer:
                data = self.again + data[offer.args[0] :]
                continue
            except HttpParserCallbackError as error:
                if isinstance(error.__context__, HeadRefused):
                    return error.__context__.reply
                _logger.exception("a request could not be read")
                return flaws.FAILURE
            except HttpParserError as error:
                return self._describe_garbage(data, error)
            return None
        return None

    def _describe_garbage(self, data: bytes, error: HttpParserError) -> Reply:
        if data.startswith(_TLS_HELLO):  # its client can show nobody what we answer
            self._notice("somebody speaks TLS to this port; use http://")
        return build_error(400, f"this is no HTTP/1.1 request: {error}")
