"""`mockserver models`: list the models that can be asked for."""

import json
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any, Final

import click

from mockserver.cli.contracts import add_contract_options
from mockserver.cli.prices import describe_price, outline_price
from mockserver.cli.table import format_table
from mockserver.clock import format_span
from mockserver.contract.body import Variant
from mockserver.contract.model import Contract, Operation, Role
from mockserver.contract.yields import Yields
from mockserver.selection import select_contracts

COLUMNS: Final = ("MODEL", "MAKES", "TAKES", "INPUT NEEDED", "CREDITS")
FEW: Final = 12  # models, that are told with all rows of their prices
EXAMPLE: Final = """\b
mockserver models
mockserver models --provider NAME flux text
mockserver models NAME-OF-A-MODEL
"""

Row = tuple[str, str, str, str, str]
Asked = tuple[Operation, str | None]  # a submit, and one of its models if it has several


@click.command(epilog=EXAMPLE)
@add_contract_options
@click.argument("words", nargs=-1, metavar="[WORD]...")
def command(words: tuple[str, ...], **given: Any) -> int:
    """List what can be asked for: what it makes, how long that takes, its input and its price.

    With words, only models whose name holds all of them; a few are told with all rows of their
    prices, a single one with all fields of its input, by provider. An API without models is listed
    by its path. The times are the real provider's.
    """
    contracts = select_contracts(given["provider"], given["contract"], given["edition"])
    found = {contract.name: find_models(contract, words) for contract in contracts}
    count = sum(map(len, found.values()))
    names = {name_asked(*each) for rows in found.values() for each in rows}
    for contract in contracts:
        if asked := found[contract.name]:
            click.echo(f"{contract.title} ({contract.name})\n")
            click.echo(format_table(COLUMNS, list_rows(asked, count <= FEW)) + "\n")
            if len(names) == 1:
                click.echo(describe_source(find_variant(*asked[0])))
                click.echo(format_table(FIELDS, list_fields(*asked[0])) + "\n")
    if not count:
        click.echo(explain_miss(contracts, words), err=True)
    return 0 if count else 1


def find_models(contract: Contract, words: Sequence[str]) -> list[Asked]:
    """Every model whose name holds all the words, or is the only one; none is read for this."""
    asked = [
        (operation, model)
        for operation in contract.find_role(Role.SUBMIT)
        if operation.body is not None
        for model in operation.body.models or (None,)
    ]
    if exact := [each for each in asked if [name_asked(*each)] == list(words)]:
        return exact
    wanted = [word.lower() for word in words]
    return [each for each in asked if all(w in name_asked(*each).lower() for w in wanted)]


def name_asked(operation: Operation, model: str | None) -> str:
    """What a row is called: the model, or the path where there are no models."""
    return model or operation.path


def list_rows(asked: Sequence[Asked], in_full: bool) -> Iterator[Row]:
    """One row for each model, with the whole of its price or an outline of it."""
    for operation, model in asked:
        variant = find_variant(operation, model)
        yields, price = variant.yields, variant.price
        tell_price = describe_price if in_full else outline_price
        yield (
            name_asked(operation, model),
            describe_yields(yields) if yields else "",
            describe_range(yields.takes) if yields else "",
            ", ".join(variant.input_schema.get("required", ())),
            tell_price(price) if price else "free",
        )


FIELDS: Final = ("FIELD", "NEEDED", "ALLOWED")


def describe_source(variant: Variant) -> str:
    """What a model is called for people, and where its fields are known from."""
    title = variant.schema.get("title", variant.model or "The request")
    basis = variant.schema.get("x-basis", "documented")
    return f"{title}: {basis if isinstance(basis, str) else 'documented'}\n"


def list_fields(operation: Operation, model: str | None) -> Iterator[tuple[str, str, str]]:
    """One row for each field of a model's input."""
    schema = find_variant(operation, model).input_schema
    for name, node in schema.get("properties", {}).items():
        yield name, "yes" if name in schema.get("required", ()) else "", describe_field(node)


_BOUNDS: Final = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minimum": "from {}",
    "maximum": "up to {}",
}


def describe_field(node: Any) -> str:
    """What a field may hold: "1K 2K 4K; default 1K", "array; at most 8 items"."""
    said = [
        " ".join(map(_write_plain, node["enum"])) if "enum" in node else str(node.get("type", ""))
    ]
    said += [text.format(node[word]) for word, text in _BOUNDS.items() if word in node]
    if node.get("default", "") != "":
        said.append(f"default {_write_plain(node['default'])}")
    return "; ".join(filter(None, [*said, node.get("description", "")]))


def _write_plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def explain_miss(contracts: Sequence[Contract], words: Sequence[str]) -> str:
    """One sentence: that there is no such model, and which ones come nearest."""
    names = [name_asked(*each) for contract in contracts for each in find_models(contract, ())]
    near = get_close_matches("-".join(words), names, 4, 0.4)
    miss = f"No model is called {' '.join(words)!r}"
    return f"{miss}; nearest: {', '.join(near)}" if near else f"{miss}."


def find_variant(operation: Operation, model: str | None) -> Variant:
    """The form of a submit's body for a model that it has."""
    variant = operation.body.find_variant(model) if operation.body else None
    if variant is None:
        raise ValueError(f"{operation.id} has no model {model!r}")
    return variant


def describe_yields(yields: Yields) -> str:
    """What a task makes: "image", "6 images", "image by num_images"."""
    count = yields.count
    if count.field is not None:
        return f"{yields.media} by {count.field}"
    return yields.media if count.default == 1 else f"{count.default:g} {yields.media}s"


def describe_range(span: tuple[int, int]) -> str:
    """A range of milliseconds: "48s..66s"."""
    low, high = map(format_span, span)
    return low if low == high else f"{low}..{high}"
