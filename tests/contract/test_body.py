import pytest

from mockserver.contract.body import Variant

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


def test_a_field_may_be_named_by_digits() -> None:
    """A violation below a name of digits is told like any other."""
    (violation,) = BODY.find_violations({"sizes": {"200": ""}})

    assert violation.pointer == "/sizes/200"
    assert violation.missing
