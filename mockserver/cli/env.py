"""`mockserver env`: print the variables that point a client at the server."""

import shlex
from collections.abc import Callable
from typing import Any, Final

import click

from mockserver.cli.contracts import add_contract_options
from mockserver.cli.filled import refuse_blank
from mockserver.cli.listen import add_url_option
from mockserver.cli.ready import SAMPLE_KEY
from mockserver.selection import select_contracts
from mockserver.variables import list_variables

EXAMPLE: Final = """\b
eval "$(mockserver env)"
mockserver env --format fish | source
mockserver env --format powershell | Invoke-Expression
mockserver env --format github >> "$GITHUB_ENV"
"""


def _quote_fish(value: str) -> str:
    if shlex.quote(value) == value:
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _quote_single(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _quote_double(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


FORMATS: Final[dict[str, Callable[[str, str], str]]] = {
    "sh": lambda name, value: f"export {name}={shlex.quote(value)}",
    "fish": lambda name, value: f"set -gx {name} {_quote_fish(value)}",
    "powershell": lambda name, value: f"$Env:{name} = {_quote_single(value)}",
    "dotenv": lambda name, value: f"{name}={_quote_double(value)}",
    "github": lambda name, value: f"{name}={value}",
}


@click.command(epilog=EXAMPLE)
@add_contract_options
@add_url_option
@click.option(
    "--key",
    default=SAMPLE_KEY,
    show_default=True,
    callback=refuse_blank,
    help="The API key to use.",
)
@click.option(
    "--format",
    type=click.Choice(list(FORMATS)),
    default="sh",
    show_default=True,
    help="Whose syntax to write.",
)
def command(**given: Any) -> None:
    """Print MOCKSERVER_URL and, per provider, <NAME>_BASE_URL and <NAME>_API_KEY."""
    url, write = given["url"].rstrip("/"), FORMATS[given["format"]]
    if any(not letter.isprintable() for letter in url + given["key"]):
        raise click.UsageError("--url and --key take one line of printable characters")
    contracts = select_contracts(given["provider"], given["contract"], given["edition"])
    base_urls = {contract.name: f"{url}/{contract.name}" for contract in contracts}
    for name, value in list_variables(url, base_urls, given["key"]).items():
        click.echo(write(name, value))
