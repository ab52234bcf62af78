"""A server under test: how it is started, when it serves, and how it ends."""

import contextlib
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep

from tests.bench.machine import start_process
from tests.bench.wire import build_get

PATIENCE = 60.0  # seconds until a start counts as failed


class StartFailed(Exception):
    """A server did not come up."""


@dataclass(frozen=True)
class Target:
    """One server; `build_command` makes its command line for a port."""

    name: str
    build_command: Callable[[int], Sequence[str]]
    probe: str  # the request that it answers with 200 once it serves
    warm_up: float = 0.0  # seconds of load before it counts; where that is long, it is kept running
    version: str = ""  # of a peer

    @property
    def is_kept(self) -> bool:
        """Whether one process serves all rounds, instead of a fresh one for each."""
        return self.warm_up > 0


@dataclass(frozen=True)
class Running:
    """A server that serves."""

    target: Target
    port: int
    pid: int
    started: float  # seconds from spawn to first 200


OURS = "mockserver"
BARE = "bare uvicorn"


def build_ours(*options: str) -> Target:
    """The emulator with some options of `serve`."""

    def build_command(port: int) -> list[str]:
        own = ["serve", "--port", str(port), "--log-format", "json"]
        return [sys.executable, "-m", "mockserver", *own, *options]

    return Target(OURS, build_command, build_get("/_mock/health"))


def build_python(name: str, module: str) -> Target:
    """A server of this folder that takes its port as argument."""
    return Target(name, lambda port: [sys.executable, "-m", module, str(port)], build_get("/"))


def find_port() -> int:
    """A port that is free now; all servers are told theirs in the same way."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@contextlib.contextmanager
def serving(target: Target, core: int | None) -> Iterator[Running]:
    """Run a server on a core until the block ends; raises StartFailed."""
    port = find_port()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        begin = perf_counter()
        try:
            process = start_process(target.build_command(port), core, log)
        except OSError as error:
            raise StartFailed(f"{target.name}: {error}") from error
        try:
            while not is_served(port, target.probe):
                if process.poll() is not None or perf_counter() - begin > PATIENCE:
                    raise StartFailed(f"{target.name} did not start: {read_last_line(log)}")
                sleep(0.001)
            yield Running(target, port, process.pid, perf_counter() - begin)
        finally:
            stop(process)


def is_served(port: int, probe: str) -> bool:
    """Whether a server answers a request with 200."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
            connection.sendall(probe.encode("latin-1"))
            return connection.recv(4096).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server that we started."""
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def read_last_line(log: Path) -> str:
    """The last thing a server said."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
