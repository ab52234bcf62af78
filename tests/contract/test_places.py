"""Places: one field of a body is changed, wherever a contract has it, and nothing else is."""

import json
from typing import Any

import pytest

from mockserver.contract.places import GONE, change, find_paths, list_places
from mockserver.contract.shape import Shape

SCHEMA: dict[str, Any] = {
    "properties": {
        "state": {"type": "string", "x-fact": "task.state"},
        "param": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {"properties": {"id": {"type": "string", "x-fact": "task.id"}}},
        },
        "images": {
            "items": {"properties": {"url": {"type": "string", "x-fact": "task.results"}}},
        },
    }
}
SHAPE = Shape(("succeeded",), 200, "application/json", SCHEMA, "here")
BODY = {"state": "done", "param": '{"id":"t-1"}', "images": [{"url": "a"}, {"url": "b"}]}


@pytest.mark.parametrize(
    ("fact", "changed"),
    [
        ("task.state", {**BODY, "state": "x"}),
        ("task.id", {**BODY, "param": '{"id":"x"}'}),
        ("task.results", {**BODY, "images": [{"url": "x"}, {"url": "x"}]}),
    ],
)
def test_a_fact_is_changed_where_it_stands(fact: str, changed: object) -> None:
    """In an object, in JSON inside of a string, in each item of an array; the rest is as it was."""
    (path,) = find_paths(SHAPE, fact)

    assert change(BODY, path, lambda _: "x") == changed


@pytest.mark.parametrize("body", [None, 7, [], {}, {"state": 1}, {"param": "{", "images": {}}])
def test_what_is_not_there_is_not_changed(body: Any) -> None:
    """A body of another form comes back as it was."""
    for place in list_places(SHAPE):
        if place.fact in ("task.id", "task.results"):
            assert change(body, place.path, lambda _: "x") == body


def test_a_field_can_be_left_out() -> None:
    """Its key is gone from a copy; the body that was given has it still."""
    (path,) = find_paths(SHAPE, "task.state")

    assert change(BODY, path, lambda _: GONE) == {k: BODY[k] for k in ("param", "images")}
    assert BODY["state"] == "done"


def test_json_in_strings_is_known() -> None:
    """Places that hold JSON are told apart, so that it can be broken."""
    assert [place.path for place in list_places(SHAPE) if place.holds_json] == [("param",)]
    assert json.loads(str(BODY["param"])) == {"id": "t-1"}
