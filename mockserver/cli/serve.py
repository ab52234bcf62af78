"""`mockserver serve`: run the emulator."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from socket import socket
from typing import Any, Final

import click

from mockserver import server
from mockserver.cli.contracts import add_contract_options, add_scenarios_option
from mockserver.cli.filled import refuse_blank
from mockserver.cli.listen import add_listen_options, build_notice
from mockserver.cli.play import add_play_options, read_keys
from mockserver.cli.ready import ReadyFile, announce, build_ready
from mockserver.clock import SystemClock
from mockserver.draw import make_token
from mockserver.engine.engine import Engine
from mockserver.engine.settings import Settings
from mockserver.selection import select_contracts
from mockserver.web.app import build_app
from mockserver.web.options import Options
from mockserver.web.scenario_folders import open_library

EXAMPLE: Final = """\b
mockserver serve
mockserver serve --provider NAME --port 0 --ready-file ready.json
mockserver serve --scenarios ./my-scenarios
mockserver serve --speed 1 --seed 7 --keys strict --key sk-mock-ci
"""


@click.command(epilog=EXAMPLE)
@add_contract_options
@add_scenarios_option
@add_play_options
@click.option(
    "--allowed-host",
    multiple=True,
    metavar="HOST",
    help="Answer to this host name too, besides loopback and the providers' own; repeatable.",
)
@click.option(
    "--admin-token",
    metavar="TOKEN",
    callback=refuse_blank,
    help="Ask for this token at control calls.",
)
@add_listen_options
def command(**given: Any) -> None:
    """Run the emulator until Ctrl-C or SIGTERM.

    Every provider is mounted under its name; with exactly one --provider it is also mounted at
    the root. Nothing leaves this machine, unless --allow-callback-host lets it.
    """
    settings = build_settings(given)
    sockets = server.bind(given["host"], given["port"])
    try:
        contracts = select_contracts(given["provider"], given["contract"], given["edition"])
        options = build_options(given, sockets)
        library = open_library(given["scenarios"], contracts, options.notice)
        app = build_app(Engine(contracts, SystemClock(), settings, library), options)
        port = sockets[0].getsockname()[1]
        names = [contract.name for contract in contracts]
        ready = build_ready(given["host"], port, names, options.admin_token, read_keys(given))
        with ReadyFile(given["ready_file"]) as file:
            server.run(app, sockets, partial(announce, ready, given["log_format"], file))
    finally:
        server.close(sockets)


def build_settings(given: dict[str, Any]) -> Settings:
    """The engine's settings; raises UsageError for what cannot go together."""
    keys = read_keys(given)
    return Settings(
        speed=given["speed"], seed=given["seed"], keys=None if keys is None else frozenset(keys)
    )


def build_options(given: dict[str, Any], sockets: Sequence[socket]) -> Options:
    """The web layer's settings; beyond loopback there is always an admin token."""
    options = Options(
        host=given["host"],
        allowed_hosts=given["allowed_host"],
        admin_token=given["admin_token"],
        callback_hosts=given["allow_callback_host"],
        own_ports=frozenset(bound.getsockname()[1] for bound in sockets),
        notice=build_notice(given["log_format"]),
    )
    if options.beyond_loopback and options.admin_token is None:
        return replace(options, admin_token=make_token())
    return options
