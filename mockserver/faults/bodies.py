"""Bodies of replies that faults change: found by the facts that a contract marks, never by name."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

import orjson

from mockserver.contract.places import GONE, Change, Place, Step, change, list_places
from mockserver.contract.shape import Shape
from mockserver.draw import Draw
from mockserver.engine.call import Reply
from mockserver.engine.packing import pack
from mockserver.engine.visit import Visit

NOTHING: Final = object()


def read_body(reply: Reply) -> object:
    """The JSON value of a reply; NOTHING if it has none."""
    try:
        return orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        return NOTHING


def change_places(reply: Reply, paths: Iterable[tuple[Step, ...]], do: Change) -> Reply | None:
    """The reply with what stands at some paths changed; None if nothing stands there."""
    body = before = read_body(reply)
    for path in paths:
        body = change(body, path, do)
    if body is NOTHING or body is before or body is GONE:
        return None
    return replace(reply, body=pack(body))


def list_shapes(visit: Visit) -> tuple[Shape, ...]:
    """Every shape that a reply of the operation may have."""
    return tuple(dict.fromkeys(visit.procedure.operation.shapes.values()))


def find_places(visit: Visit, *facts: str) -> Iterator[Place]:
    """Where a reply of the operation may carry some facts."""
    for shape in list_shapes(visit):
        for place in list_places(shape):
            if place.fact in facts:
                yield place


def choose_paths(
    visit: Visit, reply: Reply, names: tuple[str, ...] | None, chance: Draw
) -> list[tuple[Step, ...]]:
    """The paths of fields that are called so, or carry such facts; without names one is drawn."""
    places = [place for shape in list_shapes(visit) for place in list_places(shape) if place.path]
    if names is not None:
        return [place.path for place in places if place.fact in names or place.path[-1] in names]
    body = read_body(reply)
    present = list(
        dict.fromkeys(place.path for place in places if place.is_leaf and _has(body, place.path))
    )
    if not present:
        return []
    return [present[chance.branch(b"field").pick_between(0, len(present) - 1)]]


def _has(body: object, path: tuple[Step, ...]) -> bool:
    found: list[object] = []

    def look(value: object) -> object:
        found.append(value)
        return value

    change(body, path, look)
    return bool(found) and found[0] is not None
