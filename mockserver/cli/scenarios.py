"""`mockserver scenarios`: list what a key can ask for."""

from typing import Any, Final

import click

from mockserver.cli.contracts import add_contract_options, load_contracts
from mockserver.cli.table import format_table
from mockserver.engine.scenario import list_scenarios

COLUMNS: Final = ("SCENARIO", "WHAT HAPPENS")


@click.command(epilog="Example: use the key sk-mock-ci.rate-limited, and every call is limited.")
@add_contract_options
def command(**given: Any) -> None:
    """List what a key can ask for: outcomes, refusals and failures.

    A key is sk-mock-<name>[.<scenario>[.<seed>]]: sk-mock-ci.insufficient-credits, or
    sk-mock-ci.succeeds.42 for another seed. The whole key is one account of its own.
    """
    for contract in load_contracts(given["provider"], given["contract"], given["edition"]):
        rows = [(s.name, s.sentence) for s in list_scenarios(contract).values()]
        click.echo(f"{contract.title} ({contract.name})\n")
        click.echo(format_table(COLUMNS, rows) + "\n")
