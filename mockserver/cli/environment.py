"""Flags in the environment: each has a twin, and one that is no twin is a typing mistake."""

import os
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Final

import click

PREFIX: Final = "MOCKSERVER_"

# What clients are told by `conform`; one of them may run us.
_TOLD: Final = frozenset(
    {"MOCKSERVER_CALLBACK_PORT", "MOCKSERVER_PROMPT", "MOCKSERVER_URL", "MOCKSERVER_WEBHOOK_SECRET"}
)


def find_mistakes(variables: Iterable[str], known: Iterable[str]) -> Iterator[str]:
    """A warning for each variable that is not among the known twins."""
    twins = sorted(known)
    for name in variables:
        if name not in twins:
            near = get_close_matches(name, twins, 1)
            hint = f"did you mean {near[0]}?" if near else "see --help for the flags"
            yield f"the variable {name} is the twin of no flag; {hint}"


def warn_of_mistakes(group: click.Group, context: click.Context) -> None:
    """Warn of variables that no command reads; other commands are looked at only if need be."""
    given = [name for name in os.environ if name.startswith(PREFIX) and name not in _TOLD]
    known = _list_twins(group, context, [context.invoked_subcommand or ""])
    if known.issuperset(given):
        return
    known |= _list_twins(group, context, group.list_commands(context))
    for warning in find_mistakes(given, known):
        click.echo(f"mockserver: {warning}", err=True)


def _list_twins(group: click.Group, context: click.Context, names: Iterable[str]) -> set[str]:
    commands = [group.get_command(context, name) for name in names]
    flags = [param.name or "" for command in commands if command for param in command.params]
    return {PREFIX + flag.upper() for flag in flags}
