import asyncio
import base64
import gc
import hmac
import socket
from typing import TYPE_CHECKING, Any

import pytest

from mockserver.clock import ManualClock, SystemClock
from mockserver.web.callbacks.courier import Wait
from mockserver.web.callbacks.lanes import Job, Lane

if TYPE_CHECKING:
    from tests.web.callbacks.conftest import NewTown, Received, Receiver, Town

NewReceiver = type["Receiver"]

PROMPT = {"prompt": "a nut"}
MODEL = "gpt-image-2-text-to-image"


def count_standings(rows: list[dict[str, Any]]) -> dict[str, int]:
    standings = [row["standing"] for row in rows]
    return {standing: standings.count(standing) for standing in standings}


def count_objects(*kinds: type) -> int:
    """How many objects of some kinds are in memory."""
    gc.collect()
    return sum(isinstance(each, kinds) for each in gc.get_objects())


async def test_a_callback_comes_in_time_without_a_poll(
    new_town: "NewTown", new_receiver: NewReceiver
) -> None:
    """On the wall clock, whoever submitted and does nothing more is told of every change."""
    town = new_town(SystemClock(), speed=500)
    async with new_receiver() as receiver:
        task_id = await town.submit(receiver.url(), "/changes")
        received = await receiver.wait_for(2)

        assert [each.json["state"] for each in received] == ["busy", "done"]
        assert {each.json["id"] for each in received} == {task_id}


async def test_a_retry_comes_in_time_without_a_poll(
    new_town: "NewTown", new_receiver: NewReceiver
) -> None:
    """On the wall clock, a failed attempt is made again when the contract says so."""
    town = new_town(SystemClock(), speed=500)
    async with new_receiver(new_receiver.answer(500)) as receiver:
        await town.submit(receiver.url())
        first = (await receiver.wait_for(1))[0]
        await town.advance("2900ms", deliveries="skip")  # the rest of the 3 s passes by itself
        second = (await receiver.wait_for(2))[1]

        assert first.body == second.body


async def test_an_advance_answers_after_the_callbacks(
    town: "Town", new_receiver: NewReceiver
) -> None:
    """Advance, settle, assert: when the call is answered, everything has arrived."""
    async with new_receiver() as receiver:
        for _ in range(20):
            await town.submit(receiver.url(), "/changes")
        reply = await town.advance()

        assert len(receiver.received) == 40
        assert reply["undelivered"] == []


async def test_an_advance_makes_the_retries_that_it_passes(
    town: "Town", new_receiver: NewReceiver
) -> None:
    """A receiver that fails twice gets its third attempt within the same advance."""
    async with new_receiver(new_receiver.answer(503)) as receiver:

        async def behave(request: "Received", writer: asyncio.StreamWriter) -> None:
            status = 503 if len(receiver.received) < 3 else 200
            await new_receiver.answer(status)(request, writer)

        receiver.behave = behave
        await town.submit(receiver.url(), "/changes")
        await town.advance("9s")
        (row,) = await town.list_callbacks()

        created = row["attempts"][0]["at"] - 2_000
        assert [a["at"] - created for a in row["attempts"]] == [2_000, 4_000, 9_000]
        assert [a["status"] for a in row["attempts"]] == [503, 503, 200]


async def test_an_advance_does_not_wait_for_what_is_due_later(
    town: "Town", new_receiver: NewReceiver
) -> None:
    """A retry that lies ahead on the account's clock is no reason to wait."""
    async with new_receiver(new_receiver.answer(500)) as receiver:
        await town.submit(receiver.url())
        reply = await town.advance("10s")
        (row,) = await town.list_callbacks()

        assert (len(receiver.received), row["standing"], reply["undelivered"]) == (1, "waiting", [])


