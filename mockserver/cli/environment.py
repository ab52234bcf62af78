"""Flags in the environment: each has a twin, and one that is no twin is a typing mistake."""

import os
from collections.abc import Iterable, Iterator
from typing import Final

import click
from click.core import ParameterSource

from mockserver.hint import suggest

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
            hint = suggest(name, twins, "see --help for the flags")
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


def give_twins(command: click.Command) -> None:
    """Let every flag of a command be read from its twin too, MOCKSERVER_<FLAG>."""
    for option in _list_options(command):
        option.envvar = _write_twin(option)


def name_twin(error: click.BadParameter) -> None:
    """Let a complaint about a flag name its twin, if the value stood there."""
    option, context = error.param, error.ctx
    if not isinstance(option, click.Option) or context is None or option.name is None:
        return
    if context.get_parameter_source(option.name) is ParameterSource.ENVIRONMENT:
        error.param_hint = _write_twin(option)


def _list_twins(group: click.Group, context: click.Context, names: Iterable[str]) -> set[str]:
    commands = [group.get_command(context, name) for name in names]
    return {
        _write_twin(option) for command in commands if command for option in _list_options(command)
    }


def _list_options(command: click.Command) -> Iterator[click.Option]:
    return (param for param in command.params if isinstance(param, click.Option))


def _write_twin(option: click.Option) -> str:
    flag = max(option.opts, key=len)
    return PREFIX + flag.lstrip("-").replace("-", "_").upper()
