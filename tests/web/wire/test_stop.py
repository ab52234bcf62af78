"""A server that stops: what is idle ends, what is under way is answered, what hangs is cut off."""

from typing import TYPE_CHECKING, Any

import pytest

from mockserver import server as server_module

if TYPE_CHECKING:
    from tests.web.wire.conftest import Serve

HOST = b"Host: 127.0.0.1:8787\r\n"
HEALTH = b"GET /_mock/health HTTP/1.1\r\n" + HOST + b"\r\n"
WAIT = b"GET /wait HTTP/1.1\r\n" + HOST + b"\r\n"
JSON = HOST + b"Authorization: Bearer sk-mock-stop\r\nContent-Type: application/json\r\n"
CALL = b"POST /gptimage15/api/generate HTTP/1.1\r\n" + JSON + b"Content-Length: 19\r\n\r\n"
BODY = b'{"prompt": "a fox"}'


@pytest.fixture
def _endless_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server waits for what is under way as long as that takes."""
    monkeypatch.setattr(server_module, "GRACE", 1_000.0)


@pytest.mark.usefixtures("_endless_grace")
def test_idle_and_silent_connections_end_at_once(serve: "Serve") -> None:
    """Nobody waits for clients that have asked for nothing, or for half of it."""
    server = serve()
    with server.connect() as idle, server.connect() as silent, server.connect() as half:
        assert idle.ask(HEALTH).status == 200
        half.send(b"GET /_mock")
        assert server.is_well()
        server.signal()

        assert [line.read_rest() for line in (idle, silent, half)] == [b"", b"", b""]
        server.join()


@pytest.mark.usefixtures("_endless_grace")
def test_what_is_under_way_is_answered_to_its_end(serve: "Serve", waiting: Any) -> None:
    """A request that the application works on gets its answer, and all before it as well."""
    app = waiting()
    server = serve(app)
    with server.connect() as line, server.connect() as idle:
        line.send(WAIT + WAIT)
        assert idle.ask(HEALTH).status == 200
        server.signal()
        assert idle.read_rest() == b""  # it stops
        server.call(app.go.set)
        answers = [line.read(), line.read()]
        rest = line.read_rest()
    server.join()

    assert [answer.body for answer in answers] == [b"late", b"late"]
    assert (answers[1].closes, rest) == (True, b"")


@pytest.mark.usefixtures("_endless_grace")
def test_a_call_that_is_coming_in_is_answered(serve: "Serve") -> None:
    """Half a body before the signal and half behind it is a request like any other."""
    server = serve()
    with server.connect() as line, server.connect() as idle:
        assert line.ask(HEALTH).status == idle.ask(HEALTH).status == 200
        line.send(CALL + BODY[:5])
        assert idle.ask(HEALTH).status == 200
        server.signal()
        assert idle.read_rest() == b""  # it stops
        answer = line.ask(BODY[5:] + HEALTH)
        rest = line.read_rest()
    server.join()

    assert (answer.status, answer.closes, rest) == (200, True, b"")


def test_what_hangs_is_cut_off_without_a_word(
    serve: "Serve", waiting: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """After a moment of grace the server ends whatever hangs; nothing went wrong, it is silent."""
    monkeypatch.setattr(server_module, "GRACE", 0.1)
    server = serve(waiting())
    with server.connect() as line, server.connect() as two, server.connect() as ended:
        two.send(WAIT * 2)
        ended.send(WAIT).end()
        line.send(b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 9\r\n\r\n")
        assert line.read().status == 200
        server.stop()

    assert caplog.text == ""


@pytest.mark.usefixtures("_endless_grace")
def test_a_second_signal_waits_for_nothing(serve: "Serve", waiting: Any) -> None:
    """Whoever signals again does not want to wait."""
    server = serve(waiting())
    with server.connect() as line, server.connect() as idle:
        line.send(WAIT)
        assert idle.ask(HEALTH).status == 200
        server.signal()
        assert idle.read_rest() == b""
        assert server.thread.is_alive()
        server.stop()
