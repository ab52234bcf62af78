"""`mockserver replay`: serve what was recorded."""

import json
from functools import partial
from math import inf
from pathlib import Path
from socket import socket
from typing import Any, Final

import click

from mockserver import server
from mockserver.cli.contracts import add_contract_options
from mockserver.cli.filled import refuse_blank
from mockserver.cli.listen import add_listen_options, make_printable
from mockserver.cli.number import Number
from mockserver.cli.ready import ReadyFile, announce, build_ready
from mockserver.cli.serve import build_options
from mockserver.clock import SystemClock
from mockserver.contract.model import Contract
from mockserver.engine.engine import Engine
from mockserver.engine.settings import Settings
from mockserver.errors import UsageError
from mockserver.record.replay.play import MAX_SCALE, ReplayMode, ReplayPace
from mockserver.record.replay.report import Report, count_names, describe_report
from mockserver.record.replay.tape import Tape, read_tape
from mockserver.selection import select_contracts
from mockserver.web.app import build_app
from mockserver.web.options import Options
from mockserver.web.replayer.app import Replayer, Show
from mockserver.web.scenario_folders import open_library
from mockserver.web.served import Served

EXAMPLE: Final = """\b
mockserver replay tasks.har
mockserver replay tasks.har --mode time --scale 0.1
mockserver replay tasks.har more.har --provider NAME --fallback emulate
"""


@click.command(epilog=EXAMPLE)
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE.har...",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@add_contract_options
@click.option(
    "--mode",
    type=click.Choice([mode.value for mode in ReplayMode]),
    default=ReplayMode.EPOCH.value,
    show_default=True,
    help="What moves a task on. epoch: a poll, to its next state; count: a poll, to the reply of "
    "the same number; time: time since the submit. The last reply stays.",
)
@click.option(
    "--scale",
    type=Number(0, MAX_SCALE),
    default=1.0,
    show_default=True,
    help="Stretch recorded spans by this: 0.1 is ten times as fast.",
)
@click.option(
    "--fallback",
    type=click.Choice(["none", "emulate"]),
    default="none",
    show_default=True,
    help="Who answers what is not recorded: nobody (404 or 409, with the nearest recording), or "
    "the emulator.",
)
@click.option(
    "--webhook-secret",
    metavar="SECRET",
    callback=refuse_blank,
    help="Sign callbacks with this; better in MOCKSERVER_WEBHOOK_SECRET.",
)
@click.option(
    "--allow-callback-host",
    multiple=True,
    metavar="HOST",
    help="Let callbacks go to this host too; without it they go to loopback only; repeatable.",
)
@click.option(
    "--allowed-host",
    multiple=True,
    metavar="HOST",
    help="Answer to this host name too; repeatable.",
)
@click.option(
    "--admin-token",
    metavar="TOKEN",
    callback=refuse_blank,
    help="Ask for this token at control calls.",
)
@add_listen_options
def command(**given: Any) -> None:
    """Serve recordings (HAR files, anybody's), to any key and any number of polls.

    Every submit begins a recorded task, with ids, times and addresses of its own. Calls that ended
    in a network error do so again. What was asked for is told at the end, and at /_mock/replay.
    """
    sockets = server.bind(given["host"], given["port"])
    try:
        replay(given, sockets)
    finally:
        server.close(sockets)


def replay(given: dict[str, Any], sockets: list[socket]) -> None:
    """Serve until a signal comes, and tell what was asked for."""
    chosen = select_contracts(given["provider"], given["contract"], given["edition"])
    # Paths of several providers agree, so that all of them are needed to tell whose one is.
    names = {each.name for each in chosen}
    known = [*chosen, *(each for each in select_contracts() if each.name not in names)]
    tape = read_tape(given["files"], known)
    contracts = choose_served(tape, chosen)
    served = [contract.name for contract in contracts]
    options = build_options(given, sockets)
    warn(tape, served, options)
    emulator = build_emulator(contracts, options) if given["fallback"] == "emulate" else None
    pace = ReplayPace(ReplayMode(given["mode"]), given["scale"])
    show = Show(tape, tuple(contracts), pace, given["webhook_secret"], emulator)
    replayer = Replayer(show, SystemClock(), options)
    port = sockets[0].getsockname()[1]
    ready = build_ready(given["host"], port, served, options.admin_token)
    with ReadyFile(given["ready_file"]) as file:
        server.run(replayer, sockets, partial(announce, ready, given["log_format"], file))
    tell(replayer.report, given["log_format"])


def choose_served(tape: Tape, chosen: list[Contract]) -> list[Contract]:
    """The contracts of which something is recorded; raises UsageError if there is none."""
    served = [contract for contract in chosen if contract.name in tape.providers]
    if served:
        return served
    there = ", ".join(tape.providers)
    hint = f"there are calls of {there}" if there else "there is no call of a known provider"
    names = ", ".join(contract.name for contract in chosen)
    raise UsageError(f"nothing of {names} is recorded; {hint}")


def build_emulator(contracts: list[Contract], options: Options) -> Served:
    """The emulator that answers what is not recorded; its tasks end at once."""
    library = open_library((), contracts, options.notice)
    return build_app(Engine(contracts, SystemClock(), Settings(speed=inf), library), options)


def tell(report: Report, log_format: str) -> None:
    """Tell at the end what was asked for."""
    built = report.build()
    if log_format == "json":
        click.echo(json.dumps({"event": "replayed", **built}), err=True)
        return
    for line in describe_report(built):
        click.echo(make_printable(line), err=True)


def warn(tape: Tape, served: list[str], options: Options) -> None:
    """Tell what of the recordings cannot be replayed."""
    if tape.errors:
        options.notice(
            "ended in a network error, and do so again, in the nearest way: "
            f"{tape.errors.total()} of the calls ({count_names(tape.errors)})"
        )
    if tape.broken:
        options.notice(f"left out, since they have no whole answer: {tape.broken} of the requests")
    if tape.strange:
        options.notice(f"left out, since no contract has them: {tape.strange} of the requests")
    reels = [reel for reel in tape.reels if reel.contract.name in served]
    endless = [str(reel.task_id) for reel in reels if not reel.has_end]
    if endless:
        names = ", ".join(endless[:5]) + (", ..." if len(endless) > 5 else "")
        options.notice(f"recorded without an end, which a client may wait for in vain: {names}")
