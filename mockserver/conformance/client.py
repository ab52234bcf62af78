"""Clients: whoever is judged, as a command or as a function of this process."""

import asyncio
import inspect
import json
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Final, Protocol

from mockserver.clock import start_stopwatch
from mockserver.conformance.evidence import Run
from mockserver.conformance.program import TICK, find_program, read_end, run_program

MAX_FILES: Final = 32 * 1024 * 1024  # bytes that are kept of what a client saves
MAX_NAMES: Final = 1_000


@dataclass(frozen=True)
class Errand:
    """What a client is sent out for."""

    prompt: str
    variables: Mapping[str, str]  # of the environment: where to go, with which key
    folder: Path  # its own, empty
    base_url: str
    api_key: str
    callback_port: int = 0  # on which it may listen
    room: Path | None = None  # around its folder, where nothing else is


class Client(Protocol):
    """Whoever runs errands."""

    def run(self, errand: Errand, patience: float, is_enough: Callable[[], bool]) -> Run:
        """Run one; a client that has not ended after `patience` seconds is ended.

        As soon as `is_enough` says so, the client is interrupted as by Ctrl-C. What `is_enough`
        raises comes through, once the client is ended.
        """
        ...


class Command:
    """A client that is a program: it runs once per errand, in a folder of its own or in `place`.

    In its arguments `{prompt}`, `{base_url}`, `{api_key}` and `{folder}` are replaced. The program
    and its script, the first argument that is a file, are found from where we are.
    """

    def __init__(self, arguments: Sequence[str], place: Path | None = None) -> None:
        """Look for the program; raises UsageError if there is none."""
        program, *others = arguments
        self.arguments = (find_program(program), *_find_script(others))
        self._place = place

    def run(self, errand: Errand, patience: float, is_enough: Callable[[], bool]) -> Run:
        """Run the program; raises UsageError if it cannot be run."""
        tell_seconds = start_stopwatch()
        with TemporaryFile() as out, TemporaryFile() as err:
            arguments = [_fill(argument, errand) for argument in self.arguments]
            place = self._place or errand.folder
            variables = errand.variables
            status = run_program(arguments, variables, place, (out, err), (patience, is_enough))
            seconds = tell_seconds()
            left = dict(_list_files(errand.folder)), tuple(_list_strays(errand))
            return Run(errand.prompt, status, seconds, read_end(out), read_end(err), *left)


class Function:
    """A client that is a function of this process, a coroutine function as well.

    An exception is its failure. A mapping that it returns is what a program would print as JSON.
    """

    def __init__(self, call: Callable[[Errand], object]) -> None:
        self._call = call

    def run(self, errand: Errand, patience: float, is_enough: Callable[[], bool]) -> Run:
        """Call the function in a thread, which goes on alone when the patience is over."""
        tell_seconds = start_stopwatch()
        said: list[object] = []
        trouble: list[BaseException] = []

        def call() -> None:
            try:
                said.append(_finish(self._call(errand)))
            except BaseException as error:  # noqa: BLE001 - it is the client's answer
                trouble.append(error)

        thread = threading.Thread(target=call, daemon=True)
        thread.start()
        while thread.is_alive() and tell_seconds() < patience and not is_enough():
            thread.join(TICK)
        status = None if thread.is_alive() else 1 if trouble else 0
        output = "".join(_write_json(value) for value in said if isinstance(value, Mapping))
        errors = "".join(f"{type(error).__name__}: {error}\n" for error in trouble)
        left = dict(_list_files(errand.folder)), tuple(_list_strays(errand))
        return Run(errand.prompt, status, tell_seconds(), output, _mend(errors), *left)


def _finish(result: object) -> object:
    """What a function returned, or a coroutine function in the end."""

    async def wait(awaitable: Awaitable[Any]) -> Any:
        return await awaitable

    return asyncio.run(wait(result)) if inspect.isawaitable(result) else result


def _write_json(value: Mapping[Any, Any]) -> str:
    return json.dumps(dict(value), default=str) + "\n"


def _find_script(arguments: Sequence[str]) -> Iterator[str]:
    """The arguments, with the script made absolute; what comes later may be a file to write."""
    is_open = True
    for argument in arguments:
        is_file = is_open and bool(argument) and Path(argument).is_file()
        is_open = is_open and not is_file and "{" not in argument
        yield str(Path(argument).absolute()) if is_file else argument


def _fill(argument: str, errand: Errand) -> str:
    """An argument with the errand's words; other braces stay as they are."""
    words = {
        "{base_url}": errand.base_url,
        "{api_key}": errand.api_key,
        "{folder}": str(errand.folder),
        "{prompt}": errand.prompt,  # the last, as it may hold anything
    }
    for word, value in words.items():
        argument = argument.replace(word, value)
    return argument


def _list_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The files that a client left, by their path in its folder."""
    room = MAX_FILES
    for file in sorted(folder.rglob("*"))[:MAX_NAMES]:
        if file.is_file() and not file.is_symlink():
            with file.open("rb") as opened:
                content = opened.read(room)
            room -= len(content)
            yield _mend(file.relative_to(folder).as_posix()), content


def _list_strays(errand: Errand) -> Iterator[str]:
    """The files that a client left around its folder, by their path in the room."""
    room = errand.room
    if room is not None:
        found = (file for file in sorted(room.rglob("*")) if file.is_file())
        strays = [file for file in found if not file.is_relative_to(errand.folder)]
        yield from (_mend(file.relative_to(room).as_posix()) for file in strays[:MAX_NAMES])


def _mend(text: str) -> str:
    """Text that can be written as UTF-8."""
    return text.encode("utf-8", "replace").decode()
