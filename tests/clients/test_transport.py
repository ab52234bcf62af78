"""Real sockets: servers that drip, hang, cut off, or are not there."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from imagejobs import transport
from imagejobs.wire import Answer, Reply, Request, Trouble

Serve = Callable[[socket.socket], None]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


@pytest.fixture
def serve() -> Iterator[Callable[[Serve], str]]:
    """Starts a server for one connection; gives its address."""
    opened: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def start(behave: Serve) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        opened.append(listener)

        def run() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                behave(connection)

        threads.append(threading.Thread(target=run, daemon=True))
        threads[-1].start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/"

    yield start
    for listener in opened:
        listener.close()
    for thread in threads:
        thread.join(5)


@pytest.fixture
def send(mode: Any) -> Callable[[Request], Answer]:
    """Sends one request by the driver's own way."""

    def send(request: Request) -> Answer:
        if not mode.is_async:
            with mode.library.Client() as http:
                return transport.send(http, request)

        async def main() -> Answer:
            async with mode.library.AsyncClient() as http:
                return await transport.asend(http, request)

        return asyncio.run(main())

    return send


def drip(connection: socket.socket) -> None:
    """A header that never ends, a byte now and then."""
    stop = threading.Event()
    try:
        connection.sendall(HEAD + b"X-Slow: ")
        while not stop.wait(0.02):
            connection.sendall(b"x")
    except OSError:
        pass


def drip_body(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Content-Length: 1000000\r\n\r\n")
    drip(connection)


def cut(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Content-Length: 100\r\n\r\nhalf")


def say_nothing(connection: socket.socket) -> None:
    """Close without a word."""


def talk_nonsense(connection: socket.socket) -> None:
    connection.sendall(b"SMTP 220 hello\r\n\r\n")


def flood(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Content-Length: 300000\r\n\r\n" + b"x" * 300_000)


@pytest.mark.parametrize("behave", [drip, drip_body, cut, say_nothing, talk_nonsense])
def test_no_whole_answer_is_trouble_of_unknown_outcome(
    serve: Callable[[Serve], str], send: Callable[[Request], Answer], behave: Serve
) -> None:
    """Whatever cuts an answer short, the request may have been taken."""
    answer = send(Request("GET", serve(behave), timeout=0.2))

    assert isinstance(answer, Trouble)
    assert answer.sent


def test_nobody_there_is_trouble_before_anything_was_sent(
    send: Callable[[Request], Answer],
) -> None:
    """A refused connection proves that nothing was taken."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    answer = send(Request("POST", f"http://127.0.0.1:{port}/", body=b"{}"))

    assert isinstance(answer, Trouble)
    assert not answer.sent


def test_reading_stops_at_the_limit(
    serve: Callable[[Serve], str], send: Callable[[Request], Answer]
) -> None:
    """More than was asked for is not kept."""
    answer = send(Request("GET", serve(flood), max_bytes=100_000))

    assert answer == Reply(200, answer.headers, b"", is_cut=True)  # type: ignore[union-attr]


def test_a_mistake_in_the_program_is_not_hidden(mode: Any) -> None:
    """Only the library's own errors are trouble of the wire."""

    def fail(request: Any) -> Any:
        raise ZeroDivisionError

    http = mode.library.Client(transport=mode.library.MockTransport(fail))

    with http, pytest.raises(ZeroDivisionError):
        transport.send(http, Request("GET", "http://127.0.0.1:9/"))
