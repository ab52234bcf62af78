"""`mockserver serve` as a process: its start, its files, its end."""

import contextlib
import json
import os
import shlex
import signal
import socket
import stat
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.conftest import PATIENCE, Start, finish, read_ready, stop

Serve = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def serve(start: Start) -> Serve:
    """Starts `mockserver serve` on a free port."""
    return partial(start, "serve", "--port", "0")


def test_ready_means_serving(serve: Serve) -> None:
    """The one line on stdout names addresses that answer at once."""
    process = serve("--log-format", "json")
    ready = read_ready(process)

    assert (ready["event"], ready["pid"]) == ("ready", process.pid)
    assert httpx.get(f"{ready['url']}/_mock/health").json()["status"] == "ok"
    for name, url in ready["providers"].items():
        assert url == f"{ready['url']}/{name}"


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(serve: Serve, by: int) -> None:
    """After SIGTERM or Ctrl-C the status is 0, and nothing more was said."""
    process = serve("--log-format", "json")
    ready = read_ready(process)

    with httpx.Client(base_url=ready["url"]) as open_connection:
        open_connection.get("/_mock/health")
        assert stop(process, by) == (0, "", "")


def test_the_ready_file_is_there_while_it_serves(serve: Serve, tmp_path: Path) -> None:
    """The file holds the line, for its owner only, and goes away at the end."""
    file = tmp_path / "ready.json"
    file.write_text("left behind by a server that was killed", encoding="utf-8")
    process = serve("--log-format", "json", "--ready-file", str(file))
    ready = read_ready(process)

    assert json.loads(file.read_text(encoding="utf-8")) == ready
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stop(process)[0] == 0
    assert not list(tmp_path.iterdir())


def test_the_banner_has_a_line_to_copy(serve: Serve) -> None:
    """In text, every provider's address comes with an export line."""
    process = serve("--provider", "kie")
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(9)]

    url = lines[2].split()[1]
    assert f"export KIE_BASE_URL={url} KIE_API_KEY=sk-mock-me" in lines[6]
    assert httpx.get(f"{url.removesuffix('/kie')}/_mock/health").is_success


def test_the_line_to_copy_has_a_key_that_is_let_in(serve: Serve) -> None:
    """With --key, the banner does not promise that any key works, and shows one that does."""
    process = serve("--provider", "kie", "--key", "sk one", "--key", "two")
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(9)]

    assert lines[4] == "Point a client at it; sk one, two and no other key:\n"
    assert shlex.split(lines[6])[-1] == "KIE_API_KEY=sk one"


def test_a_taken_port_ends_with_status_3(serve: Serve) -> None:
    """One line names the port and the way out."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        process = serve("--port", port)
        status, out, err = finish(process)

    assert (status, out) == (3, "")
    assert (
        err
        == f"mockserver: port {port} is in use; choose another with --port, or any with --port 0\n"
    )


def test_flags_can_stand_in_the_environment(serve: Serve) -> None:
    """A container is set up by variables alone."""
    ready = read_ready(serve(MOCKSERVER_LOG_FORMAT="json", MOCKSERVER_PROVIDER="gptimage15"))

    assert list(ready["providers"]) == ["gptimage15"]


def test_beyond_loopback_control_asks_for_a_token(serve: Serve) -> None:
    """A server that others can reach makes a token, prints it, and asks for it."""
    ready = read_ready(serve("--log-format", "json", "--host", "0.0.0.0"))  # noqa: S104
    accounts = f"{ready['url']}/_mock/accounts"

    assert httpx.get(accounts).status_code == 401
    assert httpx.get(accounts, headers={"x-mock-token": ready["admin_token"]}).is_success


def test_strict_keys_let_nobody_else_in(serve: Serve) -> None:
    """With --key, other keys are refused in the provider's own shape."""
    ready = read_ready(serve("--log-format", "json", "--key", "sk-mock-ci"))
    address = f"{ready['providers']['gptimage15']}/api/generate"

    codes = [
        httpx.post(address, json={"prompt": "x"}, headers={"authorization": f"Bearer {key}"}).json()
        for key in ("sk-mock-ci", "sk-mock-me")
    ]

    assert [reply["code"] for reply in codes] == [200, 401]


def test_a_near_miss_is_a_line_of_the_log(serve: Serve) -> None:
    """Who calls a path that is nearly right reads on stderr what is wrong with it."""
    process = serve("--log-format", "json", "--provider", "kie")
    ready = read_ready(process)
    httpx.get(f"{ready['url']}/kie/api/v1/jobs/recordInfo/")

    _, _, err = stop(process)

    assert "a slash stands at the end" in json.loads(err)["text"]


def test_from_submit_to_file_over_a_socket(serve: Serve) -> None:
    """A client with nothing but a base URL gets from a prompt to an image."""
    ready = read_ready(serve("--log-format", "json", "--speed", "inf"))
    base = ready["providers"]["gptimage15"]
    with httpx.Client(headers={"authorization": "Bearer sk-mock-me"}) as client:
        made = client.post(f"{base}/api/generate", json={"prompt": "a fox"}).json()
        task = made["data"]["task_id"]
        found = client.get(f"{base}/api/status", params={"task_id": task}).json()

    image = httpx.get(found["data"]["response"][0])

    assert found["data"]["status"] == "SUCCESS"
    assert image.content.startswith(b"\x89PNG")


