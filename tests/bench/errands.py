"""Single calls over HTTP that take long enough to be timed alone: files, and moving the clock."""

import json
from dataclasses import dataclass
from statistics import median
from time import perf_counter

from tests.bench.emulator import Emulator, Refused
from tests.bench.load import Job
from tests.bench.plan import Setting
from tests.bench.sample import run_load
from tests.bench.target import Running, build_ours, serving
from tests.bench.wire import OK, build_submit

SIZE = (1024, 1024)
DUE_KEY = "sk-mock-due"


@dataclass(frozen=True)
class Errands:
    """Seconds."""

    first_ever: float  # the first file of a server: what draws is loaded then
    first: float  # the first fetch of a file
    again: float
    advance: float  # over the tasks of the plan that fall due


def measure_errands(setting: Setting) -> Errands:
    """Fetch files of different tasks, each twice; then let many tasks fall due at once."""
    with serving(build_ours("--provider", "kie"), setting.server) as server:
        with Emulator(server.port) as emulator:
            first, again = time_files(emulator, setting.plan.files)
        advance = median(time_advance(server, setting, n) for n in range(setting.plan.advances))
    return Errands(first[0], median(first[1:]), median(again), advance)


def time_files(emulator: Emulator, count: int) -> tuple[list[float], list[float]]:
    """Seconds of the first fetch of each file, and of the second."""
    tasks = emulator.submit(count)
    emulator.advance()
    urls = [json.loads(emulator.inspect(task)["resultJson"])["resultUrls"][0] for task in tasks]
    first, again = ([time_fetch(emulator, url) for url in urls] for _ in range(2))
    return first, again


def time_fetch(emulator: Emulator, url: str) -> float:
    """Seconds until the whole file is there; it has to be a PNG of the right size."""
    begin = perf_counter()
    content = emulator.fetch(url)
    took = perf_counter() - begin
    width, height = (int.from_bytes(content[at : at + 4], "big") for at in (16, 20))
    if not content.startswith(b"\x89PNG\r\n") or (width, height) != SIZE:
        raise Refused(f"{url} is no PNG of {SIZE[0]}x{SIZE[1]}: {content[:32]!r}")
    return took


def time_advance(server: Running, setting: Setting, number: int) -> float:
    """Seconds that a call takes which moves the clock over the end of many tasks."""
    key = f"{DUE_KEY}-{number}"
    with Emulator(server.port, key) as emulator:
        emulator.freeze()
        (sample,) = emulator.submit(1)
        job = Job(server.port, [build_submit(key)], OK, 600.0, setting.plan.due - 1)
        run_load(server, job, setting.load)
        begin = perf_counter()
        emulator.advance()
        took = perf_counter() - begin
        if emulator.inspect(sample)["state"] != "success":
            raise Refused(f"task {sample} has not ended after the clock was moved")
    return took
