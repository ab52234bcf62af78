"""Bodies on the wire, large, unexpected or announced, and connections that are kept."""

import contextlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import pytest

from mockserver.web.asgi import MAX_BODY, MAX_WASTE
from mockserver.web.wire.protocol import Wire

if TYPE_CHECKING:
    from tests.web.wire.conftest import Answer, Line, Serve, Server

HOST = b"Host: 127.0.0.1:8787\r\n"
JSON = HOST + b"Authorization: Bearer sk-mock-bodies\r\nContent-Type: application/json\r\n"
CALL = b"POST /gptimage15/api/generate HTTP/1.1\r\n" + JSON
STRAY = b"PUT /gptimage15/api/generate HTTP/1.1\r\n" + JSON
CONTROL = b"POST /_mock/accounts/sk-mock-bodies/credits HTTP/1.1\r\n" + JSON
HEALTH = b"GET /_mock/health HTTP/1.1\r\n" + HOST + b"\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
CHUNK = b"10000\r\n" + b" " * 65_536 + b"\r\n"
BODY = b'{"prompt": "a fox"}'
MANY = 800  # chunks, 50 MiB of them
MOST = MAX_BODY + MAX_WASTE + 1024 * 1024  # bytes that may be read of something too large


class Way(NamedTuple):
    """A server, and the head of a request to it that ends before the length of its body."""

    server: "Server"
    head: bytes


