"""Renders facts onto a shape and reads facts from a body: one walk of a schema, two directions.

Rules
1. A node's value is its `const`; else its fact, written in the node's `format`; else its
   `default`; else null where null is allowed; else nothing, and its key is left out.
2. An object whose required key stays empty is itself empty, and rule 1 goes on with it.
3. JSON in a string (`contentMediaType: application/json`) is a fact written as JSON, or a
   `contentSchema` rendered by the same rules.
4. Reading walks the same nodes and collects the facts. Null, and a value equal to an empty
   default ("" or []), carry no fact.

The law: render(read(render(facts))) == render(facts), for every shape.

A schema is compiled once into two nested closures, so that a reply costs no interpretation.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from mockserver.contract.expression import compile_text, list_names
from mockserver.contract.facts import FACTS, Facts
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


def compile_lens(schema: Schema, where: str) -> Lens:
    """Compile a schema, references resolved; `where` names it in complaints."""
    if "const" in schema:
        return _compile_const(schema)
    fact = schema.get("x-fact")
    if fact is not None:
        inner = _compile_fact(schema, str(fact), where)
    elif schema.get("contentMediaType") == JSON_TYPE:
        inner = _compile_string(schema, where)
    elif "properties" in schema:
        inner = _compile_object(schema, where)
    else:
        inner = NOTHING
    return _compile_otherwise(schema, inner)


def allows_null(schema: Schema) -> bool:
    """Whether a schema says that null is a legal value."""
    kind = schema.get("type")
    return kind == "null" or (isinstance(kind, list) and "null" in kind)


def _compile_const(schema: Schema) -> Lens:
    const = schema["const"]
    fact = schema.get("x-fact")

    def read(value: object, facts: Facts) -> None:
        if fact is not None and value == const:
            facts[fact] = value

    return Lens(lambda facts: const, read, frozenset(), const)


def _compile_otherwise(schema: Schema, inner: Lens) -> Lens:
    """Rule 1 from `default` on: what stands where the inner walk finds nothing."""
    default = schema.get("default", None if allows_null(schema) else MISSING)
    if default is MISSING:
        return inner
    inner_render, inner_read = inner.render, inner.read
    if isinstance(default, str) and (names := list_names(default)):
        fill = compile_text(default)

        def render_text(facts: Mapping[str, object]) -> object:
            value = inner_render(facts)
            return fill(facts) if value is MISSING else value

        return Lens(render_text, inner_read, inner.needs | set(names))

    def render(facts: Mapping[str, object]) -> object:
        value = inner_render(facts)
        return default if value is MISSING else value

    def read(value: object, facts: Facts) -> None:
        if value not in ("", []) or value != default:
            inner_read(value, facts)

    const = default if inner is NOTHING else MISSING
    return Lens(render, read, inner.needs, const, inner.fact, default)


def _compile_fact(schema: Schema, fact: str, where: str) -> Lens:
    if fact not in FACTS:
        raise ContractError(where, f"there is no fact {fact!r}")
    kind = FACTS[fact]
    if schema.get("contentMediaType") == JSON_TYPE:
        return _compile_json_fact(fact)
    encodings = FORMATS.get(kind)
    if encodings is None:
        return _compile_plain_fact(fact)
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


def _compile_json_fact(fact: str) -> Lens:
    def render(facts: Mapping[str, object]) -> object:
        value = facts.get(fact)
        return MISSING if value is None else orjson.dumps(value).decode()

    def read(value: object, facts: Facts) -> None:
        if isinstance(value, str):
            facts[fact] = orjson.loads(value)

    return Lens(render, read, frozenset({fact}))


def _compile_string(schema: Schema, where: str) -> Lens:
    inner = compile_lens(schema.get("contentSchema", {}), f"{where}/contentSchema")
    inner_render, inner_read = inner.render, inner.read

    def render(facts: Mapping[str, object]) -> object:
        value = inner_render(facts)
        return MISSING if value is MISSING else orjson.dumps(value).decode()

    def read(value: object, facts: Facts) -> None:
        if isinstance(value, str) and value:
            inner_read(orjson.loads(value), facts)

    return Lens(render, read, inner.needs)


def _compile_object(schema: Schema, where: str) -> Lens:
    lenses = {
        name: compile_lens(child, f"{where}/properties/{name}")
        for name, child in schema["properties"].items()
    }
    required = frozenset(schema.get("required", ()))
    needs = frozenset[str]().union(*(lens.needs for lens in lenses.values()))
    return Lens(_render_object(lenses, required), _read_object(lenses), needs)


def _render_object(lenses: Mapping[str, Lens], required: frozenset[str]) -> Render:
    # All keys in their order, so that filling them in does not change it.
    template = {name: lens.const for name, lens in lenses.items()}
    open_fields = {name: lens for name, lens in lenses.items() if lens.const is MISSING}
    plain = tuple((n, x.fact, x.otherwise) for n, x in open_fields.items() if x.fact is not None)
    rest = tuple((name, x.render) for name, x in open_fields.items() if x.fact is None)

    def render(facts: Mapping[str, object]) -> object:
        body = template.copy()
        for name, fact, otherwise in plain:
            value = facts.get(fact)
            body[name] = otherwise if value is None else value
        for name, render_child in rest:
            body[name] = render_child(facts)
        if MISSING in body.values():
            return _leave_out(body, required)
        return body

    return render


def _leave_out(body: dict[str, object], required: frozenset[str]) -> object:
    """The body without its empty keys; nothing at all if a required one is among them."""
    empty = [name for name, value in body.items() if value is MISSING]
    if not required.isdisjoint(empty):
        return MISSING
    for name in empty:
        del body[name]
    return body


def _read_object(lenses: Mapping[str, Lens]) -> Read:
    readers = tuple((name, lens.read) for name, lens in lenses.items())

    def read(value: object, facts: Facts) -> None:
        if isinstance(value, Mapping):
            for name, read_child in readers:
                if name in value:
                    read_child(value[name], facts)

    return read
