"""Bodies are read within bounds, whatever way they come; replies are two plain messages."""

import asyncio
from collections.abc import Iterable

import pytest

from mockserver.engine.call import Malformed, Reply
from mockserver.web.asgi import (
    MAX_BODY,
    MAX_WASTE,
    TOO_LARGE,
    Message,
    answer_lifespan,
    build_error,
    read_body,
    read_headers,
    send_reply,
)


class Wire:
    """A client's messages, and what it was sent."""

    def __init__(self, messages: Iterable[Message]) -> None:
        self._messages = iter(messages)
        self.taken = 0
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        self.taken += 1
        return next(self._messages)

    async def send(self, message: Message) -> None:
        self.sent.append(message)


def chunk(body: bytes, *, more: bool = True) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def read(wire: Wire, **headers: str) -> bytes | Malformed | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return asyncio.run(read_body(wire.receive, named))


@pytest.mark.parametrize(
    ("messages", "body"),
    [
        ([chunk(b"{}", more=False)], b"{}"),
        ([chunk(b""), chunk(b"{"), chunk(b"}"), chunk(b"", more=False)], b"{}"),
        ([{"type": "http.request"}], b""),
        ([chunk(b"x" * MAX_BODY, more=False)], b"x" * MAX_BODY),
        ([chunk(b"x" * (MAX_BODY + 1), more=False)], TOO_LARGE),
        ([chunk(b"{"), {"type": "http.disconnect"}], None),
        ([{"type": "http.disconnect"}], None),
    ],
    ids=[
        "at once",
        "in pieces",
        "none",
        "just small enough",
        "too large",
        "broken off",
        "gone at once",
    ],
)
def test_a_body_is_read_to_its_end(messages: list[Message], body: bytes | Malformed | None) -> None:
    """However a body is cut into messages, all of it is read; None says that the client left."""
    assert read(Wire(messages)) == body


def test_a_body_that_is_declared_far_too_large_is_not_read() -> None:
    """A declared gigabyte is refused before a single byte is taken."""
    wire = Wire([])

    assert read(wire, content_length=str(2**30)) is TOO_LARGE
    assert wire.taken == 0


def test_a_length_that_is_no_number_of_this_world_is_refused() -> None:
    """Forty digits of Content-Length are too large, too."""
    assert read(Wire([]), content_length="9" * 40) is TOO_LARGE


def test_a_body_that_is_a_little_too_large_is_read_and_thrown_away() -> None:
    """A client that sends all before it listens gets to hear the refusal."""
    wire = Wire([chunk(b"x" * MAX_BODY), chunk(b"x"), chunk(b"", more=False)])

    assert read(wire) is TOO_LARGE
    assert wire.taken == 3


def test_an_endless_body_is_cut_off() -> None:
    """A body without a declared length is read up to a bound, and no further."""
    endless = Wire(chunk(b"x" * 2**16) for _ in range(1_000))

    assert read(endless) is TOO_LARGE
    assert endless.taken == (MAX_BODY + MAX_WASTE) // 2**16 + 1


def test_headers_are_named_in_lower_case_and_repeated_ones_are_joined() -> None:
    """The order of repeated headers is kept, and none gets lost."""
    pairs = [(b"host", b"a"), (b"x-y", b"1"), (b"x-y", b"2"), (b"x-z", b"\xe9")]

    assert read_headers(pairs) == {"host": "a", "x-y": "1, 2", "x-z": "\xe9"}


def test_a_reply_is_a_head_and_a_body() -> None:
    """A reply is sent with its length, and with nothing that nobody asked for."""
    wire = Wire([])

    asyncio.run(send_reply(wire.send, Reply(402, b"{}", headers=(("x-a", "1"),))))

    assert wire.sent == [
        {
            "type": "http.response.start",
            "status": 402,
            "headers": [
                (b"content-type", b"application/json"),
                (b"content-length", b"2"),
                (b"x-a", b"1"),
            ],
        },
        {"type": "http.response.body", "body": b"{}"},
    ]


def test_a_reply_without_a_body_tells_its_length() -> None:
    """HEAD learns how long the body would be."""
    wire = Wire([])

    asyncio.run(send_reply(wire.send, Reply(200, b"abc"), close=True, with_body=False))

    head, body = wire.sent
    assert (b"content-length", b"3") in head["headers"]
    assert (b"connection", b"close") in head["headers"]
    assert body["body"] == b""


def test_an_error_of_ours_says_what_to_do() -> None:
    """Refusals outside every contract are JSON with an error and a hint."""
    assert build_error(421, "no", "do").body == b'{"error":"no","hint":"do"}'
    assert build_error(421, "no").body == b'{"error":"no"}'


def test_lifespan_is_answered() -> None:
    """A server that asks for start and stop gets both completed, the stop when all is done."""
    wire = Wire([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def stop() -> None:
        await wire.send({"type": "stopped"})

    asyncio.run(answer_lifespan(wire.receive, wire.send, stop))

    assert [message["type"] for message in wire.sent] == [
        "lifespan.startup.complete",
        "stopped",
        "lifespan.shutdown.complete",
    ]
