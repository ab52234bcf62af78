"""Callback faults, as receivers see them."""

import asyncio
import base64
import hmac
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.web.callbacks.conftest import Receiver, Town

    NewReceiver = type[Receiver]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CHANGES = "/changes"


async def plan(town: "Town", fault: str, **words: Any) -> None:
    reply = await town.control("POST", "/faults", {"fault": fault, **words})
    assert "error" not in reply, reply


async def receive(
    town: "Town", receiver: "Receiver", path: str = "/ends", **fields: str
) -> list[Any]:
    """What comes of one task, up to a minute."""
    await town.submit(receiver.url(), path, **fields)
    await town.advance()
    return receiver.received


def verify(received: Any, secret: str = SECRET) -> bool:
    """Whether the signature fits what came, as https://www.standardwebhooks.com says."""
    headers = received.headers
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + received.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    return bool(headers["webhook-signature"] == f"v1,{signature}")


async def test_a_lost_callback_never_comes(town: "Town", new_receiver: "NewReceiver") -> None:
    """Nothing is sent, not even later, and the record says why."""
    await plan(town, "callback-lost")
    async with new_receiver() as receiver:
        assert await receive(town, receiver) == []

    (row,) = await town.list_callbacks()
    assert (row["standing"], row["fault"], row["attempts"]) == ("held", "callback-lost", [])


async def test_a_late_callback_comes_late(town: "Town", new_receiver: "NewReceiver") -> None:
    """It is due so much later on the account's clock, and comes once."""
    await plan(town, "callback-late", span="5m")
    async with new_receiver() as receiver:
        assert await receive(town, receiver) == []
        await town.advance("5m")
        assert len(receiver.received) == 1


async def test_a_callback_comes_twice(town: "Town", new_receiver: "NewReceiver") -> None:
    """The repetitions are equal in body and in the id that tells messages apart."""
    await town.control("PATCH", "", {"webhook_secret": SECRET})
    await plan(town, "callback-twice", copies=2, apart="1s", task={"phase": "succeeded"})
    async with new_receiver() as receiver:
        received = await receive(town, receiver, CHANGES)

    last = received[-3:]
    assert len(received) == 4
    assert len({each.body for each in last}) == 1
    assert len({each.headers["webhook-id"] for each in last}) == 1
    assert all(verify(each) for each in received)
    rows = (await town.list_callbacks())[-3:]
    assert [row["copy_of"] for row in rows] == [None, *[rows[0]["number"]] * 2]
    assert [row["due"] - rows[0]["due"] for row in rows] == [0, 1_000, 2_000]


async def test_a_callback_is_overtaken(town: "Town", new_receiver: "NewReceiver") -> None:
    """The next one of the account comes first."""
    await plan(town, "callback-out-of-order", nth=1)
    async with new_receiver() as receiver:
        received = await receive(town, receiver, CHANGES)

    assert [each.json["state"] for each in received] == ["done", "busy"]


async def test_what_nobody_overtakes_comes_late(town: "Town", new_receiver: "NewReceiver") -> None:
    """The last callback of all is not lost."""
    await plan(town, "callback-out-of-order", span="10s")
    async with new_receiver() as receiver:
        assert len(await receive(town, receiver)) == 1


async def test_what_came_late_does_not_come_again(
    town: "Town", new_receiver: "NewReceiver"
) -> None:
    """A callback that nobody overtook in time was sent; the next one is sent alone."""
    await plan(town, "callback-out-of-order", span="10s", nth=1)
    async with new_receiver() as receiver:
        first = await town.submit(receiver.url())
        await town.advance()
        second = await town.submit(receiver.url())
        await town.advance()

    assert [each.json["id"] for each in receiver.received] == [first, second]


async def test_a_callback_is_overtaken_at_the_last_moment(
    town: "Town", new_receiver: "NewReceiver"
) -> None:
    """Where both are due within a millisecond, each comes once, and in the other order."""
    await plan(town, "callback-out-of-order", span="1ms", nth=1)
    async with new_receiver() as receiver:
        tasks = [await town.submit(receiver.url()) for _ in range(2)]
        await town.advance()

    assert [each.json["id"] for each in receiver.received] == tasks[::-1]


async def test_callbacks_come_before_the_reply(town: "Town", new_receiver: "NewReceiver") -> None:
    """The receiver hears of the end of a task whose submit is not answered yet."""
    await plan(town, "callback-too-early", count=1)
    async with new_receiver() as receiver:
        answer, seen = receiver.behave, []

        async def look(request: Any, writer: asyncio.StreamWriter) -> None:
            seen.append(submit.done())
            await answer(request, writer)

        receiver.behave = look
        submit = asyncio.create_task(town.submit(receiver.url()))
        task = await submit

    assert seen == [False]
    assert receiver.received[0].json["id"] == task


async def test_each_step_is_told_once(town: "Town", new_receiver: "NewReceiver") -> None:
    """A task that ends at once, or never, tells of no state twice."""
    await plan(town, "callback-too-early", count=1)
    await plan(town, "stuck-task", count=1)
    async with new_receiver() as receiver:
        await receive(town, receiver, CHANGES)
        early = [each.json["state"] for each in receiver.received]
        stuck = [each.json["state"] for each in (await receive(town, receiver, CHANGES))[2:]]

    assert early == ["busy", "done"]
    assert stuck == ["busy"]


