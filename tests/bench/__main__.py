"""`make bench`: how fast the emulator is, side by side with bare uvicorn and other mock servers."""

import argparse
import compileall
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from http.client import HTTPException
from pathlib import Path
from time import perf_counter

import mockserver
from tests.bench.emulator import Refused
from tests.bench.goals import list_goals
from tests.bench.machine import choose_cores, pinned
from tests.bench.peers import find_peers
from tests.bench.plan import QUICK, Plan, Setting
from tests.bench.report import write_readme, write_report
from tests.bench.results import Results, measure_all
from tests.bench.sample import LoadFailed
from tests.bench.target import StartFailed


def read_arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a rough look in under 45 s")
    parser.add_argument(
        "--peers",
        action="store_true",
        help="measure Prism and WireMock too, from the folder BENCH_PEERS (.bench-peers)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there")
    parser.add_argument("--write", action="store_true", help="put the tables into the README")
    return parser.parse_args()


def build_teller() -> Callable[[str], None]:
    """Something that says what is measured now, and how long it has taken so far."""
    begin = perf_counter()

    def tell(what: str) -> None:
        sys.stderr.write(f"{perf_counter() - begin:4.0f} s  {what}\n")

    return tell


def write_json(file: Path, results: Results, plan: Plan) -> None:
    """Every run of every round, and the verdicts."""
    goals = [{**asdict(goal), "verdict": goal.verdict} for goal in list_goals(results, plan)]
    content = {"plan": asdict(plan), "results": asdict(results), "goals": goals}
    file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Measure, print, write where asked to."""
    arguments = read_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: stopped"))  # unwinds, as Ctrl-C does
    plan = QUICK if arguments.quick else Plan()
    # An installed package has its bytecode. A checkout has none where PYTHONDONTWRITEBYTECODE is
    # set, and each start would compile all of it again: +70 ms.
    for package in (mockserver.__file__, __file__):
        compileall.compile_dir(Path(str(package)).parent, quiet=1)
    folder = Path(os.environ.get("BENCH_PEERS", ".bench-peers")).resolve()
    setting = Setting(plan, choose_cores())
    peers = list(find_peers(folder, plan.java_warm_up)) if arguments.peers else []
    with pinned(setting.load):
        results = measure_all(setting, peers, build_teller())
    report = write_report(results, setting, peers)
    sys.stdout.write(report + "\n")
    if arguments.json:
        write_json(arguments.json, results, plan)
    if arguments.write:
        write_readme(report)


if __name__ == "__main__":
    try:
        main()
    except (StartFailed, LoadFailed, Refused, HTTPException, OSError) as error:
        sys.exit(f"bench: {error}")
    except KeyboardInterrupt:
        sys.exit("bench: stopped")
