"""Bodies on the wire: large ones, unexpected ones, announced ones; and a connection that is kept."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from mockserver.web.asgi import MAX_BODY, MAX_WASTE
from mockserver.web.limits import Limits
from mockserver.web.wire import Wire

if TYPE_CHECKING:
    from tests.web.wire.conftest import Answer, Line, Serve, Server

HOST = b"Host: 127.0.0.1:8787\r\n"
JSON = HOST + b"Authorization: Bearer sk-mock-bodies\r\nContent-Type: application/json\r\n"
CALL = b"POST /gptimage15/api/generate HTTP/1.1\r\n" + JSON
STRAY = b"PUT /gptimage15/api/generate HTTP/1.1\r\n" + JSON
CONTROL = b"POST /_mock/accounts/sk-mock-bodies/credits HTTP/1.1\r\n" + JSON
HEALTH = b"GET /_mock/health HTTP/1.1\r\n" + HOST + b"\r\n"
WAYS = pytest.mark.parametrize("way", ["short", "ASGI", "control"])
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
CHUNK = b"10000\r\n" + b" " * 65_536 + b"\r\n"
MANY = 800  # chunks, 50 MiB of them


@pytest.fixture
def target(request: pytest.FixtureRequest, way: str) -> tuple["Server", bytes]:
    """A server and the head of a request that takes a way; the length of the body is missing."""
    name = "long_server" if way == "ASGI" else "server"
    return request.getfixturevalue(name), CONTROL if way == "control" else CALL


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of what the server reads."""
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
    try:
        assert line.read_rest() == b""
    except ConnectionResetError:  # the end of a client that did not stop sending
        pass
    return answer


@WAYS
def test_what_is_just_within_the_limit_is_read(target: tuple["Server", bytes]) -> None:
    """A body of the largest size is no reason to refuse."""
    body = json.dumps({"prompt": ""}).encode().ljust(MAX_BODY)
    with server.connect() as line:
        answer = line.ask(HEALTH) and line.ask(head + declare(MAX_BODY) + body)

        assert answer.status in {400, 404}
        assert line.ask(HEALTH).status == 200


