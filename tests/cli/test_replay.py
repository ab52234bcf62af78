"""`mockserver replay` as a process: what it serves, what it says at the end, what it refuses."""

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver.cli import main
from tests.cli.conftest import PATIENCE, Start, read_ready, stop

ROOT = Path(__file__).parents[2]
RECORDINGS = ROOT / "fixtures" / "recordings" / "emulator"


@pytest.fixture
def replay(start: Start) -> Start:
    """Starts a replay on a free port in an empty folder."""
    return partial(start, "replay", "--port", "0")


def generate(ready: dict[str, Any], provider: str, file: Path) -> subprocess.CompletedProcess[str]:
    """The reference client, pointed at a server."""
    name = provider.upper()
    told = {
        f"{name}_BASE_URL": ready["providers"][provider],
        f"{name}_API_KEY": "sk-mock-e",
        "PYTHONPATH": str(ROOT / "clients"),
    }
    flags = ["generate", "--provider", provider, "a fox", "-o", str(file)]
    return subprocess.run(
        [sys.executable, "-m", "imagejobs", *flags],
        capture_output=True,
        text=True,
        env=os.environ | told,
        timeout=PATIENCE,
        check=False,
    )


def test_the_reference_client_runs_against_recordings(replay: Start, tmp_path: Path) -> None:
    """One replay of three providers' recordings serves a client of each; it reports at the end."""
    names = ["aigptimage", "gptimage15", "kie"]
    files = [str(RECORDINGS / f"{name}.har") for name in names]
    process = replay(*files, "--log-format", "json", "--ready-file", "ready.json")
    ready = read_ready(process)
    assert json.loads((tmp_path / "ready.json").read_text()) == ready
    assert list(ready["providers"]) == names

    pictures = [tmp_path / f"{name}.png" for name in names]
    with ThreadPoolExecutor() as at_once:  # each waits for the most part
        for ran in at_once.map(generate, [ready] * 3, names, pictures):
            assert ran.returncode == 0, ran.stderr
    for picture in pictures:
        assert picture.read_bytes().startswith(b"\x89PNG")
    status, out, err = stop(process)

    assert (status, out) == (0, "")
    report = json.loads(err.splitlines()[-1])
    wanted = {"event": "replayed", "recorded": 6, "played": 3, "plays": 3, "misses": 0}
    assert report | wanted == report


def test_the_end_in_words(replay: Start) -> None:
    """In text the report names what was over-polled, and what nobody asked for."""
    process = replay(str(RECORDINGS / "kie.har"))
    assert process.stdout is not None
    url = next(line.split()[1] for line in process.stdout if line.startswith("  kie"))
    task_id = "69aaa15ad3a88274cbc56a1f1f76f45d"
    with httpx.Client(timeout=PATIENCE, trust_env=False) as client:
        for _ in range(4):
            client.get(f"{url}/api/v1/jobs/recordInfo", params={"taskId": task_id})
    status, _, err = stop(process, signal.SIGINT)

    assert status == 0
    assert "replayed 1 of 2 recorded tasks, plays in all: 1" in err
    assert f"task {task_id}: 2 polls after its last recorded reply" in err
    assert "never played: 850e0ab27e67f253d8cf071446ab9c7b" in err


@pytest.mark.parametrize(
    ("text", "flags", "complaint"),
    [
        ("hello", [], (4, "x.har: this is no HAR")),
        ('{"log":{"entries":[{"request"', [], (4, "ends in the middle")),
        ('{"log":{"entries":[]}}', [], (2, "there is no call of a known provider")),
        ('{"log":{"entries":[]}}', ["--scale", "-1"], (2, "--scale")),
        ('{"log":{"entries":[]}}', ["--mode", "fast"], (2, "--mode")),
    ],
)
def test_what_cannot_be_replayed(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    text: str,
    flags: list[str],
    complaint: tuple[int, str],
) -> None:
    """A file that is no recording, or holds nothing to replay, is refused before anything runs."""
    path = tmp_path / "x.har"
    path.write_text(text)

    assert main(["replay", str(path), "--port", "0", *flags]) == complaint[0]
    assert complaint[1] in capsys.readouterr().err


def test_a_provider_that_is_not_recorded(capsys: pytest.CaptureFixture[str]) -> None:
    """Who asks for another provider is told which ones there are."""
    path = str(RECORDINGS / "gptimage15.har")

    assert main(["replay", path, "--port", "0", "--provider", "kie"]) == 2
    assert "there are calls of gptimage15" in capsys.readouterr().err


def test_a_task_without_an_end_is_named(replay: Start, tmp_path: Path) -> None:
    """Who replays a recording that was stopped too early is told before anybody waits."""
    har = json.loads((RECORDINGS / "gptimage15.har").read_text("utf-8"))
    har["log"]["entries"] = har["log"]["entries"][:4]  # two submits, and a poll of each
    bodies = [each["response"]["content"]["text"] for each in har["log"]["entries"][:2]]
    (tmp_path / "cut.har").write_text(json.dumps(har), encoding="utf-8")

    process = replay("cut.har", "--log-format", "json")
    read_ready(process)
    notice = json.loads(stop(process)[2].splitlines()[0])

    first, second = (json.loads(each) for each in bodies)
    ids = f"{first['data']['task_id']}, {second['data']['task_id']}"
    assert notice["text"] == f"recorded without an end, which a client may wait for in vain: {ids}"


def test_network_errors_are_told_at_both_ends(replay: Start, tmp_path: Path) -> None:
    """Whoever replays a recording with errors hears that they happen again, and how often."""
    har = json.loads((RECORDINGS / "gptimage15.har").read_text("utf-8"))
    entries = [each for each in har["log"]["entries"] if "_blob" not in each["response"]["content"]]
    har["log"]["entries"] = entries
    poll = next(each for each in entries if each["request"]["method"] == "GET")
    poll["response"] = {"status": 0, "_error": "net::ERR_CONNECTION_RESET"}
    (tmp_path / "lost.har").write_text(json.dumps(har), encoding="utf-8")

    process = replay("lost.har", "--log-format", "json")
    url = read_ready(process)["providers"]["gptimage15"]
    path = poll["request"]["url"].partition("/api/")[2]
    with pytest.raises(httpx.ReadError):
        httpx.get(f"{url}/api/{path}", trust_env=False)
    first, *_, last = stop(process)[2].splitlines()

    counted = "1 of the calls (net::ERR_CONNECTION_RESET 1)"
    assert json.loads(first)["text"].endswith(counted)
    assert json.loads(last)["errors"] == {"net::ERR_CONNECTION_RESET": 1}
