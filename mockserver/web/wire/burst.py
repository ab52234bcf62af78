"""Answers that leave together: when everything that had come in is answered.

A write wakes the client that waits for it, which costs the server several times the write itself.
Whoever was woken by the first answer of a burst is awake when the others come.
"""

import asyncio
from typing import Final


class Burst:
    """The answers of one server that are ready to leave."""

    __slots__ = ("_answers",)

    def __init__(self) -> None:
        self._answers: Final[list[tuple[asyncio.Transport, bytes]]] = []

    def add(
        self, loop: asyncio.AbstractEventLoop, transport: asyncio.Transport, answer: bytes
    ) -> None:
        """Let an answer leave at the end of this turn of the loop."""
        if not self._answers:
            loop.call_soon(self.leave)
        self._answers.append((transport, answer))

    def leave(self) -> None:
        """Write all of them, in the order in which they came."""
        for transport, answer in self._answers:
            if not transport.is_closing():
                transport.write(answer)
        self._answers.clear()
