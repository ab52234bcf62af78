import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.accounts.key import read_key


@given(st.text(min_size=1).filter(lambda key: not key.startswith("sk-mock-")))
def test_a_key_that_may_be_real_is_not_shown(key: str) -> None:
    """At most a quarter of it, and never more than four characters, stands in its label."""
    shown, _, rest = read_key(key).label.partition("…")

    assert rest == f"({read_key(key).id})" or "…" in key
    assert len(shown) <= min(4, len(key) / 4)


def test_a_mock_key_is_shown_and_taken_apart() -> None:
    """Name, scenario and seed stand in it."""
    key = read_key("sk-mock-ci7.flaky.42")

    assert (
        key.label,
        key.scenario,
        key.seed,
        key.problem,
    ) == ("sk-mock-ci7.flaky.42", "flaky", 42, None)


def test_a_scenario_or_a_seed_may_be_left_out() -> None:
    """A bare name asks for nothing."""
    bare, choosing = read_key("sk-mock-ci7"), read_key("sk-mock-ci7.fails")

    assert (bare.scenario, bare.seed, bare.problem) == (None, None, None)
    assert (choosing.scenario, choosing.seed, choosing.problem) == ("fails", None, None)


@pytest.mark.parametrize(
    ("key", "looks_live"),
    [
        ("0123456789abcdef0123456789abcdef", True),
        ("sk-proj-9f8e7d6c5b4a39281706f5e4", True),
        ("sk-your-key-here-0123456789abcdef", False),
        ("test-0123456789abcdef0123456789", False),
        ("abcdefghijklmnopqrstuvwxyzabcdef", False),
        ("short1", False),
        ("sk-mock-0123456789abcdef0123456789abcdef", False),
    ],
)
def test_a_key_can_look_live(key: str, looks_live: bool) -> None:
    """Long, mixed, and without a word that says otherwise."""
    assert looks_live == read_key(key).looks_live


def test_lone_surrogates_make_a_key_too() -> None:
    """Whatever text comes in has an id."""
    assert len(read_key("\ud800").id) == 16
