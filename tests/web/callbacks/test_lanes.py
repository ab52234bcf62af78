import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from mockserver.web.callbacks import lanes

if TYPE_CHECKING:
    from tests.web.callbacks.conftest import Received, Receiver, Town

NewReceiver = type["Receiver"]


async def test_a_receiver_that_hangs_delays_no_other(
    town: "Town", new_receiver: NewReceiver
) -> None:
    """While hundreds of callbacks wait for a receiver that says nothing, another one gets its."""
    until = asyncio.Event()
    async with new_receiver(new_receiver.wait(until)) as slow, new_receiver() as quick:
        for _ in range(200):
            await town.submit(slow.url(), "/changes")
        for _ in range(20):
            await town.submit(quick.url(), "/changes")
        await town.advance("2s", deliveries="skip")
        await slow.wait_for(10)
        await quick.wait_for(20)
        arrived = len(slow.received)
        await town.stop()

    assert arrived < 200


async def test_dozens_of_receivers_that_hang_delay_no_other(
    town: "Town", new_receiver: NewReceiver
) -> None:
    """Each has at most a quarter of the room that the others leave, so that some is always left."""
    async with AsyncExitStack() as stack:
        made = [new_receiver(new_receiver.wait(asyncio.Event())) for _ in range(40)]
        hanging = [await stack.enter_async_context(receiver) for receiver in made]
        for receiver in hanging:
            for _ in range(30):
                await town.submit(receiver.url(), "/changes")
        await town.advance("2s", deliveries="skip")
        await asyncio.gather(*(receiver.wait_for(1) for receiver in hanging))
        quick = await stack.enter_async_context(new_receiver())
        for _ in range(20):
            await town.submit(quick.url(), "/changes", key="sk-mock-you")
        await town.advance("2s", key="sk-mock-you")
        under_way = sum(len(receiver.received) for receiver in hanging)
        await town.stop()

    assert len(quick.received) == 20
    assert under_way < lanes.MAX_UNDER_WAY


async def test_many_accounts_share_what_one_receiver_may_have(
    town: "Town", new_receiver: NewReceiver
) -> None:
    """A receiver that hangs is one receiver, however many keys send to it."""
    until = asyncio.Event()
    async with new_receiver(new_receiver.wait(until)) as slow, new_receiver() as quick:
        keys = [f"sk-mock-{number}" for number in range(150)]
        for key in keys:
            await town.submit(slow.url(), "/changes", key=key)
            await town.advance("2s", key=key, deliveries="skip")
        await slow.wait_for(25)
        await town.submit(quick.url(), "/changes")
        await town.advance("2s")
        arrived = len(slow.received)
        until.set()
        await slow.wait_for(150)

        assert (len(quick.received), arrived <= lanes.MAX_UNDER_WAY // 4) == (1, True)


async def test_one_address_that_hangs_does_not_block_its_receiver(
    town: "Town", new_receiver: NewReceiver
) -> None:
    """Where one path of a server hangs, callbacks to its other paths go on."""

    async def behave(request: "Received", writer: asyncio.StreamWriter) -> None:
        if request.path == "/hang":
            await asyncio.Event().wait()
        await new_receiver.answer(200)(request, writer)

    async with new_receiver(behave) as receiver:
        await town.submit(receiver.url("/hang"), "/changes")
        for _ in range(20):
            await town.submit(receiver.url("/hook"), "/changes")
        await town.advance("2s", deliveries="skip")
        received = await receiver.wait_for(21)
        await town.stop()

    assert [each.path for each in received] == ["/hang"] + ["/hook"] * 20


async def test_a_receiver_that_answers_gets_one_at_a_time_in_order(
    town: "Town", new_receiver: NewReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next callback leaves when the one before it is answered: tests see one order."""
    monkeypatch.setattr(lanes, "PATIENCE", 100.0)  # more than any machine takes
    under_way, most = 0, 0

    async def behave(request: "Received", writer: asyncio.StreamWriter) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        await new_receiver.answer(200)(request, writer)
        under_way -= 1

    async with new_receiver(behave) as receiver:
        ids = []
        for _ in range(30):
            ids.append(await town.submit(receiver.url(), "/changes"))
            await town.advance("1ms")
        await town.advance("2s")

        assert [each.json["id"] for each in receiver.received] == ids
        assert most == 1


async def test_a_slow_receiver_gets_several_at_a_time(
    town: "Town", new_receiver: NewReceiver
) -> None:
    """One that needs longer than our patience is not waited for each time."""
    until = asyncio.Event()
    async with new_receiver(new_receiver.wait(until)) as receiver:
        for _ in range(30):
            await town.submit(receiver.url(), "/changes")
        await town.advance("2s", deliveries="skip")
        await receiver.wait_for(15)
        until.set()
        await town.advance("0s")

        assert len(receiver.received) == 30


async def test_a_blocked_lane_goes_on_when_there_is_room(
    town: "Town", new_receiver: NewReceiver
) -> None:
    """More receivers than can be served at a time all get theirs in the end."""
    until = asyncio.Event()
    async with new_receiver(new_receiver.wait(until)) as receiver:
        addresses = [f"http://127.0.0.{number}:{receiver.port}/" for number in range(1, 2)]
        addresses += [receiver.url(host=f"n{number}.localhost") for number in range(200)]
        for address in addresses:
            await town.submit(address, "/changes")
        await town.advance("2s", deliveries="skip")
        await receiver.wait_for(lanes.MAX_UNDER_WAY)
        await town.list_callbacks()
        full = len(receiver.received)
        until.set()
        reply = await town.advance("0s")

        assert (full, len(receiver.received)) == (lanes.MAX_UNDER_WAY, len(addresses))
        assert reply["undelivered"] == []


async def test_accounts_take_turns_at_a_receiver(town: "Town", new_receiver: NewReceiver) -> None:
    """With more accounts than a receiver may have callbacks under way, none waits for the last."""
    accounts, tasks = 60, 12
    owners: dict[str, int] = {}
    async with new_receiver() as receiver:
        for number in range(accounts):
            for _ in range(tasks):
                task_id = await town.submit(receiver.url(), "/changes", key=f"sk-mock-{number}")
                owners[task_id] = number
        for number in range(accounts):
            town.engine.open_account(f"sk-mock-{number}").advance(2_000)
        received = await receiver.wait_for(accounts * tasks)

    early = {owners[each.json["id"]] for each in received[: accounts * tasks // 2]}
    assert len(early) == accounts


async def test_room_that_a_forgotten_account_leaves_is_used(
    town: "Town", new_receiver: NewReceiver
) -> None:
    """What waited for room that another key took goes on when that key is forgotten."""

    async def behave(request: "Received", writer: asyncio.StreamWriter) -> None:
        if request.path == "/hang":
            await asyncio.Event().wait()
        await new_receiver.answer(200)(request, writer)

    async with new_receiver(behave) as receiver:
        for _ in range(60):
            await town.submit(receiver.url("/hang"), "/changes")
        await town.advance("2s", deliveries="skip")
        await receiver.wait_for(lanes.MAX_UNDER_WAY // (lanes.SHARE + 1))
        await town.submit(receiver.url("/hook"), "/changes", key="sk-mock-you")
        await town.advance("2s", key="sk-mock-you", deliveries="skip")
        before = [each.path for each in receiver.received]
        await town.control("DELETE", "")
        reply = await town.advance("0s", key="sk-mock-you")

    assert (set(before), receiver.received[-1].path) == ({"/hang"}, "/hook")
    assert reply["undelivered"] == []
