"""The figures as tables that people read: on the terminal, and in the README beside this file."""

import datetime as dt
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from mockserver.version import VERSION
from tests.bench.goals import Goal, list_goals
from tests.bench.machine import describe
from tests.bench.peers import PRISM, WIREMOCK
from tests.bench.plan import Setting
from tests.bench.results import Results
from tests.bench.sample import BUSY, find_median, select_quiet
from tests.bench.target import BARE, OURS, Target
from tests.bench.throughput import POLL, POLL_ENDED, SUBMIT

README = Path(__file__).with_name("README.md")
BEGIN = "<!-- bench: begin -->"
END = "<!-- bench: end -->"

OPERATIONS = [SUBMIT, POLL, POLL_ENDED]
FIGURES = {
    "requests/s": "rate",
    "p50, us": "p50",
    "p99, us": "p99",
    "processor time, us": "cpu",
}
PEERS = [PRISM, WIREMOCK]
ABSENT = "not installed"


def write_report(results: Results, setting: Setting, peers: Sequence[Target]) -> str:
    """All of it, as Markdown."""
    head = ["figure", OURS, BARE, "ratio", *PEERS]
    goals = [list_cells(goal) for goal in list_goals(results, setting.plan)]
    return "\n".join(
        [
            *list_circumstances(results, setting, peers),
            "",
            *draw_table(head, list_rows(results)),
            "",
            *draw_table(["goal", "measured", "wanted", "verdict"], goals),
            "",
            *list_remarks(results),
        ]
    )


def list_circumstances(
    results: Results, setting: Setting, peers: Sequence[Target]
) -> Iterator[str]:
    """When, where and with what it was measured, and whether it was quiet."""
    today = dt.datetime.now(tz=dt.UTC).date()
    libraries = [f"{name} {version(name)}" for name in ("uvicorn", "httptools")]
    others = [f"{peer.name} {peer.version}" for peer in peers]
    yield f"{today}, mockserver {VERSION}, {', '.join([*libraries, *others])}."
    yield describe(setting.cores)
    ceiling = results.ceiling
    yield (
        f"The load generator alone reaches {ceiling.rate:,.0f} requests/s on a server that does "
        f"nothing, and spends {ceiling.load_cpu:.1f} us of processor time on each: "
        f"{ceiling.rate * ceiling.load_cpu / 1e6:.0%} of its core."
    )
    runs = {
        sample
        for operations in results.throughput.values()
        for samples in operations.values()
        for sample in samples
    }
    quiet = sum(sample.busy >= BUSY for sample in runs)
    yield (
        f"{setting.plan.rounds} rounds; in {quiet} of {len(runs)} runs the server had at least "
        f"{BUSY:.0%} of its core. Only those count where there is one."
    )


def list_rows(results: Results) -> Iterator[list[str]]:
    """Servers side by side."""
    for operation in OPERATIONS:
        medians = {
            server: find_median(samples[operation])
            for server, samples in results.throughput.items()
        }
        for title, name in FIGURES.items():
            found = {server: figures[name] for server, figures in medians.items()}
            yield [f"{operation}: {title}", *list_values(found, ",.0f")]
    starts = results.starts.items()
    yield ["start, ms", *list_values({name: start.seconds * 1e3 for name, start in starts}, ",.0f")]
    resident = {name: start.resident / 2**20 for name, start in starts}
    yield ["memory when idle, MiB", *list_values(resident, ",.1f")]


def list_values(found: dict[str, float], form: str) -> Iterator[str]:
    """One figure of each server; a peer that is not installed says so."""
    yield from (f"{found[name]:{form}}" for name in (OURS, BARE))
    yield f"{found[OURS] / found[BARE]:.2f}" if found[BARE] else "-"
    yield from (f"{found[name]:{form}}" if name in found else ABSENT for name in PEERS)


def list_cells(goal: Goal) -> list[str]:
    """One row of the goals."""
    measured = "-" if goal.value is None else f"{format_value(goal.value)} {goal.unit}"
    wanted = f"{'at least' if goal.at_least else 'at most'} {goal.limit:,g} {goal.unit}"
    return [goal.what, measured, wanted, goal.verdict]


def format_value(value: float) -> str:
    """A figure with the digits that tell it from its limit."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.4g}"


def list_remarks(results: Results) -> Iterator[str]:
    """What has no goal, and what to be careful with."""
    crowd, errands = results.crowd, results.errands
    yield (
        f"Among the live tasks a submit takes {crowd.submit_p50:,.0f} us at p50 and "
        f"{crowd.submit_p99:,.0f} us at p99. The very first file of a server takes "
        f"{errands.first_ever * 1e3:.0f} ms."
    )
    fastest = max(
        find_median(samples[operation])["rate"]
        for samples in results.throughput.values()
        for operation in OPERATIONS
    )
    if fastest > 0.7 * results.ceiling.rate:
        yield "A server comes near the load generator's ceiling: its requests/s are a lower bound."
    noisy = [
        f"{server} ({operation})"
        for server, operations in results.throughput.items()
        for operation, samples in operations.items()
        if not any(sample.busy >= BUSY for sample in select_quiet(samples))
    ]
    if noisy:
        yield f"The machine was busy, do not trust: {', '.join(noisy)}."


def draw_table(head: Sequence[str], rows: Iterator[list[str]] | list[list[str]]) -> Iterator[str]:
    """A Markdown table whose columns line up in plain text, too."""
    table = [list(head), *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in table
    ]
    rule = "| " + " | ".join("-" * width for width in widths) + " |"
    yield from (lines[0], rule, *lines[1:])


def write_readme(text: str) -> None:
    """Put the tables between the two marks of the README."""
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    README.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")
