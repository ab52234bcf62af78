from typing import Any

import pytest

from mockserver.contract.overlay import apply_overlay
from mockserver.errors import ContractError


def overlay(*actions: dict[str, Any]) -> dict[str, Any]:
    return {"overlay": "1.0.0", "actions": list(actions)}


def apply(document: dict[str, Any], *actions: dict[str, Any]) -> dict[str, Any]:
    return apply_overlay(document, overlay(*actions), "acme/observed.yaml#")


def test_an_update_is_merged_into_its_target() -> None:
    """Objects merge key by key, lists grow, everything else is replaced."""
    document = {"a": {"b": 1, "c": {"d": 2}, "e": [1]}, "z": 0}

    expected = {"a": {"b": 5, "c": {"d": 2, "f": 3}, "e": [1, 2]}, "z": 0}
    update = {"b": 5, "c": {"f": 3}, "e": [2]}
    assert expected == apply(document, {"target": "$.a", "update": update})


def test_an_update_of_a_list_appends() -> None:
    """A target that is a list takes the update as one more item."""
    assert apply({"a": [1]}, {"target": "$.a", "update": 2}) == {"a": [1, 2]}


def test_remove_takes_every_match_out() -> None:
    """All nodes that the target finds are removed, from objects and from lists."""
    document = {"list": [1, 2, 3], "a": {"x": 1}, "b": {"x": 2}}

    assert apply(
        document, {"target": "$.list[*]", "remove": True}, {"target": "$..x", "remove": True}
    ) == {"list": [], "a": {}, "b": {}}


def test_the_document_itself_is_left_alone() -> None:
    """An overlay makes another edition; the one it came from stays."""
    document = {"a": {"b": 1}}
    apply(document, {"target": "$.a", "update": {"b": 2}})

    assert document == {"a": {"b": 1}}


@pytest.mark.parametrize(
    ("action", "place", "problem"),
    [
        ({"target": "$.no.such", "update": {}}, "/actions/0/target", "finds nothing"),
        ({"target": "no path", "update": {}}, "/actions/0/target", "is no JSONPath"),
        ({"update": {}}, "/actions/0", "needs a target"),
        ({"target": "$.a"}, "/actions/0", "needs a target"),
        ({"target": "$.a.b", "update": {}}, "/actions/0", "an object or an array"),
    ],
)
def test_an_action_that_cannot_be_done_is_named(
    action: dict[str, Any], place: str, problem: str
) -> None:
    """An overlay written for another contract fails with the action's own place."""
    with pytest.raises(ContractError, match=problem) as caught:
        apply({"a": {"b": 1}}, action)

    assert f"acme/observed.yaml#{place}" == caught.value.where


def test_another_kind_of_document_is_no_overlay() -> None:
    """A file without the overlay version is refused."""
    with pytest.raises(ContractError, match="is no OpenAPI Overlay"):
        apply_overlay({}, {"openapi": "3.1.0"}, "acme/observed.yaml#")
