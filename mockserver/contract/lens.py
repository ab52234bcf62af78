"""Renders facts onto a shape and reads facts from a body: one walk of a schema, two directions.

Rules
1. A node's value is its `const`; else its fact, written in the node's `format`; else its
   `default`; else null where null is allowed; else nothing, and its key is left out.
2. An object whose required key stays empty, or one in each alternative of its `anyOf`, is itself
   empty, and rule 1 goes on with it.
3. JSON in a string (`contentMediaType: application/json`) is a fact written as JSON, or a
   `contentSchema` rendered by the same rules.
4. An array's items are rendered once for each of several texts (`task.results`), of which a node
   that is one text holds the first.
5. Reading walks the same nodes and collects the facts. Null, and a value equal to an empty
   default ("" or []), carry no fact.

The law: render(read(render(facts))) == render(facts), for every shape.

A schema is compiled once into two nested closures, so that a reply costs no interpretation.
"""

from collections.abc import Mapping
from typing import Any, cast

import orjson

from mockserver.contract.expression import compile_text, list_names
from mockserver.contract.facts import FACTS, Facts, Kind
from mockserver.contract.leaf import (
    JSON_TYPE,
    MISSING,
    NOTHING,
    Lens,
    Read,
    Render,
    Schema,
    compile_leaf,
)


def compile_lens(schema: Schema, where: str) -> Lens:
    """Compile a schema, references resolved; `where` names it in complaints."""
    if "const" in schema:
        return _compile_const(schema)
    fact = schema.get("x-fact")
    if fact is not None:
        inner = compile_leaf(schema, str(fact), where)
    elif schema.get("contentMediaType") == JSON_TYPE:
        inner = _compile_string(schema, where)
    elif "properties" in schema:
        inner = _compile_object(schema, where)
    elif "items" in schema:
        inner = _compile_list(schema["items"], where)
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


def _compile_list(schema: Schema, where: str) -> Lens:
    """An array with one item for each of several texts; without such a fact it is nothing."""
    item = compile_lens(schema, f"{where}/items")
    fact = next((name for name in sorted(item.needs) if FACTS.get(name) is Kind.TEXTS), None)
    if fact is None:
        return NOTHING

    def render(facts: Mapping[str, Any]) -> object:
        values = facts.get(fact)
        if values is None:
            return MISSING
        items = [item.render({**facts, fact: [value]}) for value in values]
        return MISSING if MISSING in items else items

    def read(value: object, facts: Facts) -> None:
        if isinstance(value, list):
            found: list[object] = []
            for each in value:
                own: Facts = {}
                item.read(each, own)
                found += cast(list[object], own.pop(fact, []))
                facts.update(own)
            facts[fact] = found

    return Lens(render, read, item.needs)


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
    always = frozenset(schema.get("required", ()))
    branches = [frozenset(branch.get("required", ())) for branch in schema.get("anyOf", ({},))]
    required = tuple(always | branch for branch in branches)
    needs = frozenset[str]().union(*(lens.needs for lens in lenses.values()))
    return Lens(_render_object(lenses, required), _read_object(lenses), needs)


def _render_object(lenses: Mapping[str, Lens], required: tuple[frozenset[str], ...]) -> Render:
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


def _leave_out(body: dict[str, object], required: tuple[frozenset[str], ...]) -> object:
    """The body without its empty keys; nothing at all if none of the required sets is whole."""
    empty = [name for name, value in body.items() if value is MISSING]
    if not any(names.isdisjoint(empty) for names in required):
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
