"""`mockserver exec`: run a command with the emulator beside it."""

import gc
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

import click

from mockserver.cli.contracts import add_contract_options, add_scenarios_option
from mockserver.cli.listen import build_notice
from mockserver.cli.play import add_play_options, read_keys
from mockserver.cli.ready import SAMPLE_KEY
from mockserver.embedded.mock_server import MockServer
from mockserver.variables import list_variables

EXAMPLE: Final = """\b
mockserver exec -- pytest -q
mockserver exec --provider NAME --speed inf -- npm test
mockserver exec -- sh -c 'curl -s $MOCKSERVER_URL/_mock/providers'
"""
NOT_FOUND: Final = 127  # as shells have it
NOT_RUNNABLE: Final = 126
TICK: Final = 0.1  # seconds between two looks for signals

# What a terminal sends to all of its foreground processes, ours and the command alike.
_BY_TERMINAL: Final = ("SIGINT", "SIGQUIT")
_FORWARDED: Final = (*_BY_TERMINAL, "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2")


@click.command(epilog=EXAMPLE, context_settings={"allow_interspersed_args": False})
@add_contract_options
@add_scenarios_option
@add_play_options
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How the log is written, which goes to stderr.",
)
@click.argument("arguments", metavar="-- CMD [ARGS]...", nargs=-1, required=True)
def command(arguments: tuple[str, ...], **given: Any) -> int:
    """Run CMD with the emulator beside it, and end with the exit status of CMD.

    CMD finds MOCKSERVER_URL and, per provider, <NAME>_BASE_URL and <NAME>_API_KEY in its
    environment. Every provider has an address of its own, without a path. Signals are passed on;
    the status of a CMD that a signal ended is 128 more than its number. stdin and stdout are
    CMD's alone.
    """
    keys = read_keys(given)
    server = MockServer(
        given["provider"],
        contracts=given["contract"],
        edition=given["edition"],
        scenarios=given["scenarios"],
        speed=given["speed"],
        seed=given["seed"],
        keys=keys,
        allow_callback_hosts=given["allow_callback_host"],
        notice=build_notice(given["log_format"]),
    )
    with server:
        gc.enable()
        key = SAMPLE_KEY if keys is None else keys[0]
        variables = list_variables(server.url, server.base_urls, key)
        return run_command(arguments, variables)


def run_command(arguments: Sequence[str], variables: dict[str, str]) -> int:
    """Run a command with more variables in its environment; its exit status as shells have it."""
    with _hold_signals() as forward:
        try:
            process = subprocess.Popen(arguments, env=os.environ | variables)  # noqa: S603
        except (FileNotFoundError, NotADirectoryError):
            return _complain(f"{arguments[0]}: there is no such command", NOT_FOUND)
        except OSError as error:
            return _complain(f"{arguments[0]}: {error.strerror}", NOT_RUNNABLE)
        forward.start(process)
        status = _wait(process)
    return 128 - status if status < 0 else status


def _wait(process: "subprocess.Popen[bytes]") -> int:
    """The status of a process, once it has ended.

    Another thread waits for it: a signal that comes just before that system call is not seen
    until it returns. This one looks for signals again and again.
    """
    waiting = threading.Thread(target=process.wait, daemon=True)
    waiting.start()
    while waiting.is_alive():
        waiting.join(TICK)
    return process.wait()


class _Forwarder:
    """Passes signals on to a process, also those that came before it was there."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []

    def start(self, process: "subprocess.Popen[bytes]") -> None:
        """Pass signals on to a process from now on."""
        self._process = process
        for number in self._early:
            process.send_signal(number)

    def handle(self, number: int, _: FrameType | None) -> None:
        """Pass a signal on."""
        if signal.Signals(number).name in _BY_TERMINAL and _is_in_foreground():
            return  # the command has it from the terminal
        if self._process is None:
            self._early.append(number)
        else:
            self._process.send_signal(number)


@contextmanager
def _hold_signals() -> Iterator[_Forwarder]:
    """Have signals passed on rather than end us."""
    forwarder = _Forwarder()
    numbers = [getattr(signal, name) for name in _FORWARDED if hasattr(signal, name)]
    # What we are told to ignore, as by nohup, the command ignores as well.
    heard = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, forwarder.handle) for number in heard}
    try:
        yield forwarder
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_in_foreground() -> bool:
    """Whether a terminal sends its signals to us."""
    try:
        terminal = os.open(os.ctermid(), os.O_RDONLY | os.O_NOCTTY)
    except (AttributeError, OSError):
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def _complain(problem: str, status: int) -> int:
    click.echo(f"mockserver exec: {problem}", err=True)
    return status
