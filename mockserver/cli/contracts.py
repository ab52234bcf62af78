"""The flags that choose data: which providers, which editions, whose folders of what."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Command = Callable[..., Any]


def add_contract_options(command: Command) -> Command:
    """Give a command --provider, --contract and --edition."""
    options = [
        click.option(
            "--provider",
            multiple=True,
            metavar="NAME",
            help="Take this provider only; repeat for more. All, if none is named.",
        ),
        click.option(
            "--contract",
            multiple=True,
            metavar="DIR",
            type=click.Path(exists=True, file_okay=False, path_type=Path),
            help="Add the provider whose contract lies in this folder; repeatable.",
        ),
        click.option(
            "--edition",
            multiple=True,
            metavar="[PROVIDER=]NAME",
            help="What the provider says (documented) or does (observed, preferred where known).",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def add_scenarios_option(command: Command) -> Command:
    """Give a command --scenarios."""
    return click.option(
        "--scenarios",
        multiple=True,
        metavar="DIR",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="Add the scenarios in this folder; one may replace a built-in one; repeatable.",
    )(command)