async def test_a_wrong_signature_does_not_verify(town: "Town", new_receiver: "NewReceiver") -> None:
    """Everything is there, and the signature is another one."""
    await town.control("PATCH", "", {"webhook_secret": SECRET})
    await plan(town, "callback-wrong-signature", nth=1)
    async with new_receiver() as receiver:
        received = await receive(town, receiver, CHANGES)

    assert [verify(each) for each in received] == [False, True]


async def test_a_callback_can_be_signed_with_another_secret(
    town: "Town", new_receiver: "NewReceiver"
) -> None:
    """The secret that is named is used, an empty one as well."""
    await town.control("PATCH", "", {"webhook_secret": "whsec_AAAA"})
    await plan(town, "callback-wrong-signature", nth=1, secret=SECRET)
    await plan(town, "callback-wrong-signature", nth=2, secret="")
    async with new_receiver() as receiver:
        received = await receive(town, receiver, CHANGES)

    assert [verify(each) for each in received] == [True, False]
    assert [verify(each, "") for each in received] == [False, True]


async def test_odd_spelling_is_signed_as_it_is_sent(
    town: "Town", new_receiver: "NewReceiver"
) -> None:
    """The JSON says the same in other bytes, and the signature is over these."""
    await town.control("PATCH", "", {"webhook_secret": SECRET})
    await plan(town, "callback-odd-spelling", task={"phase": "succeeded"})
    async with new_receiver() as receiver:
        *_, last = await receive(town, receiver, CHANGES)

    assert verify(last)
    assert b"\\/" in last.body
    assert b' : "' in last.body
    assert last.json["results"][0].startswith("http://")
    assert int(last.headers["content-length"]) == len(last.body)


async def test_an_old_signature_verifies(town: "Town", new_receiver: "NewReceiver") -> None:
    """It is right, for a time that lies so far back."""
    await town.control("PATCH", "", {"webhook_secret": SECRET})
    await plan(town, "callback-stale-timestamp", nth=1, age="1h")
    async with new_receiver() as receiver:
        received = await receive(town, receiver, CHANGES)

    stamps = [int(each.headers["webhook-timestamp"]) for each in received]
    assert stamps[1] - stamps[0] == 3600
    assert all(verify(each) for each in received)


@pytest.mark.parametrize("fault", ["callback-wrong-signature", "callback-stale-timestamp"])
async def test_what_is_not_signed_cannot_be_signed_wrongly(
    town: "Town", new_receiver: "NewReceiver", fault: str
) -> None:
    """Without a secret the fault has nothing to act on, and the account says so."""
    await plan(town, fault)
    async with new_receiver() as receiver:
        assert len(await receive(town, receiver, CHANGES)) == 2

    assert (await town.control("GET", "/faults"))["never_acted"] == [1]


async def test_a_changed_body_keeps_the_right_signature(
    town: "Town", new_receiver: "NewReceiver"
) -> None:
    """The results lead elsewhere; the signature is that of the body which should have come."""
    await town.control("PATCH", "", {"webhook_secret": SECRET})
    await plan(town, "callback-changed-body", task={"phase": "succeeded"})
    async with new_receiver() as receiver:
        *_, last = await receive(town, receiver, CHANGES)

    assert "changed-on-the-way.invalid" in last.json["results"][0]
    assert int(last.headers["content-length"]) == len(last.body)
    assert not verify(last)
    sent = (await town.list_callbacks())[-1]
    assert sent["attempts"][0]["headers"]["webhook-signature"] == last.headers["webhook-signature"]


async def test_a_signature_over_no_body_fits_a_changed_one(
    town: "Town", new_receiver: "NewReceiver"
) -> None:
    """Where the body is not signed, a receiver cannot tell: the reason of the failure is new."""
    await plan(town, "callback-changed-body")
    await town.control("PATCH", "", {"scenario": "fails"})
    async with new_receiver() as receiver:
        (received,) = await receive(town, receiver)

    assert received.json["why"] == "changed on the way"


async def test_a_wrong_content_type(town: "Town", new_receiver: "NewReceiver") -> None:
    """The body is what it should be, and is called something else."""
    await plan(town, "callback-wrong-content-type", says="text/plain")
    async with new_receiver() as receiver:
        (received,) = await receive(town, receiver)

    assert received.headers["content-type"] == "text/plain"
    assert received.json["state"] == "done"


async def test_a_redirected_callback_is_a_get(town: "Town") -> None:
    """It comes with another method, and without a body and what tells of one."""
    await plan(town, "callback-redirect")
    heads: list[str] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode().lower())
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    await town.submit(f"http://127.0.0.1:{port}/hook")
    await town.advance()
    server.close()

    (head,) = heads
    assert head.startswith("get /hook http/1.1")
    assert "content-" not in head


@pytest.mark.parametrize("words", [{"count": 1}, {"nth": [1]}, {"until": "11s"}])
async def test_doses_hold_for_callbacks(
    town: "Town", new_receiver: "NewReceiver", words: dict[str, Any]
) -> None:
    """A fault with a dose is over when the dose is, and later callbacks come."""
    await plan(town, "callback-lost", **words)
    async with new_receiver() as receiver:
        for _ in range(2):
            await receive(town, receiver)
        assert len(receiver.received) == 1