@pytest.fixture(params=["short", "ASGI", "control"])
def way(request: pytest.FixtureRequest) -> Way:
    """Each of the ways that a request can go."""
    server = request.getfixturevalue("long_server" if request.param == "ASGI" else "server")
    with server.connect() as line:
        line.ask(HEALTH)  # the first request under a name goes through ASGI always
    return Way(server, CONTROL if request.param == "control" else CALL)


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of what servers read."""
    sizes: list[int] = []
    receive = Wire.data_received

    def count(self: Wire, data: bytes) -> None:
        sizes.append(len(data))
        receive(self, data)

    monkeypatch.setattr(Wire, "data_received", count)
    return sizes


def declare(size: int) -> bytes:
    return b"Content-Length: %d\r\n\r\n" % size


def send_all(line: "Line", pieces: Iterator[bytes]) -> None:
    """Send until the server has had enough of it."""
    for piece in pieces:
        try:
            line.send(piece)
        except OSError:
            return


def read_to_the_end(line: "Line") -> "Answer":
    """An answer, and the end of the connection."""
    answer = line.read()
    with contextlib.suppress(ConnectionResetError):  # the end of a client that went on sending
        assert line.read_rest() == b""
    return answer


def test_what_is_just_within_the_limit_is_read(way: Way) -> None:
    """A body of the largest size is no reason to refuse."""
    body = json.dumps({"prompt": ""}).encode().ljust(MAX_BODY)
    with way.server.connect() as line:
        answer = line.ask(way.head + declare(MAX_BODY) + body)

        assert answer.status == 400
        assert line.ask(HEALTH).status == 200


@pytest.mark.parametrize(
    "size", [MAX_BODY + 1, MAX_BODY + MAX_WASTE // 2, MAX_BODY + MAX_WASTE + 1]
)
@pytest.mark.parametrize("framing", ["declared", "chunked"])
def test_a_client_that_sends_all_before_it_listens_hears_413(
    way: Way, framing: str, size: int
) -> None:
    """A body that is too large is refused so that a simple client reads why."""
    body = declare(size) + b" " * size
    if framing == "chunked":
        body = CHUNKED + CHUNK * (size // 65_536 + 1) + b"0\r\n\r\n"
    with way.server.connect() as line:
        line.send(way.head + body)
        answer = read_to_the_end(line)

    assert (answer.status, answer.closes) == (413, True)
    assert (b'"code"' in answer.body) == (way.head != CONTROL)  # in the provider's own shape
    assert way.server.is_well()


@pytest.mark.parametrize("framing", ["declared", "chunked"])
def test_of_50_mib_hardly_more_than_9_are_read(way: Way, taken: list[int], framing: str) -> None:
    """A body far too large is refused early and not read to its end."""
    front = declare(MANY * 65_536) if framing == "declared" else CHUNKED
    with way.server.connect() as line:
        line.send(way.head + front)
        send_all(line, (CHUNK for _ in range(MANY)))
        answer = read_to_the_end(line)

    assert (answer.status, answer.closes) == (413, True)
    assert sum(taken) < MOST
    assert way.server.is_well()


@pytest.mark.parametrize("expect", [b"", b"Expect: 100-continue\r\n"], ids=["", "expect"])
def test_a_declared_gibibyte_is_refused_unread(way: Way, expect: bytes) -> None:
    """Nothing of a body has to be sent to hear that it is too large."""
    with way.server.connect() as line:
        answer = line.ask(way.head + expect + declare(2**30))
        rest = line.end().read_rest()

    assert (answer.status, answer.closes, rest) == (413, True, b"")


@pytest.mark.parametrize(
    ("first", "flood"),
    [
        (b"", (b"1;" + b"x" * 30 + b"\r\n \r\n") * 2048),
        (b"", b"1;" + b"x" * 65_536 + b"\r\n \r\n"),
        (b"0\r\n", b"X: y\r\n" * 8192),
        (b"0\r\nX: ", b"y" * 65_536),
    ],
    ids=["tiny chunks", "extensions", "trailers", "a trailer"],
)
def test_what_surrounds_a_body_counts_as_well(
    way: Way, taken: list[int], first: bytes, flood: bytes
) -> None:
    """Neither tiny chunks nor extensions nor trailers are a way around the limit."""
    with way.server.connect() as line:
        line.send(way.head + CHUNKED + first)
        send_all(line, (flood for _ in range(400)))
        answer = read_to_the_end(line)

    assert (answer.status, answer.closes) == (413, True)
    assert sum(taken) < MOST
    assert way.server.is_well()


@pytest.mark.parametrize("target", ["/gptimage15/api/status?task_id=x", "/_mock/health", "/"])
def test_a_body_of_a_get_is_read_and_ignored(server: "Server", target: str) -> None:
    """A body where none belongs changes nothing, and is not taken for a request."""
    hidden = b"GET /hidden HTTP/1.1\r\n" + HOST + b"\r\n"
    head = f"GET {target} HTTP/1.1\r\n".encode() + JSON
    with server.connect() as line:
        plain = line.ask(head + b"\r\n")
        line.send(head + declare(len(hidden)), hidden[:9], hidden[9:] + HEALTH)
        answers = [line.read(), line.read()]
        rest = line.end().read_rest()

    assert (answers[0].status, answers[0].body) == (plain.status, plain.body)
    assert (answers[1].status, rest) == (200, b"")


def test_an_endless_body_of_a_get_is_cut_off(server: "Server", taken: list[int]) -> None:
    """A request that is answered before its body came does not get a second answer."""
    with server.connect() as line:
        line.send(HEALTH[:-2] + CHUNKED)
        send_all(line, (CHUNK for _ in range(MANY)))
        answer = read_to_the_end(line)

    assert answer.status == 200
    assert sum(taken) < MOST


def test_a_client_may_ask_before_it_sends(way: Way) -> None:
    """`Expect: 100-continue` is answered before the body, and the answer follows it."""
    with way.server.connect() as line:
        before = line.ask(way.head + b"Expect: 100-continue\r\n" + declare(len(BODY)))
        answer = line.ask(BODY)

        assert (before.status, answer.status) == (100, 400 if way.head == CONTROL else 200)
        assert line.ask(HEALTH).status == 200


@pytest.mark.parametrize("target", ["/_mock/health", "/nowhere", "/_files/a/b/c/1.png", "/"])
def test_head_has_the_headers_of_get_and_no_body(server: "Server", target: str) -> None:
    """HEAD tells what GET would send, and the next answer follows at once."""
    request = f"GET {target} HTTP/1.1\r\n".encode() + HOST + b"\r\n"
    with server.connect() as line:
        answer = line.ask(request)
        line.send(request.replace(b"GET", b"HEAD") + HEALTH)
        head, after = line.read(of_head=True), line.read()

    assert (head.status, head.headers["content-type"]) == (
        answer.status,
        answer.headers["content-type"],
    )
    assert (after.status, b"version" in after.body) == (200, True)


def test_a_connection_is_kept_for_many_requests(server: "Server") -> None:
    """A client that reuses its connection finds it open, whatever it asked before."""
    call, stray = CALL + declare(len(BODY)) + BODY, STRAY + declare(2) + b"{}"
    with server.connect() as line:
        statuses = [line.ask(request).status for request in [HEALTH, call, stray] * 10]

    assert statuses == [200, 200, 404] * 10


def test_no_leaving_client_leaves_anything_behind(
    serve: "Serve", caplog: pytest.LogCaptureFixture
) -> None:
    """Clients that reset the connection anywhere leave no connection, no task and no word."""
    server = serve()
    call = CALL + declare(len(BODY)) + BODY
    cuts = [HEALTH, HEALTH * 9, call[:30], call[:-3], call * 9, STRAY + declare(9)]
    assert server.is_well()
    for payload in [*cuts, CONTROL + CHUNKED, CONTROL + declare(9) + b"{"] * 5:
        server.connect().send(payload).reset()

    assert server.comes_to_rest()
    assert len(server.connections) <= 1  # the last one that asked
    assert caplog.text == ""
