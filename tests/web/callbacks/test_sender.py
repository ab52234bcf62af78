import asyncio
import contextlib
import socket
import struct
from typing import TYPE_CHECKING, Any

import pytest

from mockserver.web.callbacks.sender import MAX_ANSWER, MAX_KEPT

if TYPE_CHECKING:
    from tests.web.callbacks.conftest import NewTown, Received, Receiver, Town

NewReceiver = type["Receiver"]

OK = b"HTTP/1.1 200 OK\r\n"


async def call_back(town: "Town", url: str) -> dict[str, Any]:
    """Make a task call an address back with patience, once; how the delivery stands then."""
    await town.submit("", praise=url)
    await town.advance("10s")
    row = (await town.list_callbacks())[-1]
    return {**row, **(row["attempts"][0] if row["attempts"] else {})}


@pytest.mark.parametrize("status", [200, 201, 202, 204, 206, 299])
async def test_what_2xx_answers_is_delivered(
    town: "Town", new_receiver: NewReceiver, status: int
) -> None:
    """Any success is one, with or without a body."""
    async with new_receiver(new_receiver.answer(status, b"")) as receiver:
        row = await call_back(town, receiver.url())

    assert (row["standing"], row["status"], row["problem"]) == ("delivered", status, None)


@pytest.mark.parametrize("status", [300, 304, 400, 401, 404, 410, 429, 500, 502, 503, 504, 599])
async def test_what_anything_else_answers_is_not(
    town: "Town", new_receiver: NewReceiver, status: int
) -> None:
    """The answer is kept, and is no delivery."""
    async with new_receiver(new_receiver.answer(status, b"", "Retry-After: 1\r\n")) as receiver:
        row = await call_back(town, receiver.url())

    assert (row["standing"], row["status"], row["problem"]) == ("exhausted", status, None)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("place", ["other", "http://169.254.169.254/", "file:///etc/passwd"])
async def test_a_redirect_is_not_followed(
    town: "Town", new_receiver: NewReceiver, status: int, place: str
) -> None:
    """Wherever it leads, it counts as a failure."""
    async with new_receiver() as other, new_receiver() as receiver:
        location = other.url() if place == "other" else place
        receiver.behave = new_receiver.answer(status, b"", f"Location: {location}\r\n")
        row = await call_back(town, receiver.url())

    assert (row["standing"], row["status"]) == ("exhausted", status)
    assert (len(receiver.received), len(other.received)) == (1, 0)


@pytest.mark.parametrize(
    "raw",
    [
        OK + b"content-length: 2\r\n\r\nok",
        OK + b"\r\nok",
        b"HTTP/1.0 200 OK\r\n\r\nok",
        OK + b"transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"content-length: 2\r\n\r\nok",
        b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" + OK + b"content-length: 2\r\n\r\nok",
        OK + b"content-length: 2\r\n\r\nok" + OK + b"content-length: 4\r\n\r\nmore",
        OK + b"connection: close\r\ncontent-length: 2\r\n\r\nok and more",
        OK + b"content-length: 2\r\ncontent-encoding: gzip\r\n\r\nok",
    ],
    ids=["length", "until closed", "1.0", "chunked", "continue", "hints", "two", "more", "gzip"],
)
async def test_answers_of_every_make_are_read(
    town: "Town", new_receiver: NewReceiver, raw: bytes
) -> None:
    """However a receiver frames its answer, status and body are known."""
    async with new_receiver(new_receiver.say(raw)) as receiver:
        row = await call_back(town, receiver.url())

    assert (row["standing"], row["status"], row["answer"]) == ("delivered", 200, "ok")


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "the connection was closed before the answer"),
        (b"HTTP/1.1 2", "the connection was closed before the answer"),
        (OK + b"x: y\r\n", "the connection was closed before the answer"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "the connection was closed before the answer"),
        (OK + b"content-length: 9\r\n\r\nok", "the connection was closed in the middle of"),
        (OK + b"transfer-encoding: chunked\r\n\r\n2\r\nok\r\n", "the connection was closed in the"),
        (b"HTTP/1.1 101 Go\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n", "another protocol"),
        (b"hello\r\n", "what came back is no HTTP"),
        (b"220 mail.example ESMTP\r\n", "what came back is no HTTP"),
        (b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" * 3, "what came back is no HTTP"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "what came back is no HTTP"),
        (b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", "what came back is no HTTP"),
        (b"HTTP/1.1 abc OK\r\n\r\n", "what came back is no HTTP"),
        (OK + b"content-length: -1\r\n\r\n", "what came back is no HTTP"),
        (OK + b"content-length: 1\r\ncontent-length: 2\r\n\r\nok", "what came back is no HTTP"),
        (OK + b"transfer-encoding: chunked\r\n\r\nxyz\r\n", "what came back is no HTTP"),
        (OK + b"no colon\r\n\r\n", "what came back is no HTTP"),
        (OK + b"x: " + b"a" * MAX_ANSWER + b"\r\n\r\n", "the head of the answer is longer"),
        (OK + b"x: y\r\n" * 20_000 + b"\r\n", "the head of the answer is longer"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 5_000, "the head of the answer is longer"),
    ],
    ids=[
        *["nothing", "half a line", "half a head", "only continue", "half a body", "half a chunk"],
        *["upgrade", "text", "mail", "HTTP/2", "TLS", "a request", "no status", "negative length"],
        *[
            "two lengths",
            "bad chunk",
            "bad header",
            "long header",
            "many headers",
            "many continues",
        ],
    ],
)
async def test_what_is_no_answer_is_a_failure_with_a_reason(
    town: "Town", new_receiver: NewReceiver, raw: bytes, problem: str
) -> None:
    """Garbage, a hasty end and endless heads are told apart, and harm nothing."""
    async with new_receiver(new_receiver.say(raw)) as receiver:
        row = await call_back(town, receiver.url())
        receiver.behave = new_receiver.answer(200)
        after = await call_back(town, receiver.url())

    assert problem in row["problem"]
    assert (row["standing"], row["status"], row["answer"]) == ("exhausted", None, "")
    assert after["standing"] == "delivered"


