"""`mockserver drift`: a recording against a contract."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click

from mockserver.cli.contracts import add_contract_options
from mockserver.cli.report import read_target, write_file
from mockserver.errors import UsageError
from mockserver.record.drift import Drift, Survey
from mockserver.record.drift.overlay import suggest_overlay
from mockserver.record.drift.report import build_report
from mockserver.record.drift.text import format_drift
from mockserver.record.exchange import Exchange
from mockserver.record.har import read_har
from mockserver.record.recognise import recognise_all
from mockserver.selection import select_contracts

EXAMPLE: Final = """\b
mockserver drift tape.har
mockserver drift tape.har --edition documented --overlay mended.yaml
"""

STEP: Final = 500  # exchanges after which a terminal hears how far it is


@click.command(epilog=EXAMPLE)
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@add_contract_options
@click.option("--report", metavar="json=FILE", help="Write everything that was found as JSON.")
@click.option(
    "--overlay",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write an OpenAPI Overlay by which the contract would agree, for review.",
)
def command(
    files: tuple[Path, ...],
    provider: tuple[str, ...],
    contract: tuple[Path, ...],
    edition: tuple[str, ...],
    **written: Any,
) -> int:
    """Hold recordings (HAR files, anybody's) against the contract: what differs, how bad it is.

    Exit status 1 if anything differs, 4 if a recording or a contract cannot be read.
    """
    target = read_target(written["report"])
    contracts = select_contracts(provider, contract, edition)
    # Paths of several providers agree, so that all of them are needed to tell whose one is.
    names = {each.name for each in contracts}
    known = [*contracts, *(each for each in select_contracts() if each.name not in names)]
    survey = Survey(contracts)
    for exchange in recognise_all(_show_progress(_read_all(files)), known):
        survey.see(exchange)
    drift = survey.close()
    if target is not None:
        write_file(target, json.dumps(build_report(drift), indent=2, ensure_ascii=False) + "\n")
    if written["overlay"] is not None:
        _write_overlay(drift, written["overlay"])
    click.echo(format_drift(drift))
    if not drift.held:
        raise UsageError("no exchange is with a provider that was asked for; see --provider")
    return 1 if drift.findings else 0


def _read_all(files: tuple[Path, ...]) -> Iterator[Exchange]:
    for file in files:
        yield from read_har(file, with_blobs=False)


def _show_progress(exchanges: Iterator[Exchange]) -> Iterator[Exchange]:
    """The exchanges, counted on a terminal as they go by."""
    counts = sys.stderr.isatty()
    number = 0
    for number, exchange in enumerate(exchanges, 1):
        if counts and number % STEP == 0:
            click.echo(f"\r{number:,} exchanges", nl=False, err=True)
        yield exchange
    if counts and number >= STEP:
        click.echo("\r\033[K", nl=False, err=True)


def _write_overlay(drift: Drift, path: Path) -> None:
    import yaml

    names = sorted({finding.place.provider for finding in drift.findings})
    if len(names) > 1:
        raise UsageError(f"--overlay is for one provider, not {', '.join(names)}; see --provider")
    for held in drift.held:
        if held.contract.name in names or len(drift.held) == 1:
            overlay, unsaid = suggest_overlay(drift, held.contract)
            told = yaml.safe_dump(overlay, sort_keys=False, allow_unicode=True, width=100)
            write_file(path, drift.redactor.redact_text(told))
            if unsaid:
                click.echo(
                    f"{path}: {len(unsaid)} differences are nothing for an overlay", err=True
                )
