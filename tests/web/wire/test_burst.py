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


class Broken(Client):
    """A transport that cannot be written to, and does not know it."""

    def write(self, data: bytes | bytearray | memoryview) -> None:  # noqa: ARG002
        raise RuntimeError("Cannot call write() after write_eof()")

    abort = Client.close


def test_an_answer_that_cannot_be_written_stops_no_other() -> None:
    """The connection that fails is cut off; those behind it get theirs, now and later."""

    async def leave() -> tuple[list[bytes], bool]:
        seen: list[bytes] = []
        burst, broken, loop = Burst(), Broken(seen), asyncio.get_running_loop()
        burst.add(loop, broken, b"for nobody")
        burst.add(loop, Client(seen), b"in the same turn")
        await asyncio.sleep(0)
        burst.add(loop, Client(seen), b"in the next one")
        await asyncio.sleep(0)
        return seen, broken.is_closing()

    assert asyncio.run(leave()) == ([b"in the same turn", b"in the next one"], True)