async def test_a_refused_connection_is_a_failure_with_a_reason(
    town: "Town", new_receiver: NewReceiver
) -> None:
    """Nobody listens: the system's words say so."""
    async with new_receiver() as receiver:
        url = receiver.url()
    row = await call_back(town, url)

    assert (row["standing"], row["status"]) == ("exhausted", None)
    assert row["problem"] == "Connection refused"


async def test_a_reset_is_a_failure_with_a_reason(town: "Town", new_receiver: NewReceiver) -> None:
    """A receiver that crashes in the middle is no delivery."""

    async def behave(_: "Received", writer: asyncio.StreamWriter) -> None:
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async with new_receiver(behave) as receiver:
        row = await call_back(town, receiver.url())

    assert (row["standing"], row["problem"]) == ("exhausted", "Connection reset by peer")


async def test_a_receiver_without_tls_is_a_failure_with_a_reason(
    town: "Town", new_receiver: NewReceiver
) -> None:
    """An address with https that leads to plain HTTP is told, not raised."""
    async with new_receiver(greeting=b"HTTP/1.1 400 Bad Request\r\n\r\n") as receiver:
        row = await call_back(town, receiver.url().replace("http:", "https:"))

    assert (row["standing"], row["status"], receiver.received) == ("exhausted", None, [])
    assert "SSL" in row["problem"]


async def test_a_long_answer_is_read_so_far_and_no_further(
    town: "Town", new_receiver: NewReceiver
) -> None:
    """64 KiB are read, the beginning is kept; the status counts."""
    async with new_receiver(new_receiver.answer(200, b"x" * 8 * 1024 * 1024)) as receiver:
        row = await call_back(town, receiver.url())

    assert (row["standing"], row["answer"]) == ("delivered", "x" * MAX_KEPT)


@pytest.mark.parametrize("head", [OK, OK + b"transfer-encoding: chunked\r\n"])
async def test_an_endless_answer_comes_to_an_end(
    town: "Town", new_receiver: NewReceiver, head: bytes
) -> None:
    """A receiver that never stops talking is cut off, and has delivered."""
    cut = asyncio.Event()

    async def behave(_: "Received", writer: asyncio.StreamWriter) -> None:
        writer.write(head + b"\r\n")
        try:
            while True:
                writer.write(b"3e8\r\n" + b"x" * 1000 + b"\r\n")
                await writer.drain()
        except OSError:
            cut.set()

    async with new_receiver(behave) as receiver:
        row = await call_back(town, receiver.url())
        await cut.wait()

    assert (row["standing"], row["status"]) == ("delivered", 200)


@pytest.mark.parametrize("kind", ["silent", "trickling head", "trickling body"])
async def test_a_slow_receiver_has_the_contracts_time(
    town: "Town", new_receiver: NewReceiver, kind: str
) -> None:
    """The limit is for all of an attempt: a byte now and then does not stretch it."""

    async def behave(_: "Received", writer: asyncio.StreamWriter) -> None:
        head = OK + (b"content-length: 1000000\r\n\r\n" if kind == "trickling body" else b"x: ")
        while not writer.transport.is_closing():
            if kind != "silent":
                writer.write(head[:1] or b"x")
                head = head[1:]
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.Event().wait(), 0.002)

    async with new_receiver(behave) as receiver:
        await town.submit("", hurry=receiver.url())
        await town.advance()
        (row,) = await town.list_callbacks()

    problems = [attempt["problem"] for attempt in row["attempts"]]
    assert (row["standing"], problems) == ("exhausted", ["no answer within 0.25 s"] * 2)


@pytest.mark.parametrize(
    "url", ["http://localhost:{}/x", "http://app.localhost:{}/x", "http://[::ffff:7f00:1]:{}/x"]
)
async def test_this_machine_is_reached_by_all_its_names(
    town: "Town", new_receiver: NewReceiver, url: str
) -> None:
    """A name that means loopback needs no resolver and reaches who listens there."""
    async with new_receiver() as receiver:
        row = await call_back(town, url.format(receiver.port))

    assert row["standing"] == "delivered"