@WAYS
@pytest.mark.parametrize("framing", ["declared", "chunked"])
def test_a_client_that_sends_all_before_it_listens_hears_413(
    target: tuple["Server", bytes], framing: str
) -> None:
    """A body a little too large is refused so that a simple client reads why."""
    size = MAX_BODY + MAX_WASTE // 2
    with server.connect() as line:
        line.ask(HEALTH)
        if framing == "declared":
            line.send(head + declare(size) + b" " * size)
        else:
            line.send(head + CHUNKED + CHUNK * (size // 65_536) + b"0\r\n\r\n")
        answer = read_to_the_end(line)

    assert (answer.status, answer.closes) == (413, True)
    assert "application/json" in answer.headers["content-type"]
    assert server.is_well()


@WAYS
@pytest.mark.parametrize("framing", ["declared", "chunked"])
def test_of_50_mib_hardly_more_than_9_are_read(
    target: tuple["Server", bytes], taken: list[int], framing: str
) -> None:
    """A body far too large is refused early and not read to its end."""
    front = declare(MANY * 65_536) if framing == "declared" else CHUNKED
    with server.connect() as line:
        line.ask(HEALTH)
        line.send(head + front)
        send_all(line, (CHUNK for _ in range(MANY)))
        answer = read_to_the_end(line)

    assert (answer.status, answer.closes) == (413, True)
    assert sum(taken) < MAX_BODY + MAX_WASTE + 1024 * 1024
    assert server.is_well()


@pytest.mark.parametrize("head", [LONG, CONTROL], ids=["ASGI", "control"])
def test_a_declared_gibibyte_is_refused_unread(target: tuple["Server", bytes]) -> None:
    """Nothing of a body has to be sent to hear that it is too large."""
    with server.connect() as line:
        answer = line.ask(head + declare(2**30))
        assert line.end().read_rest() == b""

    assert (answer.status, answer.closes) == (413, True)


@WAYS
def test_tiny_chunks_are_no_way_around_the_limit(
    target: tuple["Server", bytes], taken: list[int]
) -> None:
    """What surrounds the chunks counts as well, and so do extensions and trailers."""
    floods = [b"1\r\n \r\n" * 8192, b"1;" + b"x" * 65_536 + b"\r\n \r\n", b"0\r\n" + b"X: y\r\n" * 8192]
    for flood in floods:
        taken.clear()
        with server.connect() as line:
            line.ask(HEALTH)
            line.send(head + CHUNKED)
            send_all(line, (flood if flood[0] != b"0" else flood[3:] for _ in range(400)))
            answer = read_to_the_end(line)

        assert answer.status in {400, 413}
        assert sum(taken) < MAX_BODY + MAX_WASTE + 1024 * 1024
    assert server.is_well()


def test_a_body_of_a_get_is_read_and_ignored(server: "Server") -> None:
    """A body where none belongs changes nothing, and is not taken for a request."""
    hidden = b"GET /hidden HTTP/1.1\r\n" + HOST + b"\r\n"
    for target in (b"/gptimage15/api/status?task_id=x", b"/_mock/health", b"/_mock/scenarios"):
        head = b"GET " + target + b" HTTP/1.1\r\n" + JSON
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
        first = line.read()
        send_all(line, (CHUNK for _ in range(MANY)))
        try:
            rest = line.read_rest()
        except ConnectionResetError:
            rest = b""

    assert (first.status, rest) == (200, b"")
    assert sum(taken) < 2 * (MAX_BODY + MAX_WASTE)


@pytest.mark.parametrize("head", [CALL, CONTROL], ids=["provider", "control"])
def test_a_client_may_ask_before_it_sends(target: tuple["Server", bytes]) -> None:
    """`Expect: 100-continue` is answered before the body, and the answer follows it."""
    body = b'{"prompt": "a fox"}'
    with server.connect() as line:
        line.ask(HEALTH)
        before = line.ask(head + b"Expect: 100-continue\r\n" + declare(len(body)))
        answer = line.ask(body)

        assert (before.status, answer.status) in {(100, 200), (100, 400)}
        assert line.ask(HEALTH).status == 200


def test_too_much_is_refused_before_it_is_sent(server: "Server") -> None:
    """Who asks whether a huge body may be sent hears 413 instead of 100."""
    with server.connect() as line:
        answer = line.ask(LONG + b"Expect: 100-continue\r\n" + declare(2**30))

    assert (answer.status, answer.closes) == (413, True)


def test_head_has_the_headers_of_get_and_no_body(server: "Server") -> None:
    """HEAD tells what GET would send, and the next answer follows at once."""
    for target in (b"/_mock/health", b"/nowhere", b"/_files/a/b/c/1.png", b"/"):
        request = b"GET " + target + b" HTTP/1.1\r\n" + HOST + b"\r\n"
        with server.connect() as line:
            answer = line.ask(request)
            line.send(request.replace(b"GET", b"HEAD") + HEALTH)
            head, after = line.read(of_head=True), line.read()

        assert head.status == answer.status
        assert head.headers["content-type"] == answer.headers["content-type"]
        assert (after.status, b"version" in after.body) == (200, True)


def test_a_connection_is_kept_for_many_requests(server: "Server", taken: list[int]) -> None:
    """A client that reuses its connection finds it open, whatever it asked before."""
    body = b'{"prompt": "a fox"}'
    requests = [HEALTH, CALL + declare(len(body)) + body, LONG + declare(2) + b"{}"]
    with server.connect() as line:
        statuses = [line.ask(request).status for request in requests * 10]

    assert statuses == [200, 200, 405] * 10 or statuses == [200, 200, 404] * 10
    assert len(taken) >= 30


def test_no_leaving_client_leaves_anything_behind(
    serve: "Serve", caplog: pytest.LogCaptureFixture
) -> None:
    """Clients that reset the connection anywhere leave no connection, no task, no word."""
    server = serve()
    body = b'{"prompt": "a fox"}'
    whole = CALL + declare(len(body)) + body
    cuts = [HEALTH, HEALTH * 9, whole[:30], whole[:-3], whole * 9, LONG + declare(9), CONTROL + CHUNKED]
    for payload in cuts * 5:
        server.connect().send(payload).reset()
    for _ in range(3):
        assert server.is_well()

    assert len(server.connections) <= 1
    assert not server.listener.server_state.tasks
    assert caplog.text == ""


def test_the_limits_are_those_of_the_application() -> None:
    """The wire reads what the application is ready to throw away, and a head besides."""
    limits = Limits()

    assert limits.head_bytes * limits.headers < MAX_WASTE
