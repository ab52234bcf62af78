"""`mockserver serve`: run the emulator."""

import sys
from functools import partial
from pathlib import Path
from typing import Any, Final

import click

from mockserver import server
from mockserver.cli.contracts import add_contract_options, load_contracts
from mockserver.cli.ready import announce, build_ready, remove_at_exit
from mockserver.clock import SystemClock
from mockserver.draw import make_token
from mockserver.engine.engine import Engine
from mockserver.engine.settings import Settings
from mockserver.errors import UsageError
from mockserver.web.app import build_app
from mockserver.web.options import Options

EXAMPLE: Final = """\b
mockserver serve
mockserver serve --provider NAME --port 0 --ready-file ready.json
mockserver serve --speed 1 --seed 7 --keys strict --key sk-mock-ci
"""


@click.command(epilog=EXAMPLE)
@add_contract_options
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    default=10.0,
    show_default=True,
    help="Divide the time that tasks take by this; inf ends them at once. Limits stay true.",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Same seed, same requests, same answers."
)
@click.option(
    "--keys",
    type=click.Choice(["open", "strict"]),
    help="open: any key is an account (default). strict: only those given with --key.",
)
@click.option("--key", "names", multiple=True, metavar="KEY", help="A key that exists; repeatable.")
@click.option(
    "--allowed-host",
    "allowed_hosts",
    multiple=True,
    metavar="HOST",
    help="Answer to this host name too, besides loopback and the providers' own; repeatable.",
)
@click.option("--admin-token", metavar="TOKEN", help="Ask for this token at control calls.")
@add_listen_options
def command(**given: Any) -> None:
    """Run the emulator until Ctrl-C or SIGTERM.

    Every provider is mounted under its name; with exactly one --provider it is also mounted at
    the root. Nothing leaves this machine.
    """
    port_holder = server.bind(given["host"], given["port"])
    contracts = load_contracts(given["providers"], given["folders"], given["editions"])
    ...
