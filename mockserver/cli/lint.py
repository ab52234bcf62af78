"""`mockserver lint`: check contracts and scenarios."""

from pathlib import Path
from typing import Final

import click

from mockserver.cli.count import say_count
from mockserver.contract.lint import lint, list_assumed
from mockserver.contract.load import MAIN, load
from mockserver.data import scenarios_dir
from mockserver.engine.scenarios.library import list_files
from mockserver.engine.scenarios.lint import lint_scenarios
from mockserver.faults import FAULTS
from mockserver.selection import find_built_in, select_contracts

EXAMPLE: Final = """\b
mockserver lint
mockserver lint ./my-provider --assumed
mockserver lint ./my-scenarios
"""


@click.command(epilog=EXAMPLE)
@click.argument(
    "folders",
    nargs=-1,
    metavar="[DIR]...",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@click.option("--assumed", is_flag=True, help="List everything that no source vouches for.")
def command(folders: tuple[Path, ...], assumed: bool) -> int:
    """Check contracts and scenarios: the built-in ones, or those in the folders given.

    A folder with a contract.yaml holds a contract, any other one holds scenario files. Exit status
    1 if anything is found, 4 if a contract cannot be read.
    """
    chosen = folders or (*find_built_in().values(), scenarios_dir())
    of_scenarios = [folder for folder in chosen if is_of_scenarios(folder)]
    of_contracts = [folder for folder in chosen if folder not in of_scenarios]
    findings = [str(finding) for folder in of_contracts for finding in lint(folder)]
    if of_scenarios:
        contracts = select_contracts()
        for folder in of_scenarios:
            findings += lint_scenarios(folder, contracts, FAULTS)
    for finding in findings:
        click.echo(finding)
    marks = [] if findings else [m for folder in of_contracts for m in list_assumed(load(folder))]
    if assumed:
        for mark in marks:
            click.echo(mark)
    files = sum(len(list_files(folder)) for folder in of_scenarios)
    told, read = say_count(len(findings), "finding"), say_count(len(of_contracts), "contract")
    more = f" and {say_count(files, 'scenario')}" if of_scenarios else ""
    click.echo(f"{told} in {read}{more}; {len(marks)} assumed")
    return 1 if findings else 0


def is_of_scenarios(folder: Path) -> bool:
    """Whether a folder holds scenario files, not a contract."""
    return not (folder / MAIN).exists() and bool(list_files(folder))
