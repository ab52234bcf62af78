"""Answers that leave together at the end of a turn of the event loop."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from mockserver.web.wire.burst import Burst


class Client(asyncio.Transport):
    """A transport that notes on a common list what is written to it."""

    def __init__(self, seen: list[bytes]) -> None:
        super().__init__()
        self._seen = seen
        self._is_over = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self._is_over, "something is written behind the end"
        self._seen.append(bytes(data))

    def is_closing(self) -> bool:
        return self._is_over

    def close(self) -> None:
        self._is_over = True


@given(st.lists(st.lists(st.binary(max_size=3), max_size=5), max_size=5))
def test_answers_leave_in_order_at_the_end_of_their_turn(turns: list[list[bytes]]) -> None:
    """Nothing leaves while requests are still being read; afterwards everything has left, once."""

    async def answer() -> list[bytes]:
        seen: list[bytes] = []
        burst, client, loop = Burst(), Client(seen), asyncio.get_running_loop()
        for turn in turns:
            before = list(seen)
            for text in turn:
                burst.add(loop, client, text)
            assert seen == before
            await asyncio.sleep(0)
        return seen

    assert asyncio.run(answer()) == [text for turn in turns for text in turn]


def test_what_must_leave_at_once_leaves_once() -> None:
    """A server that stops lets go of the answers that are ready, and of none a second time."""

    async def stop() -> list[bytes]:
        seen: list[bytes] = []
        burst, client = Burst(), Client(seen)
        burst.add(asyncio.get_running_loop(), client, b"answer")
        burst.leave()
        assert seen == [b"answer"]
        await asyncio.sleep(0)
        return seen

    assert asyncio.run(stop()) == [b"answer"]


def test_a_closed_connection_gets_nothing() -> None:
    """An answer to a client that has left is thrown away, and the others get theirs."""

    async def leave() -> list[bytes]:
        seen: list[bytes] = []
        burst, gone, loop = Burst(), Client(seen), asyncio.get_running_loop()
        burst.add(loop, gone, b"for nobody")
        burst.add(loop, Client(seen), b"answer")
        gone.close()
        await asyncio.sleep(0)
        return seen

    assert asyncio.run(leave()) == [b"answer"]
