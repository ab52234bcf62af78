"""`mockserver lint`: check contracts."""

from pathlib import Path
from typing import Final

import click

from mockserver.cli.contracts import find_built_in
from mockserver.contract.lint import lint, list_assumed
from mockserver.contract.load import load

EXAMPLE: Final = """\b
mockserver lint
mockserver lint ./my-provider --assumed
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
    """Check contracts: the built-in ones, or those in the folders given.

    Exit status 1 if anything is found, 4 if a contract cannot be read.
    """
    chosen = folders or tuple(find_built_in().values())
    findings = [finding for folder in chosen for finding in lint(folder)]
    for finding in findings:
        hint = f" ({finding.hint})" if finding.hint else ""
        click.echo(f"{finding.where}: {finding.problem}{hint}")
    marks = [] if findings else [mark for folder in chosen for mark in list_assumed(load(folder))]
    if assumed:
        for mark in marks:
            click.echo(mark)
    told, read = _count(len(findings), "finding"), _count(len(chosen), "contract")
    click.echo(f"{told} in {read}; {len(marks)} assumed")
    return 1 if findings else 0


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
