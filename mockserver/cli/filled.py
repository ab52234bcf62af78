"""Flags whose value must say something."""

from typing import TypeVar

import click

from mockserver.errors import UsageError

Value = TypeVar("Value", bound=str | tuple[str, ...] | None)


def refuse_blank(_context: click.Context, option: click.Parameter, value: Value) -> Value:
    """The value of a flag, one or several; raises UsageError for one without a letter."""
    values = value if isinstance(value, tuple) else (value,)
    if any(each is not None and not each.strip() for each in values):
        raise UsageError(f"{option.opts[0]} is blank; give it a value, or leave the flag out")
    return value
