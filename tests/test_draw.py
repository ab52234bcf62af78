import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.draw import draw, parse_pattern

PARTS = st.lists(st.text(max_size=5) | st.binary(max_size=5) | st.integers(), max_size=3)


@given(st.integers(), PARTS)
def test_equal_parts_draw_equally(seed: int, parts: list[str | bytes | int]) -> None:
    """A draw depends on nothing but its seed, purpose and parts."""
    assert draw(seed, "x", *parts).hex(64) == draw(seed, "x", *parts).hex(64)


@given(PARTS, PARTS)
def test_other_parts_draw_otherwise(
    parts: list[str | bytes | int], others: list[str | bytes | int]
) -> None:
    """Parts are kept apart: what differs anywhere draws differently."""
    same = [repr(part) for part in parts] == [repr(part) for part in others]

    assert same == (draw(0, "x", *parts).hex(64) == draw(0, "x", *others).hex(64))


@pytest.mark.parametrize(("seed", "purpose"), [(1, "x"), (0, "y"), (-1, "x")])
def test_seed_and_purpose_count(seed: int, purpose: str) -> None:
    """Another seed or another purpose draws differently."""
    assert draw(0, "x", "a").hex(64) != draw(seed, purpose, "a").hex(64)


@given(st.integers(), st.integers(-(10**9), 10**9), st.integers(0, 10**9))
def test_a_picked_number_lies_between_its_bounds(seed: int, low: int, width: int) -> None:
    """Both bounds are included."""
    assert low <= draw(seed, "x").pick_between(low, low + width) <= low + width


@given(st.integers())
def test_a_fraction_lies_between_nought_and_one(seed: int) -> None:
    """One itself is not included."""
    assert 0 <= draw(seed, "x").fraction() < 1


def test_every_number_of_a_small_range_is_picked() -> None:
    """Picks do not miss an end of their range."""
    assert {1, 2, 3} == {draw(seed, "x").pick_between(1, 3) for seed in range(100)}


@pytest.mark.parametrize(
    ("pattern", "form"),
    [
        ("task_{hex:32}", r"task_[0-9a-f]{32}"),
        ("{digits:13}", r"\d{13}"),
        ("a{upper:8}z", r"a[A-Z]{8}z"),
        ("{alnum:99}", r"[a-z0-9]{99}"),
        ("{hex:4}-{hex:4}", r"(?!(.{4})-\1)[0-9a-f]{4}-[0-9a-f]{4}"),
        ("plain", "plain"),
    ],
)
def test_an_id_has_the_form_of_its_pattern(pattern: str, form: str) -> None:
    """Fields are filled in, each with its own draw, and the rest is literal."""
    assert re.fullmatch(form, draw(0, "id").fill(pattern))


@given(st.integers())
def test_a_drawn_uuid_looks_like_a_random_one(seed: int) -> None:
    """It is of version 4 and of the usual variant."""
    uuid = UUID(text := draw(seed, "id").fill("{uuid}"))

    assert (4, "specified in RFC 4122", text) == (uuid.version, uuid.variant, str(uuid))


@pytest.mark.parametrize("pattern", ["{hex}", "{uuid:4}", "{hex:0}", "{name:3}"])
def test_an_unknown_field_is_named(pattern: str) -> None:
    """A pattern that cannot be filled is an error that shows the fields there are."""
    with pytest.raises(ValueError, match=r"is no field of an id; use \{uuid\}"):
        parse_pattern(f"a_{pattern}")
