"""The machine under the benchmark: its cores, and what a process takes of it."""

import contextlib
import os
import platform
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

CAN_PIN = hasattr(os, "sched_setaffinity")


@dataclass(frozen=True)
class Cores:
    """A core for the server under test and another one for the load, if there are two."""

    server: int
    load: int

    @property
    def shared(self) -> bool:
        """Whether server and load take each other's time."""
        return self.server == self.load


def choose_cores() -> Cores | None:
    """The first and the last core that we may use; None where processes cannot be pinned."""
    if not CAN_PIN:
        return None
    allowed = sorted(os.sched_getaffinity(0))
    return Cores(allowed[0], allowed[-1])


@contextlib.contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Run this thread, and the processes it starts meanwhile, on one core; None lets it float."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def start_process(command: Sequence[str], core: int | None, log: Path) -> subprocess.Popen[bytes]:
    """Start a command on one core from its first instruction; its errors go into a file."""
    nothing = subprocess.DEVNULL
    with pinned(core), log.open("wb") as errors:
        return subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=errors)


def read_cpu(pid: int) -> float | None:
    """Seconds that the threads of a process were on a processor; None where /proc is silent."""
    try:
        threads = list(Path(f"/proc/{pid}/task").glob("*/schedstat"))
        spent = [int(thread.read_text(encoding="ascii").split()[0]) for thread in threads]
    except OSError:
        return None
    return sum(spent) / 1e9 if spent else None


def read_resident(pid: int) -> int | None:
    """Bytes of memory that a process holds; None where /proc does not say."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def describe(cores: Cores | None) -> str:
    """One sentence on processor, interpreter and pinning."""
    place = f"{read_processor()}, {os.cpu_count()} cores, {platform.system()}"
    python = f"{platform.python_implementation()} {platform.python_version()}"
    if cores is None:
        return f"{place}; {python}; processes are not pinned, so ratios waver."
    if cores.shared:
        return f"{place}; {python}; ONE core for server and load: no ratio here can be trusted."
    return f"{place}; {python}; server on core {cores.server}, load on core {cores.load}."


def read_processor() -> str:
    """The processor's name as the system tells it."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return " ".join(line.partition(":")[2].split())
    return platform.processor() or platform.machine()
