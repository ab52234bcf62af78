"""One run of the load generator, and what the server spent on it; many runs become one median."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median

from tests.bench.load import Job, Outcome
from tests.bench.machine import pinned, read_cpu
from tests.bench.target import Running

BUSY = 0.9  # a run counts if the server had at least this share of its core


class LoadFailed(Exception):
    """The load generator met a reply that it did not expect."""


@dataclass(frozen=True)
class Sample:
    """What one run gave; times in microseconds, `busy` is the share of a core (0 to 1)."""

    rate: float  # requests per second
    p50: float
    p99: float
    cpu: float  # of the server, per request
    busy: float
    load_cpu: float  # of the load generator, per request


def run_load(server: Running, job: Job, core: int | None) -> Sample:
    """Drive a server from a process of its own; raises LoadFailed."""
    before = read_cpu(server.pid)
    outcome = spawn_load(job, core, server.target.name)
    after = read_cpu(server.pid)
    used = 0.0 if before is None or after is None else after - before
    return Sample(
        rate=outcome.rate,
        p50=outcome.p50,
        p99=outcome.p99,
        cpu=used * 1e6 / outcome.requests,
        busy=used / outcome.seconds,
        load_cpu=outcome.cpu,
    )


def spawn_load(job: Job, core: int | None, name: str) -> Outcome:
    """Run the load generator once."""
    with pinned(core):
        process = subprocess.run(
            [sys.executable, "-m", "tests.bench.load"],
            input=json.dumps(asdict(job)),
            capture_output=True,
            text=True,
            check=False,
        )
    if process.returncode:
        raise LoadFailed(f"load on {name}: {process.stderr.strip().rpartition(chr(10))[2]}")
    return Outcome(**json.loads(process.stdout))


def select_quiet(samples: Sequence[Sample]) -> Sequence[Sample]:
    """The runs in which the server had its core; all of them if there is none."""
    return [sample for sample in samples if sample.busy >= BUSY] or samples


def find_median(samples: Sequence[Sample]) -> dict[str, float]:
    """The median of each figure over the quiet runs."""
    rows = [asdict(sample) for sample in select_quiet(samples)]
    return {name: median(row[name] for row in rows) for name in rows[0]}
