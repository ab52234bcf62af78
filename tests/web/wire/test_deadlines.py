"""Clients that are late are cut off on time, and disturb nobody until then."""

import contextlib
import select
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mockserver.server import make_room

if TYPE_CHECKING:
    from tests.web.wire.conftest import Answer, Line, Serve, Server

HOST = b"Host: 127.0.0.1:8787\r\n"
JSON = HOST + b"Authorization: Bearer sk-mock-late\r\nContent-Type: application/json\r\n"
HEALTH = b"GET /_mock/health HTTP/1.1\r\n" + HOST + b"\r\n"
CALL = b"POST /gptimage15/api/generate HTTP/1.1\r\n" + JSON
CONTROL = b"POST /_mock/accounts/sk-mock-late/credits HTTP/1.1\r\n" + JSON
BODY = b'{"prompt": "a fox"}'
LENGTH = b"Content-Length: 19\r\n\r\n"

NEVER = 1_000.0
SOON = 0.3
# One limit at a time is short, so that it is known which one ended a connection.
PATIENT = {f"{name}_seconds": NEVER for name in ("head", "body", "idle", "write", "linger")}
SILENT = 1_000
SLOW = 200
LARGE = 5 * 1024 * 1024  # bytes of the large answer of a waiting application


def ask(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\n".encode() + HOST + b"\r\n"


@pytest.fixture
def patient(serve: "Serve") -> Any:
    """Starts a server with one short limit, as `patient("head")`."""

    def start(limit: str, app: Any = None, seconds: float = SOON) -> "Server":
        limits = PATIENT | {f"{limit}_seconds": seconds}
        return serve(app, tick_seconds=0.05, **limits)

    return start


def dribble(line: "Line", letters: Iterator[bytes]) -> "Answer":
    """Send letter by letter, as slowly as the server does not answer; its answer at last."""
    line.socket.settimeout(0.02)
    for letter in letters:
        try:
            line.send(letter)
            if line.socket.recv(1, socket.MSG_PEEK):
                break
        except TimeoutError:
            continue
    line.socket.settimeout(5)
    return line.read()


def count_files() -> int:
    """How many descriptors this process holds."""
    return len(list(Path("/dev/fd").iterdir()))


def repeat(letter: bytes) -> Iterator[bytes]:
    return iter([letter] * 1_000)


def test_a_silent_connection_is_closed_without_a_word(patient: Any) -> None:
    """Who connects and says nothing, or only empty lines, gets the end."""
    server = patient("head")
    with server.connect() as silent, server.connect() as empty:
        empty.send(b"\r\n\r\n")

        assert (silent.read_rest(), empty.read_rest()) == (b"", b"")
    assert server.is_well()


@pytest.mark.parametrize("before", [b"", HEALTH, CALL + LENGTH + BODY], ids=["", "ASGI", "short"])
def test_a_slow_head_is_cut_off(patient: Any, before: bytes) -> None:
    """However many letters come, a head has its time, the first of a connection or another."""
    server = patient("head")
    with server.connect() as line:
        line.send(before)
        if before:
            assert line.read().status == 200
        line.send(b"GET /_mock/health HTTP/1.1\r\nX: ")
        answer = dribble(line, repeat(b"x"))
        rest = line.read_rest()

    assert (answer.status, answer.closes, rest) == (408, True, b"")
    assert server.is_well()


@pytest.mark.parametrize("head", [CALL, CONTROL], ids=["short", "ASGI"])
@pytest.mark.parametrize(
    "frame", [b"Content-Length: 999\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n3e7\r\n"]
)
def test_a_slow_body_is_cut_off(patient: Any, head: bytes, frame: bytes) -> None:
    """A body has its time as well, and what had come of it does nothing."""
    server = patient("body")
    with server.connect() as line:
        line.ask(HEALTH)
        line.send(head + frame)
        answer = dribble(line, repeat(b" "))
        rest = line.read_rest()

    assert (answer.status, answer.closes, rest) == (408, True, b"")
    assert server.is_well()


def test_an_idle_connection_is_closed_without_a_word(patient: Any) -> None:
    """Between two requests a client may rest for a while, not for ever."""
    server = patient("idle")
    for request in (HEALTH, CALL + LENGTH + BODY, HEALTH * 3):
        with server.connect() as line:
            line.send(request)
            for _ in range(request.count(b"HTTP/1.1")):
                assert line.read().status == 200

            assert line.read_rest() == b""


@pytest.mark.parametrize(
    ("limit", "half", "rest"),
    [
        ("idle", b"", b""),
        ("head", HEALTH[:9], HEALTH[9:]),
        ("body", CALL + LENGTH + BODY[:9], BODY[9:]),
    ],
)
def test_no_deadline_runs_while_the_server_is_busy(
    patient: Any, waiting: Any, limit: str, half: bytes, rest: bytes
) -> None:
    """An answer that takes long is the server's business, and so is what waits behind it."""
    seconds = 1.0  # since the client, too, is to be in time on a busy machine
    server = patient(limit, waiting(), seconds)
    with server.connect() as line:
        line.send((ask("/wait") + ask("/wait") + half) if half else ask("/wait"))
        probe = select.poll()
        probe.register(line.socket, select.POLLIN)
        assert not probe.poll(seconds * 1.5 * 1000), "it was cut off"
        with server.connect() as other:
            other.ask(ask("/go"))

        assert line.read().body == b"late"
        if half:
            assert line.read().body == b"late"
            assert line.ask(rest).body == b"at once"


def test_slow_connections_disturb_no_other(patient: Any) -> None:
    """While 200 clients dribble, a normal one is answered; then they are gone and it is not."""
    server = patient("head")
    lines = [server.connect().send(b"GET /_mock") for _ in range(SLOW)]
    with server.connect() as line:
        answers = [line.ask(HEALTH).status for _ in range(5)]
        for slow in lines:
            answers.append(slow.read().status)
            slow.__exit__()
        answers.append(line.ask(HEALTH).status)

    assert answers == [200] * 5 + [408] * SLOW + [200]


def test_silent_connections_give_their_descriptors_back(patient: Any) -> None:
    """1,000 clients that say nothing are gone after their time, and so are their files."""
    if make_room(3 * SILENT) < 2 * SILENT + 100:
        pytest.skip("this process may not open so many files")
    server = patient("head")
    assert server.is_well()
    before = count_files()
    lines = [server.connect() for _ in range(SILENT)]
    for line in lines:
        assert line.read_rest() == b""
        line.__exit__()

    assert server.is_well()
    assert abs(count_files() - before) <= 2


def watch(server: "Server", request: bytes) -> Iterator[list[int]]:
    """The bytes that are held for each connection, until only a watching one is left."""
    with server.connect() as line:
        for _ in range(20_000):
            assert line.ask(request).status == 200
            if len(server.connections) == 1:
                return
            yield [wire.transport.get_write_buffer_size() for wire in server.connections]
        raise AssertionError("the connection is still there")


def shrink(line: "Line") -> "Line":
    """Let a client have little room for what it does not read."""
    line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    return line


@pytest.mark.parametrize("path", ["/large", "/stream"])
def test_a_slow_reader_costs_little_and_not_for_long(patient: Any, path: str, waiting: Any) -> None:
    """Of an answer that nobody reads little is held, and at last the connection is cut."""
    server = patient("write", waiting())
    with server.connect() as line:
        shrink(line).send(ask(path))
        held = [size for sizes in watch(server, ask("/")) for size in sizes]

    assert 0 < max(held) < 256 * 1024
    assert server.comes_to_rest()


def test_a_reader_gets_everything_however_large(patient: Any, waiting: Any) -> None:
    """Whoever reads gets a large answer whole, and the connection goes on."""
    server = patient("write", waiting())
    with server.connect() as line:
        assert line.ask(ask("/large")).body == b"x" * LARGE
        assert line.ask(ask("/")).status == 200


def test_calls_whose_answers_nobody_reads_are_held_up(patient: Any) -> None:
    """A client that only sends gets no endless memory: its calls wait, and it is cut off."""
    server = patient("write")
    lost = b"GET /gptimage15/api/status?task_id=x HTTP/1.1\r\n" + JSON + b"\r\n"
    held = []
    with server.connect() as line:
        line.ask(HEALTH)
        shrink(line).socket.settimeout(0.01)
        for sizes in watch(server, HEALTH):
            held += sizes
            with contextlib.suppress(OSError):
                line.send(lost * 100)

    assert 0 < max(held) < 512 * 1024


@pytest.mark.parametrize("last", [b"", b"GET /half"], ids=["whole", "with more to come"])
def test_an_unread_answer_does_not_keep_a_connection_that_ends(
    patient: Any, last: bytes, waiting: Any
) -> None:
    """A connection that ends with its answer unread is cut off like any other."""
    server = patient("write", waiting())
    with server.connect() as line:
        shrink(line).send(ask("/large")[:-2] + b"Connection: close\r\n\r\n" + last)

        assert list(watch(server, ask("/")))


def test_a_refused_client_that_goes_on_sending_is_cut_off(patient: Any) -> None:
    """Who hears a refusal has a moment to stop, whatever it sends."""
    server = patient("linger")
    with server.connect() as line:
        assert line.ask(b"x\r\n\r\n").status == 400
        for _ in watch(server, HEALTH):
            with contextlib.suppress(OSError):
                line.send(b"x")
        with pytest.raises(OSError, match=r"reset|pipe|abort"):
            line.send(b"x", b"x")


def test_a_refused_client_that_leaves_is_gone_at_once(patient: Any) -> None:
    """A refusal in the middle of a large body does not keep a connection until a deadline."""
    server = patient("write")  # all others are long
    broken = b"Transfer-Encoding: chunked\r\n\r\n11170\r\n" + b" " * 70_000 + b"\r\nxyz\r\n"
    with server.connect() as line:
        assert line.ask(CONTROL + broken + b" " * 70_000).status == 400
        assert line.read_rest() == b""
    for _ in watch(server, HEALTH):
        pass


def test_a_client_that_ends_behind_the_last_answer_is_let_go(patient: Any) -> None:
    """Its requests behind the one that ended it are dropped, and its own end is the end."""
    server = patient("head", seconds=NEVER)
    foreign = HEALTH.replace(b"127.0.0.1:8787", b"evil.test")
    with server.connect() as line:
        line.send(foreign + HEALTH + b"GET /begun")
        assert line.read().status == 421
        (wire,) = server.connections
        assert line.end().read_rest() == b""
        assert any(server.is_well() and wire not in server.connections for _ in range(200))
