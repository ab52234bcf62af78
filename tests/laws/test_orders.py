"""What a client sends is what contracts ask for."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from imagejobs.dialects import DIALECTS
from mockserver.contract.body import Variant
from tests.laws.orders import list_variants
from tests.laws.targets import load_contracts

CONTRACTS = load_contracts()
IMAGE = "https://images.example/1.png"


def list_image_fields(schema: Mapping[str, Any]) -> Iterator[str]:
    """The fields of a body in which a list of images to start from may stand."""
    for name, node in schema.get("properties", {}).items():
        if node.get("x-fact") == "input.images" and node.get("type") == "array":
            yield name
        yield from list_image_fields(node)


ROWS = [
    pytest.param(provider, variant, id=f"{provider}-{variant.model}")
    for provider in DIALECTS
    for variant in list_variants(CONTRACTS[provider.removesuffix("-v2")], provider)
    if any(list_image_fields(variant.schema))
]


@pytest.mark.parametrize(("provider", "variant"), ROWS)
def test_images_go_where_the_model_looks_for_them(provider: str, variant: Variant) -> None:
    """Of every model that makes images from images, the client knows the field."""
    order: dict[str, Any] = {"images": [IMAGE]}
    if variant.model is not None:
        order["model"] = variant.model
    body = DIALECTS[provider].build_submit("a red fox", order)[1]  # type: ignore[arg-type]  # it is an order
    given = body.get("input", body)

    assert any(given.get(name) == [IMAGE] for name in list_image_fields(variant.schema))
    assert variant.find_undeclared(body) == []


@pytest.mark.parametrize("provider", DIALECTS)
def test_each_dialect_speaks_to_an_operation(provider: str) -> None:
    """A dialect's submit is an operation of its provider's contract, and so is its poll."""
    contract = CONTRACTS[provider.removesuffix("-v2")]
    paths = {operation.path for operation in contract.operations.values()}
    submit = DIALECTS[provider].build_submit("a red fox", {})[0]

    assert {submit, DIALECTS[provider].build_inspect("t").partition("?")[0]} <= paths