def test_waiting_ends_when_it_serves(serve: Serve) -> None:
    """`mockserver wait` sees a server that is ready."""
    from mockserver.cli import main

    ready = read_ready(serve("--log-format", "json"))

    assert main(["wait", "--url", ready["url"]]) == 0


HEAD = b"Host: 127.0.0.1\r\nAuthorization: Bearer sk-mock-me\r\nContent-Type: application/json\r\n"


def connect(ready: dict[str, Any], payload: bytes = b"") -> socket.socket:
    """A connection to a server that is ready, on which something was sent."""
    line = socket.create_connection(("127.0.0.1", httpx.URL(ready["url"]).port), PATIENCE)
    line.sendall(payload)
    return line


def write(method: str, path: str, body: dict[str, Any] | None = None) -> bytes:
    """A request as bytes."""
    content = b"" if body is None else json.dumps(body).encode()
    length = b"Content-Length: %d\r\n\r\n" % len(content)
    return f"{method} {path} HTTP/1.1\r\n".encode() + HEAD + length + content


@pytest.mark.parametrize("signals", [1, 2])
def test_a_stop_waits_for_nobody_for_long(serve: Serve, tmp_path: Path, signals: int) -> None:
    """Viewers, an advance that waits for a hanging receiver, half requests: all end, silently."""
    file = tmp_path / "ready.json"
    process = serve("--log-format", "json", "--ready-file", str(file))
    ready = read_ready(process)
    with contextlib.ExitStack() as stack:
        receiver = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        receiver.settimeout(PATIENCE)
        url = f"http://127.0.0.1:{receiver.getsockname()[1]}/hang"
        viewer = stack.enter_context(connect(ready, write("GET", "/_mock/events")))
        while b"connected" not in viewer.recv(4096):
            pass
        submit = write("POST", "/gptimage15/api/generate", {"prompt": "x", "callback_url": url})
        assert stack.enter_context(connect(ready, submit)).recv(12) == b"HTTP/1.1 200"
        advance = write("POST", "/_mock/accounts/sk-mock-me/clock", {"advance": "1h"})
        stack.enter_context(connect(ready, advance + write("GET", "/gptimage15/api/status")))
        stack.enter_context(receiver.accept()[0])
        for half in (b"", b"GET /", submit[:-1], advance[:-1], submit * 3 + submit[:-1]):
            stack.enter_context(connect(ready, half))

        for _ in range(signals):
            process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=10)  # an advance would wait for 20 seconds

    assert (process.returncode, out, err) == (0, "", "")
    assert not file.exists()


@pytest.mark.skipif(os.name != "posix", reason="only there files are counted")
def test_a_storm_leaves_files_for_the_server(serve: Serve) -> None:
    """However few files the system allows, more clients than that end nothing and cost no word."""
    process = serve("--log-format", "json", files=300)
    ready = read_ready(process)
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(httpx.Client(base_url=ready["url"], timeout=PATIENCE))
        assert first.get("/_mock/health").is_success
        for _ in range(600):
            stack.enter_context(connect(ready))
        assert first.get("/_mock/health").is_success

    # It may take a moment until the server has seen all of them leave.
    tries = (httpx.get(f"{ready['url']}/_mock/health", timeout=PATIENCE) for _ in range(100))
    assert any(answer.is_success for answer in tries)
    assert stop(process) == (0, "", "")


def read_memory(process: subprocess.Popen[str]) -> int:
    """The bytes of memory that a process holds."""
    pages = Path(f"/proc/{process.pid}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="it tells nobody its memory")
def test_hostile_requests_leave_no_memory_behind(serve: Serve) -> None:
    """Floods of headers and bodies are not kept, not even while they come."""
    process = serve("--log-format", "json")
    ready = read_ready(process)
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    chunked = b"HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    floods = [
        (b"GET / HTTP/1.1\r\nX: ", b"x" * 65_536),
        (b"GET / HTTP/1.1\r\n", b"X: y\r\n" * 10_000),
        (b"POST /gptimage15/api/generate " + chunked, chunk),
        (b"PUT /gptimage15/api/generate " + chunked, chunk),
        (b"POST /_mock/accounts/x/credits " + chunked, chunk),
        (b"POST /gptimage15/api/generate " + chunked + b"0\r\n", b"X: y\r\n" * 10_000),
    ]
    grown = []
    for head, flood in [*floods, *floods]:
        before = read_memory(process)
        with connect(ready, head) as line, contextlib.suppress(OSError):
            for _ in range(500):
                line.sendall(flood)
        assert httpx.get(f"{ready['url']}/_mock/health").is_success
        grown.append(read_memory(process) - before)

    assert max(grown) < 16 * 1024 * 1024
    assert sum(grown[len(floods) :]) < 8 * 1024 * 1024
