"""Programs: found, run in a session of their own, and ended with everything that they started."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Final

from mockserver.clock import start_stopwatch
from mockserver.errors import UsageError

MAX_OUTPUT: Final = 256 * 1024  # bytes that are kept of what a program prints: the last ones
SPILL: Final = 64 * MAX_OUTPUT  # bytes after which what was printed is thrown away
TICK: Final = 0.02  # seconds between two looks at a client that runs
GRACE: Final = 2.0  # seconds for a client that was interrupted

Outputs = tuple[IO[bytes], IO[bytes]]
Limits = tuple[
    float, Callable[[], bool]
]  # the patience in seconds; whether it is to be interrupted


def find_program(name: str) -> str:
    """Where a program is; raises UsageError if there is none, or if it is not one.

    Raises it as well on a system without process groups, where what a program has started could
    not be ended.
    """
    if not hasattr(os, "killpg"):
        raise UsageError(
            "clients that are commands need a system with process groups: Linux, macOS, or WSL on"
            " Windows; a client that is a Python function is judged by conformance.plan_trials"
        )
    found = shutil.which(name)
    if found is not None:
        return str(Path(found).absolute())
    problem = "it cannot be executed" if Path(name).exists() else "there is no such program"
    raise UsageError(f"the client {name} cannot be run: {problem}")


def run_program(
    arguments: Sequence[str],
    variables: Mapping[str, str],
    place: Path,
    outputs: Outputs,
    limits: Limits,
) -> int | None:
    """The exit status; None if the program did not end in time. Nothing of it is left running.

    Raises UsageError if it cannot be run.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - the client that is to be judged
            arguments,
            env={**os.environ, **variables},
            cwd=place,
            stdin=subprocess.DEVNULL,
            stdout=outputs[0],
            stderr=outputs[1],
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or error
        raise UsageError(f"the client {arguments[0]} cannot be run: {problem}") from error
    try:
        return _wait(process, outputs, *limits)
    finally:
        _end(process)


def read_end(file: IO[bytes]) -> str:
    """The end of what was printed into a file."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - MAX_OUTPUT))
    return file.read(MAX_OUTPUT).decode("utf-8", "replace")


def _wait(
    process: "subprocess.Popen[bytes]",
    outputs: Outputs,
    patience: float,
    is_enough: Callable[[], bool],
) -> int | None:
    is_interrupted = False
    tell_seconds = start_stopwatch()
    while tell_seconds() < patience:
        try:
            return process.wait(TICK)
        except subprocess.TimeoutExpired:
            if is_enough() and not is_interrupted:
                is_interrupted = True
                patience = min(patience, tell_seconds() + GRACE)
                _signal(process, signal.SIGINT)
            for file in outputs:
                _spill(file)
    return None


def _spill(file: IO[bytes]) -> None:
    """Throw away what was printed if it is far too much; the program writes on from the start."""
    if os.fstat(file.fileno()).st_size > SPILL:
        file.seek(0)
        file.truncate()


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End whatever is left of the process and of those that it started."""
    _signal(process, signal.SIGKILL)
    process.wait()


def _signal(process: "subprocess.Popen[bytes]", number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # nothing is left
        os.killpg(process.pid, number)
