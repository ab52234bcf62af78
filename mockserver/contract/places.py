"""Places in a body: where a schema says that something stands, JSON inside of strings included.

The lens renders and reads whole bodies. What wants to change one field of a body that was rendered
asks here where that field is, by the fact that it carries.
"""

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from functools import lru_cache
from typing import Any, Final, NamedTuple

import orjson

from mockserver.contract.leaf import JSON_TYPE, Schema
from mockserver.contract.shape import Shape


class Way(Enum):
    """A step that is no name of a property."""

    OPEN = "the JSON in this string"
    EACH = "every item of this array"


Step = str | Way
Change = Callable[[Any], object]

GONE: Final = object()  # what a change answers to leave a property out


class Place(NamedTuple):
    """A node of a body."""

    path: tuple[Step, ...]
    fact: str | None
    holds_json: bool  # in a string
    is_leaf: bool


@lru_cache(maxsize=4_096)
def list_places(shape: Shape) -> tuple[Place, ...]:
    """Every node of a shape's body, each before those inside of it."""
    return tuple(_walk(shape.schema, ()))


def find_paths(shape: Shape, fact: str) -> Iterator[tuple[Step, ...]]:
    """Where a fact stands."""
    return (place.path for place in list_places(shape) if place.fact == fact)


def change(value: object, path: tuple[Step, ...], do: Change) -> object:
    """A body with what stands at a path changed; the same one if nothing is there.

    The body that is given is left as it is.
    """
    if not path:
        return do(value)
    step, rest = path[0], path[1:]
    if step is Way.EACH:
        if not isinstance(value, list):
            return value
        items = [change(item, rest, do) for item in value]
        return [item for item in items if item is not GONE]
    if step is Way.OPEN:
        return _change_inside(value, rest, do)
    if not isinstance(value, Mapping) or step not in value:
        return value
    changed = change(value[step], rest, do)
    if changed is value[step]:
        return value
    fields = {**value, step: changed}
    return {name: field for name, field in fields.items() if field is not GONE}


def _change_inside(value: object, rest: tuple[Step, ...], do: Change) -> object:
    try:
        inner = orjson.loads(value) if isinstance(value, str) else None
    except orjson.JSONDecodeError:
        return value
    if inner is None:
        return value
    changed = change(inner, rest, do)
    if changed is inner or changed is GONE:
        return value if changed is inner else GONE
    return orjson.dumps(changed).decode()


def _walk(schema: Schema, path: tuple[Step, ...]) -> Iterator[Place]:
    content = schema.get("contentSchema", {})
    holds_json = schema.get("contentMediaType") == JSON_TYPE
    properties = schema.get("properties", {})
    items = schema.get("items", {})
    yield Place(path, schema.get("x-fact"), holds_json, not (properties or content or items))
    for name, child in properties.items():
        yield from _walk(child, (*path, name))
    if content:
        yield from _walk(content, (*path, Way.OPEN))
    if items:
        yield from _walk(items, (*path, Way.EACH))
