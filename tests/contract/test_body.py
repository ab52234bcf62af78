import pytest

from mockserver.contract.body import Variant, find_input, find_node

IMAGES = {"type": "array", "x-fact": "input.images"}
BODY = Variant(
    None,
    {"properties": {"a": IMAGES, "b": IMAGES, "sizes": {"properties": {"200": {"minLength": 1}}}}},
    None,
    None,
)


@pytest.mark.parametrize("body", [{"a": ["x"], "b": []}, {"a": [], "b": ["x"]}])
def test_an_empty_field_does_not_hide_another_of_the_same_fact(body: dict[str, object]) -> None:
    """Where two fields carry one fact, the one that is filled tells it."""
    assert BODY.read(body) == {"input.images": ["x"]}


def test_defaults_are_named_by_their_path_in_the_input() -> None:
    """Prices and sizes find the default of a nested field, wherever the input stands."""
    look = {"properties": {"bark": {"default": "rough"}, "more": {"properties": {"x": {}}}}}
    work = {"x-fact": "task.input", "properties": {"look": look, "count": {"default": 1}}}
    variant = Variant(None, {"properties": {"work": work, "count": {"default": 2}}}, None, None)

    assert variant.defaults == {"look/bark": "rough", "count": 1}
    assert find_input(variant.schema)[0] == ("work",)
    assert find_node(variant.input_schema, "look/more/x") == {}
    assert find_node(variant.input_schema, "look/bark/x") is None


def test_a_field_may_be_named_by_digits() -> None:
    """A violation below a name of digits is told like any other."""
    (violation,) = BODY.find_violations({"sizes": {"200": ""}})

    assert violation.pointer == "/sizes/200"
    assert violation.missing
