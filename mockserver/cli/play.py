"""What every command that plays the providers has in common: how fast, for whom, with what luck."""

from collections.abc import Callable
from typing import Any

import click

from mockserver.cli.filled import refuse_blank
from mockserver.errors import UsageError

Command = Callable[..., Any]


def add_play_options(command: Command) -> Command:
    """Give a command --speed, --seed, --keys, --key and --allow-callback-host."""
    options = [
        click.option(
            "--speed",
            type=float,
            default=10.0,
            show_default=True,
            help="Divide tasks' time by this; inf ends them at once. Limits stay true.",
        ),
        click.option(
            "--seed",
            type=int,
            default=0,
            show_default=True,
            help="Same seed, same requests, same answers.",
        ),
        click.option(
            "--keys",
            type=click.Choice(["open", "strict"]),
            help="open: any key is an account (default). strict: only those given with --key.",
        ),
        click.option(
            "--key",
            multiple=True,
            metavar="KEY",
            callback=refuse_blank,
            help="Let in this key, and no other that is not given too; repeatable.",
        ),
        click.option(
            "--allow-callback-host",
            multiple=True,
            metavar="HOST",
            help="Let callbacks go to this host too; without it they go to loopback only; "
            "repeatable.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def read_keys(given: dict[str, Any]) -> tuple[str, ...] | None:
    """The only keys that are let in, None for any; raises UsageError for what cannot be."""
    keys, names = given["keys"], given["key"]
    if keys == "open" and names:
        raise UsageError("--keys open takes any key; leave out --key, or say --keys strict")
    if keys == "strict" and not names:
        raise UsageError("--keys strict knows no key yet; name at least one with --key")
    return names or None
