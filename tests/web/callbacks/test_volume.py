import asyncio
from collections import Counter
from random import Random
from typing import TYPE_CHECKING

from mockserver.engine.call import Call
from mockserver.engine.delivery import Standing

if TYPE_CHECKING:
    from tests.web.callbacks.conftest import Received, Receiver, Town

NewReceiver = type["Receiver"]

TASKS = 10_000
KEYS = 4


def submit_all(town: "Town", url: str) -> None:
    """Submit by the engine itself: what is in question here is the way back."""
    contract = next(each for each in town.engine.contracts if each.name == "hazel")
    operation = contract.operations["crack"]
    for number in range(TASKS):
        key, body = f"sk-mock-{number % KEYS}", {"prompt": str(number), "tell": url}
        account = town.engine.open_account(key)
        account.open_holding(contract).ledger.set_balance(account.now(), 10**9)
        call = Call(contract, operation, key, "http://127.0.0.1", "/ends", {}, {}, {}, b"", body)
        assert town.engine.answer(call).status == 200


async def test_every_callback_of_10_000_is_delivered_or_listed(
    town: "Town", new_receiver: NewReceiver
) -> None:
    """With a receiver that fails 30 % at random, the delivered and the exhausted are all."""
    chance = Random(42)  # noqa: S311  # a coin, not a secret
    answers: Counter[int] = Counter()
    taken: Counter[str] = Counter()

    async def behave(request: "Received", writer: asyncio.StreamWriter) -> None:
        status = 500 if chance.random() < 0.3 else 200
        answers[status] += 1
        taken[request.json["id"]] += status == 200
        await new_receiver.answer(status)(request, writer)

    async with new_receiver(behave) as receiver:
        submit_all(town, receiver.url())
        replies = [await town.advance(key=f"sk-mock-{number}") for number in range(KEYS)]

    deliveries = [each for account in town.engine.accounts for each in account.deliveries]
    standings = Counter(delivery.standing for delivery in deliveries)
    exhausted = {each.task_id for each in deliveries if each.standing is Standing.EXHAUSTED}
    assert standings[Standing.DELIVERED] + standings[Standing.EXHAUSTED] == TASKS
    assert len({delivery.task_id for delivery in deliveries}) == TASKS
    assert (standings[Standing.DELIVERED], max(taken.values())) == (answers[200], 1)
    assert {task_id for task_id, count in taken.items() if not count} == exhausted
    assert sum(len(delivery.attempts) for delivery in deliveries) == answers.total()
    listed = {row["task"] for reply in replies for row in reply["undelivered"]}
    assert listed == exhausted
    assert 0.06 * TASKS < len(exhausted) < 0.12 * TASKS
