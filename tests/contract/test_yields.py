import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.price import Price, PriceRow
from mockserver.contract.yields import MAX_RESULTS, Amount, Size, build_yields, find_field

PRICE = Price(
    (
        PriceRow({"resolution": "4K", "video": True}, 16_000),
        PriceRow({"resolution": "4K"}, 8_000),
        PriceRow({"resolution": "1K"}, 3_000),
    ),
    otherwise=5_000,
)
TABLE = {
    "1K": {"1:1": (1024, 1024), "16:9": (1360, 768), "*": (1000, 1000)},
    "2K": {"1:1": (2048, 2048)},
}
SIZE = Size((512, 512), ratio="ratio", grade="resolution", table=TABLE)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"resolution": "4K", "video": True}, 16_000),
        ({"resolution": "4K"}, 8_000),
        ({}, 3_000),
        ({"resolution": "9K"}, 5_000),
    ],
)
def test_the_first_row_that_fits_is_the_price(data: dict[str, object], expected: int) -> None:
    """Rows are tried in order, an absent field counts as its default, else stands last."""
    assert expected == PRICE.compute(data, {"resolution": "1K"})


@given(st.integers(1, 600))
def test_a_price_may_be_multiplied_by_a_field(seconds: int) -> None:
    """A price per second is the row times the field, default included."""
    price = Price((), 2_500, "duration")

    assert 2_500 * seconds == price.compute({"duration": seconds}, {})
    assert 2_500 * seconds == price.compute({}, {"duration": seconds})
    assert 2_500 * seconds == price.compute({"duration": str(seconds)}, {})


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"resolution": "1K", "ratio": "16:9"}, (1360, 768)),
        ({"resolution": "2K", "ratio": "1:1"}, (2048, 2048)),
        ({"resolution": "2K", "ratio": "16:9"}, (512, 512)),
        ({"resolution": "1K", "ratio": "7:3"}, (1000, 1000)),
        ({}, (1024, 1024)),
    ],
)
def test_a_size_is_looked_up_by_grade_and_ratio(
    data: dict[str, object], expected: tuple[int, int]
) -> None:
    """The table decides; a star stands for other ratios, the default for what is not there."""
    assert expected == SIZE.compute(data, {"ratio": "1:1"})


@pytest.mark.parametrize("text", ["640x480", "640*480"])
def test_a_size_may_be_given_in_pixels(text: str) -> None:
    """A field with pixels decides, with either separator."""
    assert Size((1, 1), pixels="size").compute({"size": text}, {}) == (640, 480)


@pytest.mark.parametrize("text", ["wide", "640x", "-1x5", "²x3", "", 7, "9" * 5000 + "x1"])
def test_what_is_no_pixel_size_gives_the_default(text: object) -> None:
    """A field that holds something else never breaks the size."""
    assert Size((8, 8), pixels="size").compute({"size": text}, {}) == (8, 8)


@given(st.dictionaries(st.text(), st.integers()), st.text())
def test_a_field_that_is_not_there_is_none(data: dict[str, int], name: str) -> None:
    """Looking for a field never fails."""
    assert data.get(name) == find_field(data, name) or "/" in name


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        *((7, 7), (2.5, 2.5), ("10", 10), ("8s", 8), ("2.5 s", 2.5)),
        *((0, 5), (-1, 5), ("auto", 5), (True, 5), (None, 6), ([], 5)),
    ],
)
def test_an_amount_is_what_a_field_says(said: object, expected: float) -> None:
    """A number above zero, or a text that begins with one; else the default."""
    assert Amount(5, "duration").compute({"duration": said}, {"duration": "6"}) == expected


@given(st.integers() | st.text() | st.none())
def test_a_task_makes_one_result_at_least_and_not_too_many(said: object) -> None:
    """However many a field asks for, their number stays within bounds."""
    words = {"media": "image", "takes": "1s", "size": {"default": "8x8"}}
    yields = build_yields({**words, "count": {"from": "n", "default": 1}})

    assert 1 <= yields.count_results({"n": said}, {}) <= MAX_RESULTS
