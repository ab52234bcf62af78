"""A node that carries a fact: how it is written, and how it is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from mockserver.contract.facts import FACTS, Facts, Kind
from mockserver.contract.formats import FORMATS
from mockserver.errors import ContractError

Schema = Mapping[str, Any]
Render = Callable[[Mapping[str, object]], object]
Read = Callable[[object, Facts], None]

MISSING: Final = object()
JSON_TYPE: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Lens:
    """Both directions of one schema, and the facts that it needs."""

    render: Render
    read: Read
    needs: frozenset[str]
    # What an object's walk may do by itself, without a call for each of its fields:
    const: object = MISSING  # the node is always this
    fact: str | None = None  # the node is this fact as it is,
    otherwise: object = MISSING  # or this where there is no such fact


NOTHING: Final = Lens(lambda facts: MISSING, lambda value, facts: None, frozenset())


def compile_leaf(schema: Schema, fact: str, where: str) -> Lens:
    """Compile a node with a fact; raises ContractError for one that cannot be written so."""
    if fact not in FACTS:
        raise ContractError(where, f"there is no fact {fact!r}")
    kind = FACTS[fact]
    if schema.get("contentMediaType") == JSON_TYPE:
        return _compile_json_fact(fact)
    encodings = FORMATS.get(kind)
    if encodings is None:
        is_one = kind is Kind.TEXTS and schema.get("type") in ("string", ["string", "null"])
        return _compile_one(fact) if is_one else _compile_plain_fact(fact)
    name = schema.get("format")
    if name not in encodings:
        known = ", ".join(str(n) for n in encodings if n)
        raise ContractError(where, f"{fact} cannot have the format {name!r}", f"one of {known}")
    write, decode = encodings[name].write, encodings[name].read

    def render(facts: Mapping[str, Any]) -> object:
        value = facts.get(fact)
        return MISSING if value is None else write(value)

    def read(value: object, facts: Facts) -> None:
        if value is not None:
            facts[fact] = decode(value)

    return Lens(render, read, frozenset({fact}))


def _compile_plain_fact(fact: str) -> Lens:
    def render(facts: Mapping[str, object]) -> object:
        value = facts.get(fact)
        return MISSING if value is None else value

    def read(value: object, facts: Facts) -> None:
        if value is not None:
            facts[fact] = value

    return Lens(render, read, frozenset({fact}), fact=fact)


def _compile_one(fact: str) -> Lens:
    """The first of several texts, on a node that holds one."""

    def render(facts: Mapping[str, Any]) -> object:
        values = facts.get(fact)
        return values[0] if values else MISSING

    def read(value: object, facts: Facts) -> None:
        if isinstance(value, str):
            facts.setdefault(fact, [value])

    return Lens(render, read, frozenset({fact}))


def _compile_json_fact(fact: str) -> Lens:
    def render(facts: Mapping[str, object]) -> object:
        value = facts.get(fact)
        return MISSING if value is None else orjson.dumps(value).decode()

    def read(value: object, facts: Facts) -> None:
        if isinstance(value, str):
            facts[fact] = orjson.loads(value)

    return Lens(render, read, frozenset({fact}))
