"""`mockserver record` as a process: what it says, what it writes, and what it never shows."""

import base64
import gzip
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from mockserver.cli import main
from mockserver.record.har import read_har

PATIENCE = 30.0  # seconds, on a machine that does much else
KEY = "kq7f-Zt+Canary=88/Birds"
JSON = "application/json"
QUIET = ["--log-format", "json"]

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a command on a free port in an empty folder; what still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(*flags: str, **variables: str) -> subprocess.Popen[str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if name != "CI" and not name.startswith("MOCKSERVER_")
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "mockserver", *flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=kept | variables,
            cwd=tmp_path,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def read_ready(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The line that a server with --log-format json prints once it serves."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate()[1]
    ready: dict[str, Any] = json.loads(line)
    return ready


def stop(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """End a server; its status, and what it still wrote."""
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


def test_a_task_from_start_to_summary(start: Start, tmp_path: Path) -> None:
    """One ready line, one line for each exchange, one summary; and a file that holds the task."""
    api = read_ready(start("serve", "--port", "0", "--speed", "inf", *QUIET))
    flags = ["--provider", "gptimage15", "--upstream", api["providers"]["gptimage15"]]
    process = start("record", "--out", "x.har", "--port", "0", *QUIET, *flags)
    ready = read_ready(process)
    base = ready["providers"]["gptimage15"]
    with httpx.Client(headers={"authorization": f"Bearer {KEY}"}, timeout=PATIENCE) as client:
        made = client.post(f"{base}/api/generate", json={"prompt": "a fox"}).json()
        client.get(f"{base}/api/status", params={"task_id": made["data"]["task_id"]})
    status, out, err = stop(process)

    assert (status, out, ready["event"]) == (0, "", "ready")
    *lines, summary = [json.loads(line) for line in err.splitlines()]
    assert [line["operation"] for line in lines] == ["generate", "status", None]
    assert {line["task"] for line in lines} == {made["data"]["task_id"]}
    wanted = {"event": "recorded", "file": "x.har", "exchanges": 3, "tasks": 1, "files": 1}
    assert summary | wanted == summary
    assert [exchange.kind for exchange in read_har(tmp_path / "x.har")] == ["call", "call", "file"]


def test_a_recording_that_is_killed_is_readable(start: Start, tmp_path: Path) -> None:
    """What was answered before the process died is in the file, and can be gone on with."""
    api = read_ready(start("serve", "--port", "0", *QUIET))
    flags = ["--provider", "kie", "--upstream", api["providers"]["kie"], "--out", "x.har"]
    for count in (1, 2):
        process = start("record", "--port", "0", "--mode", "new", *QUIET, *flags)
        url = read_ready(process)["url"]
        bearer = {"Authorization": f"Bearer {KEY}"}
        assert httpx.get(f"{url}/api/v1/chat/credit", headers=bearer, timeout=PATIENCE).is_success
        assert process.stderr is not None
        assert json.loads(process.stderr.readline())["operation"] == "getCredits"
        process.kill()
        process.wait(PATIENCE)

        assert len(list(read_har(tmp_path / "x.har"))) == count


class Gossip(BaseHTTPRequestHandler):
    """An API that repeats the key wherever it can."""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self._answer()

    def _answer(self) -> None:
        places = {
            "error": f"the key {KEY} is not known",
            "upper": KEY.upper(),
            "nested": json.dumps({"key": KEY, "deep": json.dumps([KEY])}),
            "basic": base64.b64encode(f"me:{KEY}".encode()).decode(),
            "hex": KEY.encode().hex(),
            "escaped": KEY.replace("/", "\\/"),
            "url": f"https://x.test/?token={quote(KEY, safe='')}&X-Amz-Signature=0011",
            "twice": quote(quote(KEY, safe=""), safe=""),
        }
        body = gzip.compress(json.dumps(places).encode())
        self.send_response(302 if self.path.startswith("/moved") else 200)
        for name, value in {
            "Content-Type": JSON,
            "Content-Encoding": "gzip",
            "Content-Length": str(len(body)),
            "Location": f"/next?api_key={quote(KEY)}",
            "Set-Cookie": f"key={quote(KEY)}",
            "X-Echo": KEY,
            "Via": f"1.1 {KEY}",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def gossip() -> Iterator[str]:
    """The address of an API that repeats the key."""
    server = HTTPServer(("127.0.0.1", 0), Gossip)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def list_forms(secret: str) -> list[bytes]:
    """A secret in the simplest encodings."""
    raw = secret.encode()
    coded = base64.b64encode(b"me:" + raw)
    texts = [secret, quote(secret, safe=""), quote(secret), raw.hex(), coded.decode().rstrip("=")]
    return [text.lower().encode() for text in texts]


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_canary_key_is_in_no_file_log_or_report(
    start: Start, tmp_path: Path, gossip: str, log_format: str
) -> None:
    """Asked with the key in six places, answered with it in twelve: nothing of ours repeats it."""
    flags = f"record --provider kie --out x.har --port 0 --log-format {log_format}".split()
    process = start(*flags, "--upstream", gossip, "--ready-file", "ready.json")
    assert process.stdout is not None
    process.stdout.readline()
    while not (tmp_path / "ready.json").exists():
        assert process.poll() is None
    url = json.loads((tmp_path / "ready.json").read_text(encoding="utf-8"))["url"]
    with httpx.Client(timeout=PATIENCE) as client:
        bearer = {"Authorization": f"Bearer {KEY}"}
        client.get(f"{url}/moved?key={quote(KEY, safe='')}", headers=bearer)
        client.get(f"{url}/x", headers={"X-Api-Key": KEY, "Cookie": f"s={KEY}"})
        client.post(f"{url}/x/{quote(KEY, safe='')}", json={"apiKey": KEY, "prompt": KEY})
        client.post(f"{url}/x", data={"token": KEY}, auth=("me", KEY))
        client.post(f"{url}/x", files={"file": (f"{KEY}.txt", KEY.encode())})
    status, out, err = stop(process)

    kept = list(read_har(tmp_path / "x.har"))
    assert (status, len(kept)) == (0, 5)
    files = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
    for data in (*files, out.encode(), err.encode()):
        assert not [form for form in list_forms(KEY) if form in data.lower()]
    told = json.loads(kept[0].response_body)
    assert told["error"] == "the key redacted-1 is not known"
    assert json.loads(json.loads(told["nested"])["deep"]) == ["redacted-1"]
    assert kept[0].find_response_header("location") == "/next?api_key=redacted-1"


REFUSED = {
    "ci": (["--provider", "kie", "--out", "x.har"], {"CI": "true"}, "--force"),
    "two providers": (["--out", "x.har"], {}, "choose with --provider"),
    "no folder": (["--provider", "kie", "--out", "no/x.har"], {}, "no such folder"),
    "there already": (["--provider", "kie", "--out", "old.har"], {}, "--mode new"),
    "no address": (
        ["--provider", "kie", "--out", "x.har", "--upstream", "api.test"],
        {},
        "base address",
    ),
    "no callback host": (
        ["--provider", "kie", "--out", "x.har", "--allow-callback-host", "http://x"],
        {},
        "without scheme",
    ),
    "no public address": (
        ["--provider", "kie", "--out", "x.har", "--public-url", "localhost"],
        {},
        "--public-url",
    ),
    "password": (
        ["--provider", "kie", "--out", "x.har", "--upstream", "https://me:pw@api.test"],
        {},
        "holds a password",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_recorded_is_said_at_once(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Usage errors end with status 2 and one line that says what to do; nothing is written."""
    flags, variables, words = REFUSED[name]
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    (tmp_path / "old.har").write_text("{}", encoding="utf-8")

    assert main(["record", "--port", "0", *flags]) == 2
    assert words in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["old.har"]


def test_a_foreign_file_is_not_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --mode new a file of another recorder is a bad recording: status 4."""
    monkeypatch.delenv("CI", raising=False)
    file = tmp_path / "x.har"
    file.write_text("{}", encoding="utf-8")

    flags = ["--port", "0", "--provider", "kie", "--out", str(file), "--mode", "new"]
    assert main(["record", *flags]) == 4
    assert "was not written by this recorder" in capsys.readouterr().err
