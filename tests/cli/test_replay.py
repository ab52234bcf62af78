"""`mockserver replay` as a process: what it serves, what it says at the end, what it refuses."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver.cli import main
from mockserver.cli.replay import warn
from mockserver.record.replay.tape import read_tape
from mockserver.selection import select_contracts
from mockserver.web.options import Options

PATIENCE = 30.0  # seconds, on a machine that does much else
ROOT = Path(__file__).parents[2]
RECORDINGS = ROOT / "fixtures" / "recordings" / "emulator"

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a replay on a free port in an empty folder; what still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(*flags: str) -> subprocess.Popen[str]:
        kept = {n: value for n, value in os.environ.items() if not n.startswith("MOCKSERVER_")}
        process = subprocess.Popen(
            [sys.executable, "-m", "mockserver", "replay", "--port", "0", *flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=kept,
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


def test_the_reference_client_runs_against_recordings(start: Start, tmp_path: Path) -> None:
    """One replay of three providers' recordings serves a client of each; it reports at the end."""
    names = ["aigptimage", "gptimage15", "kie"]
    files = [str(RECORDINGS / f"{name}.har") for name in names]
    process = start(*files, "--log-format", "json", "--ready-file", "ready.json")
    ready = read_ready(process)
    assert json.loads((tmp_path / "ready.json").read_text()) == ready
    assert list(ready["providers"]) == names

    for name in names:
        ran = generate(ready, name, tmp_path / f"{name}.png")
        assert ran.returncode == 0, ran.stderr
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=PATIENCE)

    assert (process.returncode, out) == (0, "")
    report = json.loads(err.splitlines()[-1])
    wanted = {"event": "replayed", "recorded": 6, "played": 3, "plays": 3, "misses": 0}
    assert report | wanted == report


def test_the_end_in_words(start: Start) -> None:
    """In text the report names what was over-polled, and what nobody asked for."""
    process = start(str(RECORDINGS / "kie.har"))
    assert process.stdout is not None
    url = next(line.split()[1] for line in process.stdout if line.startswith("  kie"))
    task_id = "69aaa15ad3a88274cbc56a1f1f76f45d"
    with httpx.Client(timeout=PATIENCE, trust_env=False) as client:
        for _ in range(4):
            client.get(f"{url}/api/v1/jobs/recordInfo", params={"taskId": task_id})
    process.send_signal(signal.SIGINT)
    err = process.communicate(timeout=PATIENCE)[1]

    assert process.returncode == 0
    assert "replayed 1 of 2 recorded tasks, 1 times in all" in err
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


def test_a_task_without_an_end_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Who replays a recording that was stopped too early is told before anybody waits."""
    contracts = select_contracts(["kie"])
    tape = read_tape([RECORDINGS / "kie.har"], contracts)
    warn(tape, ["kie"], Options(notice=print))
    assert not capsys.readouterr().out

    for reel in tape.reels:
        reel.polls["recordInfo"] = reel.polls["recordInfo"][:2]
        reel.callbacks.clear()
    warn(tape, ["kie"], Options(notice=print))
    assert f"in vain: {tape.reels[0].task_id}, {tape.reels[1].task_id}" in capsys.readouterr().out
