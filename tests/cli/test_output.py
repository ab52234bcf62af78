"""A reader that leaves, or a disk that is full, ends no command badly."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import PATIENCE, Start, finish

FULL = Path("/dev/full")


@pytest.fixture
def nobody() -> Iterator[int]:
    """The end to write to of a pipe that nobody reads any more."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


def run(stdout: int, *arguments: str) -> tuple[int, str]:
    """Run a command that writes to an open file; its status, and what it complains of."""
    ended = subprocess.run(
        [sys.executable, "-m", "mockserver", *arguments],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return ended.returncode, ended.stderr


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("scenarios", 0),
        ("models --provider kie", 0),
        ("--help", 0),
        ("env --help", 0),
        ("diff kie=documented kie=observed", 1),
    ],
)
def test_a_reader_that_leaves_changes_no_status(nobody: int, line: str, status: int) -> None:
    """`| head -1` ends a command as if all had been read, and without a traceback."""
    code, err = run(nobody, *line.split())

    assert code == status
    assert "Traceback" not in err
    assert "Broken" not in err


@pytest.mark.skipif(not FULL.exists(), reason="this system has no disk that is always full")
@pytest.mark.parametrize("line", ["env", "scenarios", "serve --port 0", "replay"])
def test_a_full_disk_is_one_line(line: str) -> None:
    """What cannot be written is said once, with status 2; a server does not go on unannounced."""
    tape = Path(__file__).parents[2] / "fixtures" / "recordings" / "emulator" / "kie.har"
    more = [str(tape), "--port", "0"] if line == "replay" else []
    with FULL.open("wb") as full:
        code, err = run(full.fileno(), *line.split(), *more)

    assert code == 2
    assert err.startswith("mockserver: standard output cannot be written: No space left on device")
    assert "Traceback" not in err


def test_a_log_without_a_reader_breaks_no_reply(start: Start) -> None:
    """Requests that would be logged are answered as ever when the log's reader has left."""
    process = start("serve", "--port", "0", "--provider", "kie")
    assert process.stdout is not None
    assert process.stderr is not None
    url = next(line.split()[1] for line in process.stdout if line.startswith("  kie"))
    process.stderr.close()
    answers = [httpx.get(f"{url}/nope", timeout=PATIENCE).status_code for _ in range(3)]
    process.stderr = None
    process.terminate()

    assert answers == [404, 404, 404]
    assert finish(process)[0] == 0
