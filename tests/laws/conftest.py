"""Every contract in every edition, and strategies that draw facts for a shape."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

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
    Kind.CREDITS: st.integers(0, 10**9),
    Kind.JSON: st.dictionaries(TEXT, JSON, max_size=4),
}


@cache
def read_contract(name: str, edition: str) -> Contract:
    """A built-in contract in one edition."""
    return load(contracts_dir() / name, edition)


def list_contracts() -> Iterator[tuple[str, str]]:
    for folder in sorted(contracts_dir().iterdir()):
        if (folder / "contract.yaml").is_file():
            for edition in list_editions(folder):
                yield folder.name, edition


def list_shapes(contract: Contract) -> Iterator[tuple[str, Shape]]:
    """Every shape of a contract's replies and callbacks, once, with a name for it."""
    for operation in contract.operations.values():
        for shape in dict.fromkeys(operation.shapes.values()):
            yield f"{operation.id}-{'-'.join(shape.moments)}", shape
        for callback in operation.callbacks:
            for shape in dict.fromkeys(callback.shapes.values()):
                yield f"{operation.id}-{callback.name}-{'-'.join(shape.moments)}", shape


SHAPES = [
    pytest.param(read_contract(name, edition), shape, id=f"{name}-{edition}-{title}")
    for name, edition in list_contracts()
    for title, shape in list_shapes(read_contract(name, edition))
]


def draw_facts(
    contract: Contract, shape: Shape, *, partly: bool = False
) -> st.SearchStrategy[Mapping[str, object]]:
    """Facts for a shape: all that it needs, or any part of them."""
    drawn: dict[str, st.SearchStrategy[Any]] = {}
    for fact in shape.needs:
        kind = FACTS[fact]
        if kind is Kind.STATE:
            phases = [
                state.name for state in contract.lifecycle.states if state.phase in shape.moments
            ]
            drawn[fact] = st.sampled_from(phases)
        else:
            drawn[fact] = DRAWN[kind]
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
