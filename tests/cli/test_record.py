"""`mockserver record` as a process: what it says, what it writes, and what it never shows."""

import base64
import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from unittest.mock import ANY
from urllib.parse import quote

import httpx
import pytest

from mockserver.cli import main
from mockserver.record.har import read_har
from tests.cli.conftest import PATIENCE, QUIET, Start, read_ready, stop

KEY = "kq7f-Zt+Canary=88/Birds"
JSON = "application/json"
ROOT = Path(__file__).parents[2]


def test_a_task_from_start_to_summary(start: Start, tmp_path: Path) -> None:
    """One ready line, one line for each exchange, one summary; and a file that holds the task."""
    api = read_ready(start("serve", "--speed", "inf", *QUIET))
    flags = ["--provider", "gptimage15", "--upstream", api["providers"]["gptimage15"]]
    process = start("record", "--out", "x.har", *QUIET, *flags)
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
    api = read_ready(start("serve", *QUIET))
    flags = ["--provider", "kie", "--upstream", api["providers"]["kie"], "--out", "x.har"]
    for count in (1, 2):
        process = start("record", "--mode", "new", *QUIET, *flags)
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
    assert process.stdout.readline()  # said once the file is there
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


def test_a_recording_of_nothing_leaves_no_file(start: Start, tmp_path: Path) -> None:
    """Who ends it before anything came may start again; what was there before is kept."""
    flags = ["record", "--provider", "kie", "--out", "x.har", "--port", "0"]
    for _ in range(2):
        process = start(*flags)
        assert process.stdout is not None
        assert process.stdout.readline()
        assert stop(process) == (0, ANY, "Nothing came, so x.har was not written.\n")
        assert not list(tmp_path.iterdir())
    file = tmp_path / "x.har"
    file.write_bytes((ROOT / "fixtures" / "recordings" / "emulator" / "kie.har").read_bytes())
    process = start(*flags, "--mode", "new", "--log-format", "json")
    read_ready(process)
    status, _, err = stop(process)

    assert (status, json.loads(err.splitlines()[-1])["file"]) == (0, "x.har")
    assert len(json.loads(file.read_bytes())["log"]["entries"]) > 10


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
