from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.contract.model import Contract
from mockserver.contract.reading import read_reply
from mockserver.contract.shape import Shape
from mockserver.errors import ContractError

EXAMPLES = settings().max_examples // 2  # for each of some hundreds of shapes

FactsFor = Callable[..., st.SearchStrategy[dict[str, object]]]


def list_carried(node: Any) -> Iterator[str]:
    """The facts that stand in fields of their own, not only inside a text."""
    if isinstance(node, Mapping):
        if isinstance(node.get("x-fact"), str):
            yield node["x-fact"]
        for child in node.values():
            yield from list_carried(child)


def agree(read: object, given: object) -> bool:
    """Whether a fact is what was given; of several texts a body may have room for the first."""
    return read == given or (isinstance(given, list) and read == given[:1])


def test_rendering_what_was_read_gives_the_same_body(
    contract: Contract, shape: Shape, facts_for: FactsFor
) -> None:
    """Rendering what was read from a rendered body gives that body, in every edition."""

    @settings(max_examples=EXAMPLES)
    @given(facts_for(contract, shape))
    def law(facts: dict[str, object]) -> None:
        body = shape.render(facts)

        assert body == shape.render(shape.read(body))

    law()


def test_reading_gives_back_the_facts_that_were_rendered(
    contract: Contract, shape: Shape, facts_for: FactsFor
) -> None:
    """A fact that is read is the fact that was given, but for what its encoding cannot hold."""
    carried = set(list_carried(shape.schema)) & shape.needs

    @settings(max_examples=EXAMPLES)
    @given(facts_for(contract, shape))
    def law(facts: dict[str, object]) -> None:
        read = shape.read(shape.render(facts))
        exact = {fact for fact in carried if not isinstance(facts[fact], int)}

        assert carried <= read.keys()
        assert [fact for fact in exact if not agree(read[fact], facts[fact])] == []

    law()


def test_every_rendered_body_keeps_its_own_schema(
    contract: Contract, shape: Shape, facts_for: FactsFor
) -> None:
    """What a shape renders, that shape accepts."""

    @settings(max_examples=EXAMPLES)
    @given(facts_for(contract, shape))
    def law(facts: dict[str, object]) -> None:
        assert shape.find_violations(shape.render(facts)) == []

    law()


def test_a_reply_is_read_as_what_it_was_rendered_as(
    contract: Contract, shape: Shape, facts_for: FactsFor
) -> None:
    """Of all shapes of an operation, only the one that rendered a reply accepts it."""
    operations = [op for op in contract.operations.values() if shape in op.shapes.values()]

    @settings(max_examples=EXAMPLES)
    @given(facts_for(contract, shape))
    def law(facts: dict[str, object]) -> None:
        body = shape.render(facts)
        readings = [read_reply(contract, operation, body) for operation in operations]

        assert [[shape]] * len(operations) == [[r.shape for r in found] for found in readings]

    law()


def test_a_body_is_whole_or_refused(contract: Contract, shape: Shape, facts_for: FactsFor) -> None:
    """With facts missing, a shape renders a body that it accepts, or says what is missing."""

    @settings(max_examples=EXAMPLES)
    @given(facts_for(contract, shape, partly=True))
    def law(facts: dict[str, object]) -> None:
        try:
            body = shape.render(facts)
        except ContractError:
            return

        assert shape.accepts(body)
        assert body == shape.render(shape.read(body))

    law()
