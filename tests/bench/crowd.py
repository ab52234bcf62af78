"""A hundred thousand live tasks: what one holds in memory, and what they cost the others."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import mean

from tests.bench.emulator import Emulator
from tests.bench.load import Job
from tests.bench.machine import read_resident
from tests.bench.plan import Setting
from tests.bench.sample import Sample, find_median, run_load
from tests.bench.target import Running, build_ours, serving
from tests.bench.wire import OK, build_polls, build_submit

SLOW = "0.1"  # a speed at which no task ends while we look
ENDLESS = 600.0  # seconds; runs here end by their count


@dataclass(frozen=True)
class Crowd:
    """What many live tasks do."""

    task_bytes: float  # of memory for one more task
    submit_slowdown: float  # processor time of a submit among many tasks against among few
    poll_slowdown: float
    submit_p99: float  # microseconds, among many
    submit_p50: float


class Side:
    """One server of the pair, with its account."""

    def __init__(self, server: Running, emulator: Emulator, setting: Setting) -> None:
        self.server = server
        self.emulator = emulator
        self.submits: list[Sample] = []
        self.polls: list[Sample] = []
        self._setting = setting
        self._number = 0

    def submit(self, count: int) -> Sample:
        """Submit tasks that differ from all others."""
        job = Job(self.server.port, [build_submit()], OK, ENDLESS, count, self._number)
        self._number += count
        return run_load(self.server, job, self._setting.load)

    def poll(self, count: int) -> Sample:
        """Poll fresh tasks."""
        polls = build_polls(self.emulator.submit())
        return run_load(
            self.server, Job(self.server.port, polls, OK, ENDLESS, count), self._setting.load
        )

    def run_burst(self) -> None:
        """One burst of each, remembered."""
        count = self._setting.plan.burst
        self.submits.append(self.submit(count))
        self.polls.append(self.poll(count))


def measure_crowd(setting: Setting) -> Crowd:
    """Fill one server, keep another one nearly empty, and run bursts of load on them in turn."""
    with open_side(setting) as many, open_side(setting) as few:
        task_bytes = fill(many, setting)
        few.submit(setting.plan.burst)
        for number in range(setting.plan.bursts):
            for side in (many, few) if number % 2 == 0 else (few, many):
                if side is few:
                    few.emulator.forget()
                side.run_burst()
    submit = find_median(many.submits)
    return Crowd(
        task_bytes=task_bytes,
        submit_slowdown=compare(many.submits, few.submits),
        poll_slowdown=compare(many.polls, few.polls),
        submit_p99=submit["p99"],
        submit_p50=submit["p50"],
    )


def fill(side: Side, setting: Setting) -> float:
    """Make the crowd; the bytes per task between its first part and its end."""
    plan = setting.plan
    side.submit(plan.slope_from)
    before = read_resident(side.server.pid) or 0
    side.submit(plan.crowd - plan.slope_from)
    after = read_resident(side.server.pid) or 0
    return (after - before) / (plan.crowd - plan.slope_from)


def compare(many: list[Sample], few: list[Sample]) -> float:
    """Processor time per request among many tasks against among few.

    Means, not medians: a stall that comes once in a while belongs to what a crowd costs.
    """
    spent = [mean(sample.cpu or 1e6 / sample.rate for sample in side) for side in (many, few)]
    return spent[0] / spent[1]


@contextmanager
def open_side(setting: Setting) -> Iterator[Side]:
    """A server whose tasks do not end, and an account on it."""
    with ExitStack() as stack:
        target = build_ours("--provider", "kie", "--speed", SLOW)
        server = stack.enter_context(serving(target, setting.server))
        yield Side(server, stack.enter_context(Emulator(server.port)), setting)
