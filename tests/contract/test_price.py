"""What a request costs: rows, and what they are multiplied by."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mockserver.contract.price import Price, build_price
from mockserver.contract.yields import build_yields
from mockserver.errors import ContractError

VIDEO = build_yields(
    {
        "media": "video",
        "takes": "1m",
        "count": {"from": "number", "default": 2},
        "seconds": {"from": "duration", "default": 5},
        "size": {"default": "1000x500"},
    }
)
URL = "https://files.example/a.mp4"


def build(**words: Any) -> Price:
    return build_price({"else": 2, **words}, ("input",), VIDEO, "acme")


@pytest.mark.parametrize(
    ("wanted", "fitting", "other"),
    [
        ("4K", "4K", "2K"),
        (["2K", "4K"], "2K", "1K"),
        ({"minItems": 1}, [URL], []),
        ({"minItems": 1}, [URL, URL], None),
        (True, True, False),
    ],
)
def test_a_row_waits_for_a_value_a_list_or_a_schema(
    wanted: Any, fitting: object, other: object
) -> None:
    """A row counts for its value, for one of its values, or for what keeps its schema."""
    price = build(rows=[{"when": {"field": wanted}, "credits": 7}])

    assert price.compute({"field": fitting}, {}) == 7_000
    assert price.compute({"field": other}, {}) == 2_000
    assert price.compute({}, {"field": fitting}) == 7_000


@given(st.integers(1, 600), st.integers(1, 9))
def test_a_price_may_be_one_of_what_is_made(seconds: int, number: int) -> None:
    """Seconds, results and megapixels multiply a price, as the same request has them made."""
    asked = {"duration": str(seconds), "number": number}

    assert build(per="second").compute(asked, {}) == 2_000 * seconds
    assert build(per="result").compute(asked, {}) == 2_000 * number
    assert build(per="megapixel").compute(asked, {}) == 1_000 * number
    assert build(per="second").compute({}, {}) == 10_000


SAID = st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text(max_size=20)


@pytest.mark.parametrize("per", ["second", "result", "megapixel"])
@given(duration=SAID, number=SAID)
@example(duration=1.7e308, number=1.7e308)
@example(duration=10**400, number=10**400)
def test_a_price_can_be_told_of_any_number(per: str, duration: object, number: object) -> None:
    """However much is asked for, there is a price, and it is a whole number from 0 on."""
    price = build(per=per, times="$request.body#/input/duration")
    amount = price.compute({"duration": duration, "number": number}, {})

    assert type(amount) is int
    assert amount >= 0


@given(st.lists(st.text(max_size=50), max_size=5))
def test_a_price_may_be_one_of_what_is_said(texts: list[str]) -> None:
    """Characters count in a text, and in every text of a list on the way to it."""
    turns: dict[str, object] = {"turns": [{"text": text} for text in texts], "say": "".join(texts)}
    length = len("".join(texts))

    for place in ("turns/text", "say"):
        price = build(per={"characters": 1000, "of": place})
        assert price.compute(turns, {}) == 2 * length


def test_items_of_a_list_may_cost_more() -> None:
    """Each item after the first few adds to the price, whatever else multiplies it."""
    price = build(per="result", plus={"each": "images", "after": 1, "credits": 0.5})

    assert price.compute({"images": [URL] * 3}, {}) == 4_000 + 1_000
    assert price.compute({"images": []}, {}) == 4_000
    assert price.compute({}, {}) == 4_000


def test_a_price_by_what_is_not_made_is_refused() -> None:
    """Seconds of an image are a mistake in the contract, told at their place."""
    image = build_yields({"media": "image", "takes": "1s", "size": {"default": "8x8"}})

    with pytest.raises(ContractError, match="say nothing of a second") as caught:
        build_price({"else": 1, "per": "second"}, (), image, "acme")
    assert caught.value.where == "acme/per"
