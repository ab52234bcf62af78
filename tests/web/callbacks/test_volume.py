import asyncio
from collections import Counter
from random import Random
from typing import TYPE_CHECKING

import orjson

from mockserver.engine.call import Call
from mockserver.engine.callbacks.delivery import Delivery, Standing

if TYPE_CHECKING:
    from tests.web.callbacks.conftest import Town

TASKS = 10_000
KEYS = 4


class Coin:
    """A receiver that fails 30 % of all requests, at random and the same every time."""

    def __init__(self) -> None:
        self.failed = 0
        self.taken: Counter[str] = Counter()  # by task
        self._chance = Random(42)  # noqa: S311  # no secret

    def answer(self, body: bytes) -> bytes:
        """What it says to a request."""
        if self._chance.random() < 0.3:
            self.failed += 1
            return b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n"
        self.taken[orjson.loads(body)["id"]] += 1
        return b"HTTP/1.1 204 Yes\r\n\r\n"


class Line(asyncio.Protocol):
    """One connection to it."""

    def __init__(self, coin: Coin) -> None:
        self._coin = coin
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It begins."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """A piece of the request is there."""
        self._read += data
        head, _, body = self._read.partition(b"\r\n\r\n")
        length = head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0]
        if length and len(body) == int(length):
            self._transport.write(self._coin.answer(body))


def submit_all(town: "Town", url: str) -> None:
    """Submit by the engine itself: what is in question here is the way back."""
    contract = next(each for each in town.engine.contracts if each.name == "hazel")
    operation = contract.operations["crack"]
    for number in range(TASKS):
        key, body = f"sk-mock-{number % KEYS}", {"prompt": str(number), "tell": url}
        raw = orjson.dumps(body)
        call = Call(contract, operation, key, "http://127.0.0.1", "/ends", {}, {}, {}, raw, body)
        assert town.engine.answer(call).status == 200


async def test_every_callback_of_10_000_is_delivered_or_listed(town: "Town") -> None:
    """With a receiver that fails 30 % at random, the delivered and the exhausted are all."""
    coin = Coin()
    server = await asyncio.get_running_loop().create_server(lambda: Line(coin), "127.0.0.1", 0)
    async with server:
        submit_all(town, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        replies = [await town.advance(key=f"sk-mock-{number}") for number in range(KEYS)]
    deliveries: list[Delivery] = []
    for account in town.engine.accounts:
        deliveries += account.deliveries

    standings = Counter(delivery.standing for delivery in deliveries)
    exhausted = {each.task_id for each in deliveries if each.standing is Standing.EXHAUSTED}
    listed = {row["task"] for reply in replies for row in reply["undelivered"]}
    assert len({delivery.task_id for delivery in deliveries}) == len(deliveries) == TASKS
    assert standings == {"delivered": len(coin.taken), "exhausted": TASKS - len(coin.taken)}
    assert max(coin.taken.values()) == 1
    assert exhausted.isdisjoint(coin.taken)
    assert listed == exhausted
    assert sum(len(each.attempts) for each in deliveries) == coin.failed + len(coin.taken)
    assert 0.06 * TASKS < len(exhausted) < 0.12 * TASKS
