"""`mockserver routes`: list every address that is served."""

from typing import Any

import click

from mockserver.cli.contracts import add_contract_options
from mockserver.cli.listen import add_url_option
from mockserver.cli.table import format_table
from mockserver.selection import select_contracts

COLUMNS = ("METHOD", "ADDRESS", "OPERATION", "ROLE")


@click.command(epilog="Example: mockserver routes --url http://127.0.0.1:9000")
@add_contract_options
@add_url_option
def command(url: str, **given: Any) -> None:
    """List every address that is served, with the operation behind it."""
    contracts = select_contracts(given["provider"], given["contract"], given["edition"])
    rows = [
        (operation.method, f"{url.rstrip('/')}/{contract.name}{operation.path}", operation.id, role)
        for contract in contracts
        for operation in contract.operations.values()
        for role in [operation.role.value]
    ]
    click.echo(format_table(COLUMNS, rows))