async def test_a_receiver_on_the_other_loopback_is_found(
    town: "Town", new_receiver: NewReceiver
) -> None:
    """What listens on "localhost" may have got ::1 alone."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            pass
    except OSError:
        pytest.skip("this machine has no IPv6")
    async with new_receiver(host="::1") as receiver:
        row = await call_back(town, f"http://localhost:{receiver.port}/x")

    assert (row["standing"], receiver.received[0].headers["host"]) == (
        "delivered",
        f"localhost:{receiver.port}",
    )


async def test_an_allowed_name_is_connected_to_at_the_address_that_was_checked(
    new_town: "NewTown", new_receiver: NewReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name stands in the Host header; where it leads was decided once, before connecting."""
    answers = [["127.0.0.1"], ["169.254.169.254"]]

    async def resolve(host: str, _: int) -> list[str]:
        assert host == "receiver.example"
        return answers.pop(0)

    monkeypatch.setattr("mockserver.web.callbacks.targets.resolve_host", resolve)
    town = new_town(callback_hosts=("receiver.example",))
    async with new_receiver(new_receiver.answer(500)) as receiver:
        await town.submit(receiver.url(host="receiver.example"))
        await town.advance()
        (row,) = await town.list_callbacks()

    assert [each.headers["host"] for each in receiver.received] == [
        f"receiver.example:{receiver.port}"
    ]
    assert (row["standing"], row["held"]) == (
        "held",
        "receiver.example has no address that a receiver can have",
    )


async def test_a_name_that_cannot_be_resolved_is_tried_again(
    new_town: "NewTown", new_receiver: NewReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that fails once is a failed attempt with a reason."""
    answers: list[list[str]] = [[], ["127.0.0.1"]]

    async def resolve(_: str, __: int) -> list[str]:
        if found := answers.pop(0):
            return found
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr("mockserver.web.callbacks.targets.resolve_host", resolve)
    town = new_town(callback_hosts=("receiver.example",))
    async with new_receiver() as receiver:
        await town.submit(receiver.url(host="receiver.example"))
        await town.advance()
        (row,) = await town.list_callbacks()

    assert [attempt["problem"] for attempt in row["attempts"]] == [
        "Temporary failure in name resolution",
        None,
    ]
    assert row["standing"] == "delivered"


@pytest.mark.parametrize("path", ["/_mock/reset", "/_mock/accounts/sk-mock-me", "/"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.7", "[::ffff:127.0.0.1]"])
async def test_the_server_itself_is_never_called_back(
    new_town: "NewTown", new_receiver: NewReceiver, host: str, path: str
) -> None:
    """A callback to the server's own port is held back, and nothing changes there."""
    async with new_receiver() as server:
        town = new_town(own_ports=frozenset({server.port}))
        await town.submit(server.url(path, host))
        await town.advance()
        (row,) = await town.list_callbacks()

    assert (row["standing"], row["held"]) == ("held", "it points at this server itself")
    assert server.received == []


async def test_a_callback_that_reaches_another_control_api_changes_nothing(
    town: "Town", new_receiver: NewReceiver
) -> None:
    """The way in is shut also where the target could not know: in a second server."""
    async with new_receiver() as receiver:
        await town.submit(receiver.url())
        await town.advance()
        (received,) = receiver.received
    agent = received.headers["user-agent"]
    reply = await town.ask("POST", "/_mock/reset", {}, user_agent=agent)

    assert reply == {"error": "the control API takes no callbacks"}
    assert len(await town.list_callbacks()) == 1


async def test_an_address_that_is_longer_than_anything_is_sent_as_it_is(
    town: "Town", new_receiver: NewReceiver
) -> None:
    """Nothing of our own limits an address: what a receiver makes of it is its affair."""
    async with new_receiver() as receiver:
        row = await call_back(town, receiver.url("/" + "x" * 60_000))

    assert row["standing"] == "delivered"


async def test_a_body_arrives_byte_for_byte(town: "Town", new_receiver: NewReceiver) -> None:
    """Prompts in every alphabet come back in the callback as they were sent, in full."""
    prompt = "狐\u202e🦊\x00\r\nX-Evil: 1\r\n\r\n" + "ä" * 900
    async with new_receiver() as receiver:
        body = {"prompt": prompt, "callback_url": receiver.url()}
        await town.ask("POST", "/gptimage15/api/generate", body)
        await town.advance("5m")
        (received,) = receiver.received

    assert received.json["data"]["request"]["prompt"] == prompt
    assert "x-evil" not in received.headers


async def test_a_mistake_of_ours_is_no_problem_of_the_receiver(
    town: "Town",
    new_receiver: NewReceiver,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is in the log, whoever waits goes on, and the delivery has no attempt."""

    def fail(*_: object) -> None:
        raise KeyError("a mistake")

    async with new_receiver() as receiver:
        await town.submit(receiver.url(), "/changes")
        monkeypatch.setattr("mockserver.web.callbacks.courier.write_message", fail)
        await town.advance("2s")
        (row,) = await town.list_callbacks()

    assert "KeyError: 'a mistake'" in caplog.text
    assert (row["attempts"], receiver.received) == ([], [])
