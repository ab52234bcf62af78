"""Submits and polls per second: rounds over all servers, alternately forwards and backwards."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from tests.bench.emulator import Emulator
from tests.bench.load import Job
from tests.bench.plan import Setting
from tests.bench.sample import Sample, run_load
from tests.bench.target import BARE, OURS, Running, Target, build_ours, build_python, serving
from tests.bench.wire import OK, build_polls, build_submit

SUBMIT = "submit"
POLL = "poll, task running"
POLL_ENDED = "poll, task succeeded"
FLOOR = "floor"

Samples = dict[str, dict[str, list[Sample]]]  # by server, then by operation


def measure_ceiling(setting: Setting) -> Sample:
    """What the load generator reaches on a server that does nothing: the best of four runs."""
    with serving(build_python(FLOOR, "tests.bench.floor"), setting.server) as server:
        job = Job(server.port, build_polls(), OK, setting.plan.run / 3)
        samples = [run_load(server, job, setting.load) for _ in range(4)]
    return max(samples, key=lambda sample: sample.rate)


def measure_throughput(setting: Setting, peers: Sequence[Target]) -> Samples:
    """All rounds; each starts fresh processes, but for a server that takes long to get quick."""
    targets = [build_ours("--provider", "kie"), build_python(BARE, "tests.bench.bare"), *peers]
    samples: Samples = {target.name: {} for target in targets}
    with ExitStack() as kept:
        running = {
            target.name: kept.enter_context(serving(target, setting.server))
            for target in targets
            if target.is_kept
        }
        for server in running.values():
            warm(server, setting)
        for number in range(setting.plan.rounds):
            for target in targets if number % 2 == 0 else reversed(targets):
                with ExitStack() as fresh:
                    found = running.get(target.name)
                    server = found or fresh.enter_context(serving(target, setting.server))
                    for operation, sample in measure_round(server, setting):
                        samples[target.name].setdefault(operation, []).append(sample)
    return samples


def warm(server: Running, setting: Setting) -> None:
    """Half the warm-up with submits, half with polls."""
    seconds = server.target.warm_up / 2
    run_load(server, Job(server.port, [build_submit()], OK, seconds), setting.load)
    run_load(server, Job(server.port, build_polls(), OK, seconds), setting.load)


def measure_round(server: Running, setting: Setting) -> Iterator[tuple[str, Sample]]:
    """One run of each operation on a server that serves."""
    if server.target.name == OURS:
        yield from measure_ours(server, setting)
        return
    yield SUBMIT, run_warm(server, setting, [build_submit()])
    sample = run_warm(server, setting, build_polls())
    yield POLL, sample
    yield POLL_ENDED, sample  # they send the same, whatever became of a task


def measure_ours(server: Running, setting: Setting) -> Iterator[tuple[str, Sample]]:
    """The same on the emulator, whose polls are for tasks that exist, before and after they end."""
    with Emulator(server.port) as emulator:
        yield SUBMIT, run_warm(server, setting, [build_submit()])
        emulator.freeze()
        ids = emulator.submit()
        yield POLL, run_warm(server, setting, build_polls(ids))
        emulator.advance()
        yield POLL_ENDED, run_warm(server, setting, build_polls(ids))


def run_warm(server: Running, setting: Setting, requests: list[str]) -> Sample:
    """A run that counts, after a shorter one that does not; no submit is sent twice."""
    plan = setting.plan
    run_load(server, Job(server.port, requests, OK, plan.warm_up), setting.load)
    job = Job(server.port, requests, OK, plan.run, first_number=10_000_000)
    return run_load(server, job, setting.load)
