"""`mockserver conform --explore`: drawn schedules of faults for a Python function."""

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from mockserver.conformance.client import Function
from mockserver.conformance.exploration import PATIENCE, build_suite, find_discovery
from mockserver.contract.model import Contract
from mockserver.errors import UsageError


def explore_aloud(
    contract: Contract, folders: Sequence[Path], client: Sequence[str], examples: int
) -> int:
    """Explore, print what was found, and return the exit status."""
    function = load_function(client)
    found = find_discovery(
        build_suite(contract, folders, PATIENCE), Function(function), examples, 0
    )
    if found is None:
        click.echo(f"{examples} schedules were drawn at most, and the client bore them all.")
        return 0
    click.echo(str(found), nl=False)
    return 1


def load_function(client: Sequence[str]) -> Callable[..., Any]:
    """The function that MODULE:FUNCTION names; raises UsageError if there is none."""
    where, colon, name = client[0].partition(":")
    if len(client) != 1 or not colon or not name:
        raise UsageError("--explore calls a Python function: write CMD as MODULE:FUNCTION")
    sys.path.insert(0, str(Path.cwd()))
    try:
        function = getattr(import_module(where), name)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"{client[0]}: {error}") from error
    if not callable(function):
        raise UsageError(f"{client[0]} is no function, but {type(function).__name__}")
    found: Callable[..., Any] = function
    return found
