"""`mockserver models`: list the models that can be asked for."""

from collections.abc import Iterator
from typing import Any, Final

import click

from mockserver.cli.contracts import add_contract_options, load_contracts
from mockserver.cli.table import format_table
from mockserver.clock import format_span
from mockserver.contract.body import Variant
from mockserver.contract.model import Contract, Operation, Role
from mockserver.contract.yields import Price, Yields

COLUMNS: Final = ("MODEL", "MAKES", "TAKES", "INPUT NEEDED", "CREDITS")
EXAMPLE: Final = """\b
mockserver models
mockserver models --provider NAME flux
"""

Row = tuple[str, str, str, str, str]


@click.command(epilog=EXAMPLE)
@add_contract_options
@click.argument("words", nargs=-1, metavar="[WORD]...")
def command(words: tuple[str, ...], **given: Any) -> int:
    """List what can be asked for: what it makes, how long that takes, its input and its price.

    With words, only models whose name holds all of them. An API without models is listed by its
    path. The times are the real provider's.
    """
    wanted = [word.lower() for word in words]
    found = False
    for contract in load_contracts(given["provider"], given["contract"], given["edition"]):
        rows = [row for row in list_rows(contract) if all(w in row[0].lower() for w in wanted)]
        if rows:
            click.echo(f"{contract.title} ({contract.name})\n")
            click.echo(format_table(COLUMNS, rows) + "\n")
            found = True
    if not found:
        click.echo(f"No model is called {' '.join(words)!r}.", err=True)
    return 0 if found else 1


def list_rows(contract: Contract) -> Iterator[Row]:
    """One row per model, or per submit path where there are no models."""
    for operation in contract.find_role(Role.SUBMIT):
        for variant in list_variants(operation):
            yields = variant.yields
            yield (
                variant.model or operation.path,
                describe_yields(yields) if yields else "",
                describe_range(yields.takes) if yields else "",
                ", ".join(variant.input_schema.get("required", ())),
                describe_price(variant.price) if variant.price else "free",
            )


def list_variants(operation: Operation) -> Iterator[Variant]:
    """Every form of an operation's body."""
    if operation.body is not None:
        for model in operation.body.models or (None,):
            variant = operation.body.find_variant(model)
            if variant is not None:
                yield variant


def describe_yields(yields: Yields) -> str:
    """What a task makes: "image", "6 images"."""
    return yields.media if yields.count == 1 else f"{yields.count} {yields.media}s"


def describe_range(span: tuple[int, int]) -> str:
    """A range of milliseconds: "48s..66s"."""
    low, high = map(format_span, span)
    return low if low == high else f"{low}..{high}"


def describe_price(price: Price) -> str:
    """A price table in one line: "3 (resolution 1K), 5 (resolution 2K), else 8"."""
    parts = []
    for row in price.rows:
        when = ", ".join(f"{name} {value}" for name, value in row.when.items())
        parts.append(f"{format_credits(row.credits)} ({when})")
    if all(row.credits != price.otherwise for row in price.rows):
        parts.append(f"{'else ' if parts else ''}{format_credits(price.otherwise)}")
    line = ", ".join(parts)
    return f"{line}; times {price.times}" if price.times else line


def format_credits(thousandths: int) -> str:
    """Credits without trailing zeros: 4500 is "4.5"."""
    whole, part = divmod(thousandths, 1000)
    return f"{whole}.{part:03}".rstrip("0").rstrip(".")
