"""Our commands as processes: how tests start them, wait for them and end them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Start = Callable[..., subprocess.Popen[str]]

PATIENCE = 30.0  # seconds, on a machine that does much else
QUIET = ("--port", "0", "--log-format", "json")  # of a server whose ready line is read


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a command in an empty folder, on its own; what still runs at the end is killed.

    `files` is how many it may open. No terminal sends it signals, and no variable of ours reaches
    it but those given.
    """
    started: list[subprocess.Popen[str]] = []
    ours = {name for name in os.environ if name == "CI" or name.startswith("MOCKSERVER_")}

    def start(*arguments: str, files: int = 0, **variables: str) -> subprocess.Popen[str]:
        limit = ["sh", "-c", f'ulimit -n {files}; exec "$@"', "sh"] if files else []
        process = subprocess.Popen(
            [*limit, sys.executable, "-m", "mockserver", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={k: v for k, v in os.environ.items() if k not in ours} | variables,
            cwd=tmp_path,
            start_new_session=True,
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


def stop(process: subprocess.Popen[str], by: int = signal.SIGTERM) -> tuple[int, str, str]:
    """End a process by a signal; its status, and what it still wrote."""
    process.send_signal(by)
    return finish(process)


def finish(process: subprocess.Popen[str], stdin: str = "") -> tuple[int, str, str]:
    """Wait until a process ends; its status, and what it still wrote."""
    out, err = process.communicate(stdin, timeout=PATIENCE)
    return process.returncode, out, err