async def test_retries_come_between_other_callbacks_in_order_of_time(
    town: "Town", new_receiver: NewReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One long advance shows a receiver the same sequence as many short ones."""
    # More than any machine takes.
    monkeypatch.setattr("mockserver.web.callbacks.lanes.PATIENCE", 100.0)
    orders = []
    for pieces in (1, 60):
        async with new_receiver() as receiver:

            async def behave(
                request: "Received", writer: asyncio.StreamWriter, there: "Receiver" = receiver
            ) -> None:
                status = 500 if len(there.received) % 3 else 200
                await new_receiver.answer(status)(request, writer)

            receiver.behave = behave
            key = f"sk-mock-{pieces}"
            names = {}
            for number in range(5):
                names[await town.submit(receiver.url(), "/changes", key=key)] = number
                await town.advance("700ms", key=key)
            for _ in range(pieces):
                await town.advance(f"{60_000 // pieces}ms", key=key)
            orders.append([(names[r.json["id"]], r.json["state"]) for r in receiver.received])

    assert len(orders[0]) > 20
    assert orders[0] == orders[1]


async def test_an_advance_answers_in_time_with_what_is_undelivered(
    town: "Town", new_receiver: NewReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receiver that hangs does not hang the test: the callback is listed, and still comes."""
    monkeypatch.setattr("mockserver.web.control.accounts.MAX_WAIT", 0.05)
    go_on = asyncio.Event()
    async with new_receiver(new_receiver.wait(go_on)) as receiver:
        task_id = await town.submit(receiver.url(), "/changes")
        (row,) = (await town.advance("2s"))["undelivered"]
        go_on.set()
        monkeypatch.undo()
        later = await town.advance("0s")

        assert (row["task"], row["standing"], row["attempts"]) == (task_id, "waiting", [])
        assert later["undelivered"] == []
        assert count_standings(await town.list_callbacks()) == {"delivered": 1}


async def test_an_advance_lists_what_will_never_arrive(
    town: "Town", new_receiver: NewReceiver
) -> None:
    """What was held back or given up on the way is named once, in the answer of that advance."""
    async with new_receiver(new_receiver.answer(410)) as receiver:
        await town.submit(receiver.url())
        await town.submit("http://example.com/hook")
        first = await town.advance()
        second = await town.advance()

    assert count_standings(first["undelivered"]) == {"exhausted": 1, "held": 1}
    assert second["undelivered"] == []


async def test_an_advance_can_leave_the_callbacks_alone(
    town: "Town", new_receiver: NewReceiver
) -> None:
    """With "skip" the answer comes first and lists what is on its way."""
    go_on = asyncio.Event()
    async with new_receiver(new_receiver.wait(go_on)) as receiver:
        await town.submit(receiver.url())
        reply = await town.advance("10s", deliveries="skip")
        go_on.set()
        await receiver.wait_for(1)

        assert [row["standing"] for row in reply["undelivered"]] == ["waiting"]


async def test_a_receiver_may_ask_the_emulator_before_it_answers(
    town: "Town", new_receiver: NewReceiver
) -> None:
    """While an advance waits for an answer, a poll by the receiver is served as ever."""
    states = []

    async def behave(request: "Received", writer: asyncio.StreamWriter) -> None:
        states.append((await town.ask("GET", f"/hazel/tasks/{request.json['id']}"))["state"])
        await town.control("GET", "/callbacks")
        await new_receiver.answer(200)(request, writer)

    async with new_receiver(behave) as receiver:
        await town.submit(receiver.url())
        reply = await town.advance()

    assert (states, reply["undelivered"]) == (["done"], [])


async def test_advances_at_the_same_time_do_not_wait_for_each_other(
    town: "Town", new_receiver: NewReceiver
) -> None:
    """What another account waits for does not concern this one."""
    go_on = asyncio.Event()
    async with new_receiver(new_receiver.wait(go_on)) as slow, new_receiver() as quick:
        await town.submit(slow.url(), "/changes", key="sk-mock-slow")
        await town.submit(quick.url(), "/changes")
        waiting = asyncio.create_task(town.advance("2s", key="sk-mock-slow"))
        await slow.wait_for(1)
        await town.advance()
        was_done = waiting.done()
        go_on.set()
        await waiting

        assert (was_done, len(quick.received)) == (False, 2)


async def test_a_forced_task_calls_back_at_once(town: "Town", new_receiver: NewReceiver) -> None:
    """Whoever forces an outcome by the control API need not advance to hear of it."""
    async with new_receiver() as receiver:
        task_id = await town.submit(receiver.url())
        await town.control("PATCH", f"/tasks/{task_id}", {"outcome": "failed"})
        (received,) = await receiver.wait_for(1)

        assert received.json["why"] == "It is too hard."


async def test_each_attempt_has_a_fresh_time_and_the_same_body(
    new_town: "NewTown", new_receiver: NewReceiver
) -> None:
    """Over the attempts id and body stay equal; the time is the wall clock's, and is signed."""
    clock = ManualClock()
    town = new_town(clock)
    await town.control("PATCH", "", {"webhook_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})
    start = clock.now() // 1000

    async def behave(request: "Received", writer: asyncio.StreamWriter) -> None:
        clock.advance(1_000)
        await new_receiver.answer(500)(request, writer)

    async with new_receiver(behave) as receiver:
        await town.submit(receiver.url(), "/changes")
        await town.advance("9s")
        received = receiver.received

    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    for number, each in enumerate(received):
        stamp = each.headers["webhook-timestamp"]
        signed = f"{each.headers['webhook-id']}.{stamp}.".encode() + each.body
        signature = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
        assert (stamp, f"v1,{signature}") == (
            str(start + number),
            each.headers["webhook-signature"],
        )
    assert len(received) == 3
    assert len({(each.body, each.headers["webhook-id"]) for each in received}) == 1


async def test_the_documented_signature_verifies(town: "Town", new_receiver: NewReceiver) -> None:
    """KIE's rule, base64 of HMAC-SHA256 over task id, point and time, fits; not with a bit more."""
    await town.control("PATCH", "", {"webhook_secret": "test-webhook-key"})
    async with new_receiver() as receiver:
        body = {"model": MODEL, "input": PROMPT, "callBackUrl": receiver.url()}
        reply = await town.ask("POST", "/kie/api/v1/jobs/createTask", body)
        await town.advance("5m")
        (received,) = receiver.received

    task_id, stamp = received.json["data"]["taskId"], received.headers["x-webhook-timestamp"]
    signature = base64.b64decode(received.headers["x-webhook-signature"])
    assert task_id == reply["data"]["taskId"]
    for text, fits in ((f"{task_id}.{stamp}", True), (f"{task_id}.{int(stamp) ^ 1}", False)):
        assert (hmac.digest(b"test-webhook-key", text.encode(), "sha256") == signature) is fits


@pytest.mark.parametrize("secret", [None, ""])
async def test_without_a_secret_nothing_is_signed(
    town: "Town", new_receiver: NewReceiver, secret: str | None
) -> None:
    """An account that has no webhook secret sends no header of a signature."""
    await town.control("PATCH", "", {"webhook_secret": secret})
    async with new_receiver() as receiver:
        await town.submit(receiver.url(), "/changes")
        await town.advance()
        names = receiver.received[0].headers.keys()

    assert names == {"host", "content-type", "content-length", "user-agent", "connection"}


async def test_a_delivery_can_be_read_whole(town: "Town", new_receiver: NewReceiver) -> None:
    """The control API shows what was sent, to the header, and what came back."""
    async with new_receiver(new_receiver.answer(503, b"not now")) as receiver:
        task_id = await town.submit(receiver.url("/hook?token=1"))
        await town.advance("10s")
        (row,) = await town.list_callbacks()
        (received,) = receiver.received

    (attempt,) = row.pop("attempts")
    assert row == {
        "number": 1,
        "provider": "hazel",
        "task": task_id,
        "callback": "ended",
        "moment": "succeeded",
        "url": receiver.url("/hook?token=1"),
        "standing": "waiting",
        "held": None,
        "due": attempt["at"] + 3_000,
        "body": received.json,
        "copy_of": None,
        "fault": None,
    }
    assert {name.lower(): value for name, value in attempt["headers"].items()} == received.headers
    assert attempt["status"] == 503
    assert (attempt["answer"], attempt["problem"]) == ("not now", None)


async def test_no_key_and_no_secret_is_shown_with_a_delivery(
    new_town: "NewTown", new_receiver: NewReceiver
) -> None:
    """Deliveries, journal and log hold neither the key, nor the secret, nor a token in a query."""
    notices: list[str] = []
    town = new_town(notice=notices.append)
    key, secret, token = "live-0123456789abcdefghij", "my-webhook-secret", "token-in-a-query"
    await town.control("PATCH", "", {"webhook_secret": secret}, key=key)
    async with new_receiver(new_receiver.answer(500)) as receiver:
        await town.submit(receiver.url(f"/hook?token={token}"), "/changes", key=key)
        await town.submit(f"http://example.com/?token={token}", "/changes", key=key)
        await town.advance(key=key)
        sent = [f"{each.headers} {each.body!r}" for each in receiver.received]

    shown = str(await town.list_callbacks(key=key)) + str(await town.ask("GET", "/_mock/requests"))
    assert len(sent) == 8
    assert len(notices) >= 4
    for hidden in (key, secret):
        assert hidden not in shown + str(sent) + str(notices)
    assert token not in str(notices)


async def test_the_log_tells_of_callbacks_that_do_not_arrive(
    new_town: "NewTown", new_receiver: NewReceiver
) -> None:
    """A line for what was held, with the flag, and one for what was given up; none for the rest."""
    notices: list[str] = []
    town = new_town(notice=notices.append)
    async with new_receiver(new_receiver.answer(500)) as bad, new_receiver() as good:
        ids = [
            await town.submit(url)
            for url in (bad.url(), good.url(), "http://receiver.example/hook?a=b")
        ]
        await town.advance()

    given_up = f"the callback of {ids[0]} to {bad.url()} failed 2 times: 500"
    held = (
        f"the callback of {ids[2]} to http://receiver.example/hook was held back: "
        "receiver.example is neither localhost nor a loopback address such as 127.0.0.1; "
        "allow it with --allow-callback-host receiver.example"
    )
    assert sorted(notices) == sorted([given_up, held])


async def test_a_callback_that_no_contract_declares_is_noted(town: "Town") -> None:
    """A provider without callbacks sends none: the address in the submit stands in the journal."""
    body = {"model": MODEL, "input": PROMPT, "callBackUrl": "http://[::1]/"}
    reply = await town.ask("POST", "/aigptimage/api/v1/jobs/createTask", body)
    await town.advance("5m")
    (entry,) = (await town.control("GET", "/requests"))["requests"]

    assert reply["code"] == 200
    assert "field /callBackUrl is not in the contract" in entry["notes"]
    assert await town.list_callbacks() == []


async def test_the_third_provider_calls_back_too(town: "Town", new_receiver: NewReceiver) -> None:
    """A callback that is documented without its form says what the status call says."""
    async with new_receiver() as receiver:
        body = {"prompt": "a fox", "callback_url": receiver.url()}
        task_id = (await town.ask("POST", "/gptimage15/api/generate", body))["data"]["task_id"]
        await town.advance("5m")
        (received,) = receiver.received

    status = await town.ask("GET", f"/gptimage15/api/status?task_id={task_id}")
    assert received.json == status


async def test_work_leaves_nothing_behind(town: "Town", new_receiver: NewReceiver) -> None:
    """When everything is answered, no lane, job or alarm is left of thousands of deliveries."""
    before = count_objects(Job, Lane, Wait)
    async with new_receiver() as one, new_receiver(new_receiver.answer(500)) as two:
        for number in range(40):
            key = f"sk-mock-{number}"
            await town.submit(one.url(), "/changes", key=key, praise=two.url())
            await town.submit(two.url(), key=key, praise=one.url())
            await town.advance(key=key)

    assert (len(one.received), len(two.received)) == (120, 80)
    assert town.engine.outbox.collect(town.clock.now()) is None
    assert count_objects(Job, Lane, Wait) == before


def test_callbacks_outlive_an_event_loop(new_town: "NewTown", new_receiver: NewReceiver) -> None:
    """An application that is used in one loop after another sends in the next what it owes."""
    town = new_town()
    silent = socket.create_server(("127.0.0.1", 0))
    silent.setblocking(False)
    url = f"http://127.0.0.1:{silent.getsockname()[1]}/"

    async def begin() -> socket.socket:
        for _ in range(2):
            await town.submit(url, "/changes")
        await town.advance("2s", deliveries="skip")
        accepted, _ = await asyncio.get_running_loop().sock_accept(silent)
        return accepted

    async def go_on() -> list[str]:
        async with new_receiver() as receiver:
            for delivery in town.account.deliveries:
                delivery.url = receiver.url()
            await town.advance("0s")
            return [each.json["state"] for each in receiver.received]

    with silent, asyncio.run(begin()):
        assert asyncio.run(go_on()) == ["busy", "busy"]
