"""A lenient reader of facts, for bodies that may break their contract."""

from collections.abc import Iterable, Iterator

import orjson

from mockserver.contract.facts import Facts
from mockserver.contract.places import Step, Way, find_paths
from mockserver.contract.shape import Shape


def read_json(data: bytes) -> object:
    """The value of a body, None if it is no JSON."""
    if not data:
        return None
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None


def find_texts(shapes: Iterable[Shape], fact: str, body: object) -> Iterator[str]:
    """Every text that stands where one of the shapes has a fact, each once."""
    seen: set[str] = set()
    for value in find_values(shapes, fact, body):
        if isinstance(value, str) and value and value not in seen:
            seen.add(value)
            yield value


def find_values(shapes: Iterable[Shape], fact: str, body: object) -> Iterator[object]:
    """Whatever stands where one of the shapes has a fact, lists taken apart."""
    paths = dict.fromkeys(path for shape in shapes for path in find_paths(shape, fact))
    for path in paths:
        for found in _walk(body, path):
            yield from found if isinstance(found, list) else [found]


def _walk(value: object, path: tuple[Step, ...]) -> Iterator[object]:
    if not path:
        yield value
        return
    step, rest = path[0], path[1:]
    if step is Way.EACH:
        for item in value if isinstance(value, list) else ():
            yield from _walk(item, rest)
    elif step is Way.OPEN:
        inner = read_json(value.encode()) if isinstance(value, str) else value
        yield from _walk(inner, rest)
    elif isinstance(value, dict) and step in value:
        yield from _walk(value[step], rest)


def read_facts(shapes: Iterable[Shape], body: object) -> Facts:
    """The facts of the first shape that accepts a body; none if no shape does."""
    shape = next((shape for shape in shapes if shape.accepts(body)), None)
    return {} if shape is None else shape.read(body)
