"""Callbacks of a server process, for tests that have no event loop."""

import contextlib
import json
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.cli.conftest import PATIENCE, QUIET, Start, finish, read_ready
from tests.web.listening import Receiver

KEY = "sk-mock-me"
ACCOUNT = f"/_mock/accounts/{KEY}"

Serve = Callable[..., tuple[subprocess.Popen[str], httpx.Client]]


@pytest.fixture
def serve(start: Start) -> Iterator[Serve]:
    """Starts `mockserver serve`; the process, and a client of it."""
    with contextlib.ExitStack() as stack:

        def serve(*flags: str) -> tuple[subprocess.Popen[str], httpx.Client]:
            process = start("serve", *QUIET, *flags)
            url, headers = read_ready(process)["url"], {"authorization": f"Bearer {KEY}"}
            client = httpx.Client(base_url=url, headers=headers, timeout=PATIENCE)
            return process, stack.enter_context(client)

        yield serve


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A client's server for callbacks."""
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


def submit(client: httpx.Client, url: str) -> str:
    body = {"prompt": "a fox", "callback_url": url}
    reply = client.post("/gptimage15/api/generate", json=body).json()
    return str(reply["data"]["task_id"])


def advance(client: httpx.Client, **fields: str) -> Any:
    return client.post(f"{ACCOUNT}/clock", json={"advance": "60s", **fields}).json()


def test_advance_then_assert(serve: Serve, receiver: Receiver) -> None:
    """Plain synchronous code: when the advance is answered, every callback has been received."""
    _, client = serve()
    ids = [submit(client, receiver.url) for _ in range(10)]
    reply = advance(client)

    assert reply["undelivered"] == []
    assert sorted(ids) == sorted(json.loads(body)["data"]["task_id"] for body in receiver.bodies)


def test_the_control_api_is_no_receiver(serve: Serve) -> None:
    """A callback to /_mock/reset is held back in every spelling, and nothing is reset."""
    allowed = ["127.1", "0x7f.1", "2130706433"]
    _, client = serve(*(f"--allow-callback-host={host}" for host in allowed))
    hosts = ["localhost", "127.0.0.1", "127.0.0.2", "[::1]", "[::ffff:127.0.0.1]", "a.localhost"]
    for host in [*hosts, *allowed]:
        submit(client, f"http://{host}:{client.base_url.port}/_mock/reset")
    undelivered = advance(client)["undelivered"]

    assert {row["held"] for row in undelivered} == {"it points at this server itself"}
    assert len(undelivered) == len(client.get(f"{ACCOUNT}/tasks").json()["tasks"]) == 9


def test_a_host_that_is_none_is_refused_at_the_start(start: Start) -> None:
    """A flag that could fit no address ends with status 2 and one line."""
    status, out, err = finish(start("serve", *QUIET, "--allow-callback-host", "http://a.test/"))

    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "--allow-callback-host 'http://a.test/'" in err


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_callbacks_under_way(serve: Serve, by: int) -> None:
    """A receiver that hangs does not keep the server from ending with status 0, and at once."""
    process, client = serve()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for _ in range(20):
            submit(client, f"http://127.0.0.1:{silent.getsockname()[1]}/")
        advance(client, deliveries="skip")
        with silent.accept()[0]:
            process.send_signal(by)
            out, err = process.communicate(timeout=10)  # a callback has 10 seconds, and 4 attempts

    assert (process.returncode, out, err) == (0, "", "")
