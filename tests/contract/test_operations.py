"""What is read of an operation besides its shapes' own words."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mockserver.contract.load import load
from mockserver.contract.shape import Shape

WriteContract = Callable[..., Path]

SEE = "#/paths/~1see~1{id}"
ID = {"name": "id", "in": "path", "required": True, "schema": {"x-fact": "task.id"}}
PAGE = {"name": "page", "in": "query", "schema": {"type": "integer"}}


def test_the_parameters_of_a_path_are_those_of_its_operations(
    write_contract: WriteContract,
) -> None:
    """What stands on the path counts for each method, unless the operation replaces it."""
    theirs = [{"name": "id", "in": "path", "required": True, "schema": {"type": "null"}}, PAGE]
    own = [{**ID, "schema": {"maxLength": 9, "x-fact": "task.id"}}]
    folder = write_contract({f"{SEE}/parameters": theirs, f"{SEE}/get/parameters": own})
    parameters = load(folder).operations["see"].parameters

    assert [(parameter.where, parameter.name) for parameter in parameters] == [
        ("path", "id"),
        ("query", "page"),
    ]
    assert parameters[0].schema == own[0]["schema"]


def test_a_reference_may_have_a_moment_beside_it(write_contract: WriteContract) -> None:
    """One schema serves several moments, each branch says which, and is a shape of its own."""
    branches = [
        {"x-when": "unauthorized", "$ref": "#/components/schemas/Lost"},
        {"x-when": "expired", "$ref": "#/components/schemas/Lost"},
    ]
    content = {"application/json": {"schema": {"oneOf": branches}}}
    folder = write_contract({f"{SEE}/get/responses/401": {"content": content}})
    shapes = load(folder).operations["see"].shapes

    assert shapes["unauthorized"].moments == ("unauthorized",)
    assert shapes["expired"].where.endswith("/401/content/application~1json/schema/oneOf/1")
    assert shapes["expired"].schema["properties"] == shapes["not_found"].schema["properties"]


@pytest.fixture
def limited(write_contract: WriteContract) -> Shape:
    """A refusal with headers, one of them by reference."""
    headers = {
        "Retry-After": {"schema": {"x-fact": "refusal.retry_after"}},
        "X-Limit": {"$ref": "#/components/headers/Limit"},
        "X-Note": {},
    }
    limit = {"schema": {"type": "string", "default": "{$refusal.limit} per minute"}}
    folder = write_contract(
        {
            "#/paths/~1make/post/responses/429/headers": headers,
            "#/components/headers": {"Limit": limit},
        }
    )
    return load(folder).operations["make"].shapes["rate_limited"]


def test_headers_are_filled_like_fields(limited: Shape) -> None:
    """A response's headers are rendered from facts, and belong to what the shape needs."""
    facts = {"refusal.retry_after": 7, "refusal.limit": 20}
    filled = {name: lens.render(facts) for name, lens in limited.header_lenses.items()}

    assert (filled["Retry-After"], filled["X-Limit"]) == (7, "20 per minute")
    assert limited.needs == facts.keys()
