import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from mockserver.web.control.accounts import MAX_WAIT

if TYPE_CHECKING:
    from tests.web.callbacks.conftest import Received, Receiver, Town

NewReceiver = type["Receiver"]

RECEIVERS = 20
TASKS = 12  # for each of them


async def fill(town: "Town", receivers: list["Receiver"]) -> asyncio.Event:
    """Have 100 callbacks under way to receivers that do not answer until something happens."""
    until = asyncio.Event()
    arrivals: asyncio.Queue[Received] = asyncio.Queue()

    async def behave(request: "Received", writer: asyncio.StreamWriter) -> None:
        arrivals.put_nowait(request)
        await until.wait()
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")

    for receiver in receivers:
        receiver.behave = behave
        for _ in range(TASKS):
            await town.submit(receiver.url(), "/changes")
    await town.advance("2s", deliveries="skip")
    for _ in range(100):
        await arrivals.get()
    return until


@pytest.mark.parametrize("how", ["reset", "forget"])
async def test_nothing_arrives_after_the_answer(
    town: "Town", new_receiver: NewReceiver, how: str
) -> None:
    """With 100 callbacks under way and more waiting, none arrives once the call is answered."""
    async with AsyncExitStack() as stack:
        receivers = [await stack.enter_async_context(new_receiver()) for _ in range(RECEIVERS)]
        until = await fill(town, receivers)
        if how == "reset":
            await town.ask("POST", "/_mock/reset")
        else:
            await town.control("DELETE", "")
        arrived = [len(receiver.received) for receiver in receivers]
        until.set()
        for receiver in receivers:  # the same addresses work for whoever comes next
            await town.submit(receiver.url(), key="sk-mock-next")
        await town.advance(key="sk-mock-next")

        assert sum(arrived) < RECEIVERS * TASKS
        assert [len(receiver.received) for receiver in receivers] == [n + 1 for n in arrived]
        assert await town.list_callbacks() == []


async def test_forgetting_one_account_lets_the_others_call_back(
    town: "Town", new_receiver: NewReceiver
) -> None:
    """What another key has under way to the same receiver arrives all the same."""
    until = asyncio.Event()
    async with new_receiver(new_receiver.wait(until)) as receiver:
        for key in ("sk-mock-me", "sk-mock-you"):
            for _ in range(10):
                await town.submit(receiver.url(), "/changes", key=key)
            await town.advance("2s", key=key, deliveries="skip")
        await receiver.wait_for(10)
        await town.control("DELETE", "")
        until.set()
        await town.advance("0s", key="sk-mock-you")
        rows = await town.list_callbacks(key="sk-mock-you")

    assert [row["standing"] for row in rows] == ["delivered"] * 10


@pytest.mark.parametrize("how", ["reset", "forget"])
async def test_whoever_waits_is_not_left_waiting(
    town: "Town", new_receiver: NewReceiver, how: str
) -> None:
    """An advance that waits for callbacks which are given up is answered at once."""
    async with new_receiver(new_receiver.wait(asyncio.Event())) as receiver:
        await town.submit(receiver.url(), "/changes")
        waiting = asyncio.create_task(town.advance("2s"))
        await receiver.wait_for(1)
        if how == "reset":
            await town.ask("POST", "/_mock/reset")
        else:
            await town.control("DELETE", "")

        reply = await asyncio.wait_for(waiting, MAX_WAIT / 2)

    assert reply["undelivered"][0]["attempts"] == []


async def test_what_was_planned_is_not_sent_after_a_reset(
    town: "Town", new_receiver: NewReceiver
) -> None:
    """The tasks of before are gone: an advance of the same key calls nobody back."""
    async with new_receiver(new_receiver.answer(500)) as receiver:
        await town.submit(receiver.url())
        await town.advance("10s")
        await town.submit(receiver.url())
        await town.ask("POST", "/_mock/reset")
        await town.advance()

        assert len(receiver.received) == 1


async def test_a_quick_receiver_is_heard_before_a_reset_is_answered(
    town: "Town", new_receiver: NewReceiver
) -> None:
    """What was sent already may be read and answered first: it does not arrive later."""
    async with new_receiver() as receiver:
        await town.submit(receiver.url(), "/changes")
        await town.advance("2s", deliveries="skip")
        await asyncio.sleep(0)
        await town.ask("POST", "/_mock/reset")
        arrived = len(receiver.received)
        await town.submit(receiver.url(), key="sk-mock-next")
        await town.advance(key="sk-mock-next")

        assert len(receiver.received) == arrived + 1


def list_sending() -> list[str]:
    """The tasks of the event loop that send callbacks."""
    return [repr(task) for task in asyncio.all_tasks() if "Courier" in repr(task)]


async def test_stopping_sends_no_more(town: "Town", new_receiver: NewReceiver) -> None:
    """When the server stops, what is under way is cut off, and no retry follows."""
    async with new_receiver(new_receiver.wait(asyncio.Event())) as receiver:
        for _ in range(50):
            await town.submit(receiver.url(), "/changes")
        await town.advance("2s", deliveries="skip")
        await receiver.wait_for(5)
        assert list_sending()
        await town.stop()
        arrived = len(receiver.received)
        await town.advance("1h", deliveries="skip")

        assert (len(receiver.received), arrived < 50) == (arrived, True)
        assert not list_sending()
