"""Starts: from the spawn of a process to its first 200, and what it holds in memory then."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.bench.catalogue import MODELS, NAME, write_contract
from tests.bench.machine import read_resident
from tests.bench.plan import Setting
from tests.bench.target import BARE, Target, build_ours, build_python, serving


@dataclass(frozen=True)
class Start:
    """Medians over all starts of one server."""

    seconds: float
    resident: float  # bytes when it serves, before any request but the first


def measure_starts(setting: Setting, peers: Sequence[Target]) -> dict[str, Start]:
    """Starts of all servers, ours with every contract there is."""
    targets = [build_ours(), build_python(BARE, "tests.bench.bare"), *peers]
    return dict(zip([target.name for target in targets], rotate(setting, targets), strict=True))


def measure_catalogues(setting: Setting) -> tuple[Start, Start]:
    """Starts of ours with one model in the catalogue, and with many."""
    with TemporaryDirectory() as folder:
        targets = []
        for models in (1, MODELS):
            contract = write_contract(Path(folder, str(models), NAME), models)
            targets.append(build_ours("--contract", str(contract), "--provider", NAME))
        few, many = rotate(setting, targets)
    return few, many


def rotate(setting: Setting, targets: Sequence[Target]) -> list[Start]:
    """Start each server in turn, alternately forwards and backwards; the first round is to warm."""
    seconds: list[list[float]] = [[] for _ in targets]
    resident: list[list[float]] = [[] for _ in targets]
    for number in range(setting.plan.starts + 1):
        order = range(len(targets)) if number % 2 == 0 else reversed(range(len(targets)))
        for place in order:
            with serving(targets[place], setting.server) as server:
                if number:
                    seconds[place].append(server.started)
                    resident[place].append(read_resident(server.pid) or 0)
    return [Start(median(took), median(held)) for took, held in zip(seconds, resident, strict=True)]
