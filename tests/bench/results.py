"""Everything that one benchmark measured."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.bench.crowd import Crowd, measure_crowd
from tests.bench.errands import Errands, measure_errands
from tests.bench.machine import pinned
from tests.bench.plan import Setting
from tests.bench.sample import LoadFailed, Sample
from tests.bench.start import Start, measure_catalogues, measure_starts
from tests.bench.target import Target
from tests.bench.throughput import Samples, measure_ceiling, measure_throughput


@dataclass(frozen=True)
class Results:
    """All figures; rates per second, times in seconds where no field says otherwise."""

    ceiling: Sample  # of the load generator, on a server that does nothing
    throughput: Samples
    starts: dict[str, Start]
    catalogues: tuple[Start, Start]  # with one model, with many
    crowd: Crowd
    pairs: float  # submit and success in process, per second
    errands: Errands


def measure_all(setting: Setting, peers: Sequence[Target], tell: Callable[[str], None]) -> Results:
    """Measure one thing after the other, and tell which."""
    tell("the load generator's own ceiling")
    ceiling = measure_ceiling(setting)
    tell(f"submits and polls, {setting.plan.rounds} rounds")
    throughput = measure_throughput(setting, peers)
    tell("starts")
    starts, catalogues = measure_starts(setting, peers), measure_catalogues(setting)
    tell(f"{setting.plan.crowd:,} live tasks")
    crowd = measure_crowd(setting)
    tell("the engine in process")
    pairs = measure_pairs(setting)
    tell("files, and tasks that fall due")
    errands = measure_errands(setting)
    return Results(ceiling, throughput, starts, catalogues, crowd, pairs, errands)


def measure_pairs(setting: Setting) -> float:
    """Run the engine in a process of its own, on the server's core."""
    with pinned(setting.server):
        process = subprocess.run(
            [sys.executable, "-m", "tests.bench.pairs", str(setting.plan.pairs)],
            capture_output=True,
            text=True,
            check=False,
        )
    if process.returncode:
        raise LoadFailed(f"engine in process: {process.stderr.strip().rpartition(chr(10))[2]}")
    return float(process.stdout)
