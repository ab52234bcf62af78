"""Clients: whoever is judged, as a command or as a function of this process."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final, Protocol

from mockserver.clock import start_stopwatch
from mockserver.conformance.evidence import Run
from mockserver.errors import UsageError

MAX_OUTPUT: Final = 256 * 1024  # bytes that are kept of what a client prints
MAX_FILES: Final = 32 * 1024 * 1024  # bytes that are kept of what it saves
TICK: Final = 0.02  # seconds between two looks at a client that runs
GRACE: Final = 2.0  # seconds for a client that was interrupted


@dataclass(frozen=True)
class Errand:
    """What a client is sent out for."""

    prompt: str
    variables: Mapping[str, str]  # of the environment: where to go, with which key
    folder: Path  # its own, empty
    base_url: str
    api_key: str


class Client(Protocol):
    """Whoever runs errands."""

    def run(self, errand: Errand, patience: float, is_enough: Callable[[], bool]) -> Run:
        """Run one; a client that has not ended after `patience` seconds is ended.

        As soon as `is_enough` says so, the client is interrupted as by Ctrl-C.
        """
        ...


class Command:
    """A client that is a program: it runs once per errand, in a folder of its own.

    In its arguments `{prompt}`, `{base_url}`, `{api_key}` and `{folder}` are replaced.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        self.arguments = tuple(arguments)

    def run(self, errand: Errand, patience: float, is_enough: Callable[[], bool]) -> Run:
        """Run the program; raises UsageError if there is no such program."""
        tell_seconds = start_stopwatch()
        with TemporaryFile() as out, TemporaryFile() as err:
            process = self._spawn(errand, out, err)
            try:
                status = _wait(process, patience, is_enough)
            finally:
                _end(process)
            return Run(
                errand.prompt,
                status,
                tell_seconds(),
                _read(out),
                _read(err),
                dict(_list_files(errand.folder)),
            )

    def _spawn(self, errand: Errand, out: IO[bytes], err: IO[bytes]) -> "subprocess.Popen[bytes]":
        try:
            return subprocess.Popen(  # noqa: S603 - the client that is to be judged
                [_fill(argument, errand) for argument in self.arguments],
                env={**os.environ, **errand.variables},
                cwd=errand.folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        except OSError as error:
            name = self.arguments[0]
            raise UsageError(f"{name} cannot be run: {error.strerror or error}") from error


class Function:
    """A client that is a function of this process; an exception is its failure."""

    def __init__(self, call: Callable[[Errand], object]) -> None:
        self._call = call

    def run(self, errand: Errand, patience: float, is_enough: Callable[[], bool]) -> Run:
        """Call the function in a thread, which goes on alone when the patience is over."""
        tell_seconds = start_stopwatch()
        trouble: list[BaseException] = []

        def call() -> None:
            try:
                self._call(errand)
            except BaseException as error:  # noqa: BLE001 - it is the client's answer
                trouble.append(error)

        thread = threading.Thread(target=call, daemon=True)
        thread.start()
        while thread.is_alive() and tell_seconds() < patience and not is_enough():
            thread.join(TICK)
        status = None if thread.is_alive() else 1 if trouble else 0
        errors = "".join(f"{type(error).__name__}: {error}\n" for error in trouble)
        files = dict(_list_files(errand.folder))
        return Run(errand.prompt, status, tell_seconds(), "", errors, files)


def _fill(argument: str, errand: Errand) -> str:
    """An argument with the errand's words; other braces stay as they are."""
    words = {
        "{prompt}": errand.prompt,
        "{base_url}": errand.base_url,
        "{api_key}": errand.api_key,
        "{folder}": str(errand.folder),
    }
    for word, value in words.items():
        argument = argument.replace(word, value)
    return argument


def _wait(
    process: "subprocess.Popen[bytes]", patience: float, is_enough: Callable[[], bool]
) -> int | None:
    """The exit status; None if the process does not end in time."""
    is_interrupted = False
    tell_seconds = start_stopwatch()
    while tell_seconds() < patience:
        try:
            return process.wait(TICK)
        except subprocess.TimeoutExpired:
            if not is_interrupted and is_enough():
                is_interrupted = True
                patience = min(patience, tell_seconds() + GRACE)
                os.killpg(process.pid, signal.SIGINT)
    return None


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End whatever is left of the process and of those that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # nothing is left
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(MAX_OUTPUT).decode("utf-8", "replace")


def _list_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The files that a client left, by their path in its folder."""
    room = MAX_FILES
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.is_symlink():
            content = file.read_bytes()[:room]
            room -= len(content)
            yield file.relative_to(folder).as_posix(), content
