"""What the project promises about its speed, and whether it keeps it."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.bench.catalogue import MODELS
from tests.bench.peers import PRISM, WIREMOCK
from tests.bench.plan import Plan
from tests.bench.results import Results
from tests.bench.sample import find_median
from tests.bench.target import BARE, OURS
from tests.bench.throughput import POLL, POLL_ENDED, SUBMIT

SUBMIT_LEAST = {BARE: 0.70, PRISM: 9.0, WIREMOCK: 1.8}
POLL_LEAST = {BARE: 0.78, PRISM: 8.0, WIREMOCK: 2.0}
START_MOST = {BARE: 2.5, PRISM: 0.5}
SLOWDOWN = 1.05
GROWTH = 1.1  # of the start; what is below it is noise


@dataclass(frozen=True)
class Goal:
    """One promise: `value` is None if it could not be measured."""

    what: str
    value: float | None
    limit: float
    unit: str
    at_least: bool = False

    @property
    def verdict(self) -> str:
        """Whether it is kept."""
        if self.value is None:
            return "not measured"
        return "pass" if self._is_met(self.value) else "miss"

    def _is_met(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit


def list_goals(results: Results, plan: Plan) -> list[Goal]:
    """Every promise, in the order of the design."""
    return [
        *_list_rates(results),
        *_list_starts(results),
        *_list_crowd(results, plan),
        Goal("in process, submit to success", results.pairs, 5_000, "/s", at_least=True),
        Goal("PNG of 1024x1024, first fetch", results.errands.first * 1e3, 30, "ms"),
        Goal("PNG of 1024x1024, again", results.errands.again * 1e3, 1, "ms"),
        Goal(f"advance over {plan.due:,} tasks falling due", results.errands.advance, 1, "s"),
    ]


def find_rate(results: Results, server: str, operation: str) -> float | None:
    """Requests per second; None for a server that was not measured."""
    found = results.throughput.get(server)
    return find_median(found[operation])["rate"] if found else None


def _list_rates(results: Results) -> Iterator[Goal]:
    operations = {SUBMIT: SUBMIT_LEAST, POLL: POLL_LEAST, POLL_ENDED: POLL_LEAST}
    for operation, least in operations.items():
        for server, limit in least.items():
            what = f"{operation}: requests/s against {server}"
            ours, theirs = (find_rate(results, name, operation) for name in (OURS, server))
            yield Goal(what, _divide(ours, theirs), limit, "x", at_least=True)


def _list_starts(results: Results) -> Iterator[Goal]:
    ours = results.starts[OURS]
    for server, limit in START_MOST.items():
        theirs = results.starts.get(server)
        ratio = _divide(ours.seconds, theirs.seconds if theirs else None)
        yield Goal(f"start, all contracts loaded, against {server}", ratio, limit, "x")
    few, many = results.catalogues
    what = f"start with {MODELS} models in a catalogue against one"
    yield Goal(what, many.seconds / few.seconds, GROWTH, "x")


def _list_crowd(results: Results, plan: Plan) -> Iterator[Goal]:
    crowd = results.crowd
    yield Goal("memory per live task", crowd.task_bytes / 1024, 2, "KiB")
    yield Goal("memory when idle", results.starts[OURS].resident / 2**20, 60, "MiB")
    for name, slowdown in (("submit", crowd.submit_slowdown), ("poll", crowd.poll_slowdown)):
        what = f"time of a {name} among {plan.crowd:,} live tasks against among few"
        yield Goal(what, slowdown, SLOWDOWN, "x")


def _divide(ours: float | None, theirs: float | None) -> float | None:
    return ours / theirs if ours and theirs else None
