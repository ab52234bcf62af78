"""Callbacks of a server process, for tests that have no event loop."""

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest

Start = Callable[..., tuple[subprocess.Popen[str], httpx.Client]]

SERVE = [sys.executable, "-m", "mockserver", "serve", "--port", "0"]
KEY = "sk-mock-me"
ACCOUNT = f"/_mock/accounts/{KEY}"
PATIENCE = 30  # seconds, on a machine that does much else


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts `mockserver serve`; the process, and a client of it."""
    started: list[tuple[subprocess.Popen[str], httpx.Client]] = []

    def start(*flags: str) -> tuple[subprocess.Popen[str], httpx.Client]:
        process = subprocess.Popen(
            [*SERVE, "--log-format", "json", *flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        headers = {"authorization": f"Bearer {KEY}"}
        started.append((process, httpx.Client(base_url=url, headers=headers, timeout=PATIENCE)))
        return started[-1]

    yield start
    for process, client in started:
        client.close()
        process.kill()
        process.communicate()


@pytest.fixture
def receiver() -> Iterator[Any]:
    """An HTTP server in a thread; `received` holds the bodies."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            server.received.append(json.loads(self.rfile.read(length)))  # type: ignore[attr-defined]  # ours
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.received = []  # type: ignore[attr-defined]  # ours
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def submit(client: httpx.Client, url: str) -> str:
    body = {"prompt": "a fox", "callback_url": url}
    reply = client.post("/gptimage15/api/generate", json=body).json()
    return str(reply["data"]["task_id"])


def advance(client: httpx.Client, **fields: str) -> Any:
    return client.post(f"{ACCOUNT}/clock", json={"advance": "60s", **fields}).json()


def test_advance_then_assert(start: Start, receiver: Any) -> None:
    """Plain synchronous code: when the advance is answered, every callback has been received."""
    _, client = start()
    ids = [submit(client, f"http://127.0.0.1:{receiver.server_port}/") for _ in range(10)]
    reply = advance(client)

    assert reply["undelivered"] == []
    assert sorted(ids) == sorted(each["data"]["task_id"] for each in receiver.received)


def test_the_control_api_is_no_receiver(start: Start) -> None:
    """A callback to /_mock/reset is held back in every spelling, and nothing is reset."""
    allowed = ["127.1", "0x7f.1", "2130706433"]
    _, client = start(*(f"--allow-callback-host={host}" for host in allowed))
    hosts = ["localhost", "127.0.0.1", "127.0.0.2", "[::1]", "[::ffff:127.0.0.1]", "a.localhost"]
    for host in [*hosts, *allowed]:
        submit(client, f"http://{host}:{client.base_url.port}/_mock/reset")
    undelivered = advance(client)["undelivered"]

    assert {row["held"] for row in undelivered} == {"it points at this server itself"}
    assert len(undelivered) == len(client.get(f"{ACCOUNT}/tasks").json()["tasks"]) == 9


def test_a_host_that_is_none_is_refused_at_the_start() -> None:
    """A flag that could fit no address ends with status 2 and one line."""
    ended = subprocess.run(
        [*SERVE, "--allow-callback-host", "http://example.com/"],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )

    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert "--allow-callback-host 'http://example.com/'" in ended.stderr


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_callbacks_under_way(start: Start, by: int) -> None:
    """A receiver that hangs does not keep the server from ending with status 0, and at once."""
    process, client = start()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for _ in range(20):
            submit(client, f"http://127.0.0.1:{silent.getsockname()[1]}/")
        advance(client, deliveries="skip")
        with silent.accept()[0]:
            process.send_signal(by)
            out, err = process.communicate(timeout=10)  # a callback has 10 seconds, and 4 attempts

    assert (process.returncode, out, err) == (0, "", "")
