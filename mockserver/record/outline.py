"""A body beside its schema, traversed: JSON in strings opened, undeclared fields, facts."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import orjson

from mockserver.contract.document import escape, split_pointer
from mockserver.contract.facts import FACTS, Facts
from mockserver.contract.formats import FORMATS
from mockserver.contract.leaf import JSON_TYPE, Schema


class Leaf(NamedTuple):
    """A node with a fact."""

    pointer: str
    fact: str
    schema: Schema


def open_strings(schema: Schema, value: object) -> object:
    """A value in which strings that the schema says are JSON stand opened."""
    if isinstance(value, str) and schema.get("contentMediaType") == JSON_TYPE and value:
        try:
            return open_strings(schema.get("contentSchema", {}), orjson.loads(value))
        except orjson.JSONDecodeError:
            return value
    fields, items = schema.get("properties"), schema.get("items")
    if isinstance(value, dict) and fields:
        opened = {n: open_strings(fields[n], child) for n, child in value.items() if n in fields}
        return {**value, **opened}
    if isinstance(value, list) and isinstance(items, dict):
        return [open_strings(items, child) for child in value]
    return value


def find_undeclared(schema: Schema, opened: object, at: str = "") -> Iterator[tuple[str, object]]:
    """Pointer and value of each field that the schema does not know, where it names fields."""
    schema = open_schema(schema)
    if isinstance(opened, list):
        for child in opened:
            yield from find_undeclared(schema.get("items", {}), child, f"{at}/*")
    fields = schema.get("properties")
    if not fields or not isinstance(opened, dict) or schema.get("additionalProperties"):
        return
    for name, child in opened.items():
        pointer = f"{at}/{escape(name)}"
        if name in fields:
            yield from find_undeclared(fields[name], child, pointer)
        else:
            yield pointer, child


def open_schema(schema: Schema) -> Schema:
    """The schema of what is in a string, if that is JSON."""
    inner = schema.get("contentSchema")
    return inner if isinstance(inner, dict) else schema


def list_leaves(schema: Schema, at: str = "") -> Iterator[Leaf]:
    """Every node with a fact, JSON in strings included; items of arrays are not."""
    if "x-fact" in schema:
        yield Leaf(at, schema["x-fact"], schema)
    inner = schema.get("contentSchema")
    if isinstance(inner, Mapping):
        yield from list_leaves(inner, at)
    for name, child in schema.get("properties", {}).items():
        yield from list_leaves(child, f"{at}/{escape(name)}")


def find_schema(schema: Schema, pointer: str) -> Schema:
    """The schema of the value at a pointer; an empty one if there is none."""
    for part in split_pointer(pointer):
        inner = open_schema(schema)
        child = inner.get("properties", {}).get(part, inner.get("items"))
        schema = child if isinstance(child, dict) else {}
    return schema


def find_value(opened: object, pointer: str, default: object = None) -> object:
    """The value at a pointer."""
    node: Any = opened
    for part in split_pointer(pointer):
        if isinstance(node, dict) and part in node:
            node = node[part]
        elif isinstance(node, list) and part.isdecimal() and int(part) < len(node):
            node = node[int(part)]
        else:
            return default
    return node


def generalise(pointer: str, opened: object) -> str:
    """The pointer with a star for each index of an array."""
    node: Any = opened
    parts = []
    for part in split_pointer(pointer):
        if isinstance(node, list):
            parts.append("*")
            node = node[int(part)] if part.isdecimal() and int(part) < len(node) else None
        else:
            parts.append(escape(part))
            node = node.get(part) if isinstance(node, dict) else None
    return "".join(f"/{part}" for part in parts)


def read_facts(leaves: tuple[Leaf, ...], opened: object) -> Facts:
    """The facts of a body that may break its schema: what cannot be read is left out."""
    facts: Facts = {}
    for pointer, fact, schema in leaves:
        value = find_value(opened, pointer)
        if value in (None, "", []) or fact not in FACTS:
            continue
        encodings = FORMATS.get(FACTS[fact])
        try:
            encoding = encodings.get(schema.get("format")) if encodings else None
            facts[fact] = value if encoding is None else encoding.read(value)
        except (ValueError, OverflowError):
            continue
    return facts
