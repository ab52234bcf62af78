"""More connections than a server takes: the last hear so, the first notice nothing."""

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.web.wire.conftest import Line, Serve, Server

HOST = b"Host: 127.0.0.1:8787\r\n"
HEALTH = b"GET /_mock/health HTTP/1.1\r\n" + HOST + b"\r\n"
LOST = b"GET /gptimage15/api/status?task_id=x HTTP/1.1\r\n" + HOST + b"\r\n"
MOST = 10
STORM = 300


def wait_for_room(server: "Server", taken: int) -> None:
    """Until the server has seen that others have left, as far as their number tells."""
    for _ in range(10_000):
        with server.connect() as line:
            status = line.ask(HEALTH).status
        if len(server.connections) <= taken + 1 and status == 200:
            return
    raise AssertionError("there is no room again")


def test_one_too_many_is_told_to_come_again(serve: "Serve") -> None:
    """Beyond the limit every request is a 503 with Retry-After; those within it go on."""
    server = serve(connections=MOST)
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(server.connect()) for _ in range(MOST)]
        first = [line.ask(HEALTH).status for line in lines]
        for request in (HEALTH, LOST, HEALTH * 3):
            with server.connect() as line:
                refused = line.ask(request)
                assert (refused.status, refused.closes, line.read_rest()) == (503, True, b"")
                assert refused.headers["retry-after"] == "1"
        again = [line.ask(request).status for line in lines for request in (HEALTH, LOST)]

    assert first == [200] * MOST
    assert again == [200, 401] * MOST
    wait_for_room(server, 0)


def test_a_place_that_becomes_free_is_taken(serve: "Serve") -> None:
    """As soon as one client has left, the next one is served."""
    server = serve(connections=1)
    for _ in range(5):
        with server.connect() as line:
            assert line.ask(HEALTH).status == 200
            with server.connect() as other:
                assert other.ask(HEALTH).status == 503
        wait_for_room(server, 0)


def test_a_silent_one_too_many_does_not_stay(serve: "Serve") -> None:
    """A connection beyond the limit has but a moment to ask for something."""
    server = serve(connections=1, linger_seconds=0.3, tick_seconds=0.05)
    with server.connect() as line:
        assert line.ask(HEALTH).status == 200
        with server.connect() as silent:
            assert silent.read_rest() == b""
        assert line.ask(HEALTH).status == 200


def ask_if_it_is_there(line: "Line") -> int:
    """The status of an answer; 0 if the connection was cut off instead."""
    try:
        return line.ask(HEALTH).status
    except (OSError, AssertionError):
        return 0


def test_after_a_storm_the_sky_is_clear(serve: "Serve") -> None:
    """Of a storm of clients the first are served, some hear why not, and then all is well."""
    server = serve(connections=MOST, refusals=MOST)
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(server.connect()) for _ in range(STORM)]
        statuses = [ask_if_it_is_there(line) for line in lines]

    assert statuses[:MOST] == [200] * MOST
    assert statuses.count(503) >= MOST
    assert 0 in statuses
    wait_for_room(server, 0)
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(server.connect()) for _ in range(MOST)]
        assert [line.ask(HEALTH).status for line in lines] == [200] * MOST
