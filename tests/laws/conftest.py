"""Every contract in every edition, and strategies that draw facts for a shape."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import strategies as st

from mockserver.contract.facts import FACTS, Kind
from mockserver.contract.load import list_editions, load
from mockserver.contract.model import Contract
from mockserver.contract.shape import Shape
from mockserver.data import contracts_dir

TEXT = st.text(max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(TEXT, children, max_size=3),
    max_leaves=8,
)
ADDRESSES = st.integers(0, 999).map("https://files.example/{}.png".format)
MOMENTS = st.integers(0, 4_102_444_800_000)  # until 2100

DRAWN: dict[Kind, st.SearchStrategy[object]] = {
    Kind.TEXT: TEXT.filter(bool),
    Kind.TEXTS: st.lists(ADDRESSES, min_size=1, max_size=6),
    Kind.INTEGER: st.integers(0, 10_000),
    Kind.INSTANT: MOMENTS,
    Kind.SPAN: st.integers(0, 10_000_000),
    Kind.SECONDS: st.integers(0, 10_000),
    Kind.CREDITS: st.integers(0, 10**9),
    Kind.JSON: st.dictionaries(TEXT, JSON, max_size=4),
}


ACORN = Path(__file__).parents[2] / "fixtures" / "acorn"  # uses every word


def list_contracts() -> Iterator[Contract]:
    """Every built-in contract and acorn, in every edition."""
    for folder in (*sorted(contracts_dir().iterdir()), ACORN):
        if (folder / "contract.yaml").is_file():
            for edition in list_editions(folder):
                yield load(folder, edition)


def list_shapes(contract: Contract) -> Iterator[tuple[str, Shape]]:
    """Every shape of a contract's replies and callbacks, once, with a name for it."""
    for operation in contract.operations.values():
        for shape in dict.fromkeys(operation.shapes.values()):
            yield f"{operation.id}-{'-'.join(shape.moments)}", shape
        for callback in operation.callbacks:
            for shape in dict.fromkeys(callback.shapes.values()):
                yield f"{operation.id}-{callback.name}-{'-'.join(shape.moments)}", shape


def list_different() -> Iterator[tuple[Contract, str, Shape]]:
    """Every shape, unless it is the same as in an earlier edition."""
    seen: set[str] = set()
    for contract in list_contracts():
        for title, shape in list_shapes(contract):
            form = f"{contract.name} {shape.moments} {orjson.dumps(shape.schema)!r}"
            if form not in seen:
                seen.add(form)
                yield contract, title, shape


SHAPES = [
    pytest.param(contract, shape, id=f"{contract.name}-{contract.edition}-{title}")
    for contract, title, shape in list_different()
]


def find_nodes(schema: Any) -> Iterator[Mapping[str, Any]]:
    """Every node of a schema that carries a fact."""
    if isinstance(schema, Mapping):
        if isinstance(schema.get("x-fact"), str):
            yield schema
        for child in schema.values():
            yield from find_nodes(child)


def draw_fact(fact: str, nodes: list[Mapping[str, Any]]) -> st.SearchStrategy[Any]:
    """Values of a fact that the fields which carry it can hold."""
    patterns = [node["pattern"] for node in nodes if "pattern" in node]
    if patterns:
        return st.from_regex(patterns[0], fullmatch=True)
    if words := [node["enum"] for node in nodes if "enum" in node]:
        return st.sampled_from([word for word in words[0] if word is not None])
    if FACTS[fact] is Kind.WORD:
        kinds = {kind for node in nodes for kind in _list_types(node)}
        return TEXT.filter(bool) if "string" in kinds else st.integers(1, 999)
    if FACTS[fact] is Kind.TEXT and any(node.get("format") == "uri" for node in nodes):
        return ADDRESSES
    return DRAWN[FACTS[fact]]


def _list_types(node: Mapping[str, Any]) -> list[str]:
    kind = node.get("type", [])
    return [kind] if isinstance(kind, str) else list(kind)


def draw_facts(
    contract: Contract, shape: Shape, *, partly: bool = False
) -> st.SearchStrategy[Mapping[str, object]]:
    """Facts for a shape: all that it needs, or any part of them."""
    drawn: dict[str, st.SearchStrategy[Any]] = {}
    states = [s.name for s in contract.lifecycle.states if s.phase in shape.moments]
    states = states or [contract.lifecycle.entry]  # a reply to a submit
    for fact in shape.needs:
        nodes = [node for node in find_nodes(shape.schema) if node["x-fact"] == fact]
        is_state = fact == "task.state"
        drawn[fact] = st.sampled_from(states) if is_state else draw_fact(fact, nodes)
    if partly:
        return st.fixed_dictionaries({}, optional=drawn)
    return st.fixed_dictionaries(drawn)


DrawFacts = Callable[..., st.SearchStrategy[Mapping[str, object]]]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if {"contract", "shape"} <= set(metafunc.fixturenames):
        metafunc.parametrize(("contract", "shape"), SHAPES)


@pytest.fixture(scope="session")
def facts_for() -> DrawFacts:
    """The strategy of facts for a shape."""
    return draw_facts
