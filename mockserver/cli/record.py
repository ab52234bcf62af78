"""`mockserver record`: a recording proxy in front of a live API."""

import os
from functools import partial
from pathlib import Path
from socket import socket
from typing import Any, Final

import click

from mockserver import server
from mockserver.cli.contracts import add_contract_options
from mockserver.cli.filled import refuse_blank
from mockserver.cli.listen import add_listen_options, build_notice
from mockserver.cli.number import Number
from mockserver.cli.progress import Progress
from mockserver.cli.ready import Ready, ReadyFile, build_ready
from mockserver.clock import SystemClock
from mockserver.contract.model import Contract
from mockserver.errors import UsageError
from mockserver.record.recording import Mode, Recording, Summary
from mockserver.selection import select_contracts
from mockserver.variables import write_prefix
from mockserver.version import VERSION
from mockserver.web.callbacks.targets import Targets
from mockserver.web.options import Options
from mockserver.web.recorder.app import Plan, Recorder
from mockserver.web.recorder.upstream import check_address

EXAMPLE: Final = """\b
mockserver record --provider NAME --out tasks.har
mockserver record --provider NAME --out tasks.har --mode new --max-credits 20
mockserver record --provider NAME --out tasks.har --public-url https://tunnel.example.test
"""


@click.command(epilog=EXAMPLE)
@add_contract_options
@click.option(
    "--out",
    required=True,
    metavar="FILE.har",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write here; large files go beside it, into FILE.har.d.",
)
@click.option(
    "--upstream", metavar="URL", help="Record this address instead of the contract's own."
)
@click.option(
    "--mode",
    type=click.Choice([mode.value for mode in Mode]),
    default=Mode.ONCE.value,
    show_default=True,
    help="If FILE is there: once refuses, new adds to it, all begins anew.",
)
@click.option("--max-credits", type=Number(min=0), help="Refuse submits that would cost more.")
@click.option(
    "--public-url",
    metavar="URL",
    help="Where the live API reaches this recorder, so that callbacks are recorded too.",
)
@click.option(
    "--hide",
    multiple=True,
    metavar="SECRET",
    callback=refuse_blank,
    help="Hide this too, besides keys and what looks like one; better in MOCKSERVER_HIDE.",
)
@click.option(
    "--allow-callback-host",
    multiple=True,
    metavar="HOST",
    help="Pass callbacks on to this host too; without it to loopback only; repeatable.",
)
@click.option(
    "--allowed-host",
    multiple=True,
    metavar="HOST",
    help="Answer to this host name too; repeatable.",
)
@click.option("--force", is_flag=True, help="Record even where CI is set.")
@add_listen_options
def command(**given: Any) -> None:
    """Record what a client and a live API say to each other, until Ctrl-C or SIGTERM.

    Point the client at the printed address, with its real key: the calls go on to the provider
    and cost what they cost. Keys, cookies and whatever looks like a secret are taken out before
    anything is written. Result files are fetched as well, once.
    """
    refuse_in_ci(force=given["force"])
    sockets = server.bind(given["host"], given["port"])
    try:
        contract = _load_one(given)
        record(given, contract, sockets)
    finally:
        server.close(sockets)


def refuse_in_ci(*, force: bool) -> None:
    """Raise UsageError where nobody watches what is spent."""
    if not force and os.environ.get("CI", "").lower() not in ("", "0", "false"):
        raise UsageError(
            "CI is set: recording calls the live API and costs credits; replay what was recorded, "
            "or say --force"
        )


def record(given: dict[str, Any], contract: Contract, sockets: list[socket]) -> None:
    """Serve until a signal comes, and end the file."""
    upstream = given["upstream"] or next(iter(contract.servers), None)
    if upstream is None:
        raise UsageError(f"the contract of {contract.name} names no server; give --upstream")
    # Before anything that was recorded is touched.
    check_address("--upstream", upstream)
    if given["public_url"] is not None:
        check_address("--public-url", given["public_url"])
    Targets(given["allow_callback_host"])
    tape = {"provider": contract.name, "edition": contract.edition, "upstream": upstream}
    progress = Progress(given["log_format"])
    with Recording(given["out"], [contract], Mode(given["mode"]), given["hide"], tape) as recording:
        limit = given["max_credits"]
        plan = Plan(
            contract,
            upstream,
            given["public_url"],
            None if limit is None else round(limit * 1000),
            progress.report(recording.redactor),
        )
        recorder = Recorder(plan, recording, SystemClock(), _build_options(given, sockets))
        port = sockets[0].getsockname()[1]
        ready = build_ready(given["host"], port, [contract.name])
        with ReadyFile(given["ready_file"]) as file:
            server.run(recorder, sockets, partial(_announce, ready, given, upstream, file))
    if given["mode"] == Mode.ONCE and recording.summary == Summary():
        # It was not there before, and would only be in the way of the next try.
        given["out"].unlink(missing_ok=True)
    progress.close(given["out"], recording.summary, recorder.purse.spent)


def _load_one(given: dict[str, Any]) -> Contract:
    contracts = select_contracts(given["provider"], given["contract"], given["edition"])
    if len(contracts) != 1:
        names = ", ".join(contract.name for contract in contracts)
        raise UsageError(f"one provider is recorded at a time; choose with --provider: {names}")
    return contracts[0]


def _build_options(given: dict[str, Any], sockets: list[socket]) -> Options:
    return Options(
        host=given["host"],
        allowed_hosts=given["allowed_host"],
        callback_hosts=given["allow_callback_host"],
        own_ports=frozenset(bound.getsockname()[1] for bound in sockets),
        notice=build_notice(given["log_format"]),
    )


def _announce(ready: Ready, given: dict[str, Any], upstream: str, file: ReadyFile) -> None:
    file.write(ready.to_json() + "\n")
    if given["log_format"] == "json":
        click.echo(ready.to_json())
        return
    (name, url), *_ = ready.providers.items()
    lines = [
        f"mockserver {VERSION} records {name} ({upstream}) into {given['out']}.",
        "",
        "Point a client at it, with its real key; what it orders is real and is charged:",
        "",
        f"  export {write_prefix(name)}_BASE_URL={url}",
        "",
        "Ctrl-C ends it.",
    ]
    click.echo("\n".join(lines))
