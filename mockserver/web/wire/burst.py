"""Answers that leave together: when everything that had come in is answered.

A write wakes the client that waits for it, and being scheduled away for that costs the server
several times the write itself. If all answers of one turn of the event loop are written in a row,
the first wakes a client process, and the others find it running.
"""

import asyncio
import logging
from typing import Final

_logger: Final = logging.getLogger("uvicorn.error")


class Burst:
    """The answers of one server that are ready to be written."""

    __slots__ = ("_answers",)

    def __init__(self) -> None:
        self._answers: list[tuple[asyncio.Transport, bytes]] = []

    def add(
        self, loop: asyncio.AbstractEventLoop, transport: asyncio.Transport, answer: bytes
    ) -> None:
        """Let an answer be written at the end of this turn of the loop."""
        if not self._answers:
            loop.call_soon(self.leave)
        self._answers.append((transport, answer))

    def leave(self) -> None:
        """Write all of them, in the order in which they came; one that fails ends its client."""
        answers, self._answers = self._answers, []
        for transport, answer in answers:
            try:
                if not transport.is_closing():
                    transport.write(answer)
            except Exception:
                _logger.exception("an answer could not be written")
                transport.abort()
