"""How long the client waits before it tries again."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagejobs import Settings, World, hints

NOW = 1_767_225_600.0  # 2026-01-01T00:00:00Z, a Thursday

# Retry-After, body, seconds
HINTS: list[tuple[str | None, Any, float | None]] = [
    (None, None, None),
    ("17", None, 17),
    ("0", None, 0),
    (" 2.5 ", None, 2.5),
    ("Thu, 01 Jan 2026 00:00:30 GMT", None, 30),
    ("Thursday, 01-Jan-26 00:00:30 GMT", None, 30),
    ("Thu, 01 Jan 2026 00:00:30 -0000", None, 30),
    ("Wed, 31 Dec 2025 23:59:00 GMT", None, 0),
    ("-3", None, None),
    ("soon", None, None),
    ("inf", None, None),
    (None, {"data": {"retryAfter": 17}}, 17),
    (None, {"data": {"retryAfter": "17"}}, 17),
    (None, {"data": {"retry_after": 3}}, 3),
    (None, {"retryAfter": 4, "data": None}, 4),
    (None, {"data": {"retryAfter": -1}}, None),
    (None, {"data": {"retryAfter": True}}, None),
    (None, ["retryAfter"], None),
    ("2", {"data": {"retryAfter": 9}}, 9),
    ("12", {"data": {"retryAfter": 9}}, 12),
]


def build_settings(draw: float) -> Settings:
    return Settings(world=replace(World(), random=lambda: draw))


@pytest.mark.parametrize(("header", "body", "seconds"), HINTS)
def test_hints_are_read_from_header_and_body(
    header: str | None, body: Any, seconds: float | None
) -> None:
    """Seconds, dates and fields of the body all say how long; the longest counts."""
    headers = {} if header is None else {"retry-after": header}

    assert hints.read_retry_after(headers, body, NOW) == seconds


# Date, Retry-After, seconds
DATED = [
    ("Wed, 31 Dec 2025 23:50:00 GMT", "Wed, 31 Dec 2025 23:50:30 GMT", 30),
    ("Thu, 01 Jan 2026 00:10:00 GMT", "Thu, 01 Jan 2026 00:10:30 GMT", 30),
    ("Thu, 01 Jan 2026 00:10:00 GMT", "Thu, 01 Jan 2026 00:00:30 GMT", 0),
    ("Thu, 01 Jan 2026 00:10:00 GMT", "17", 17),
    ("today", "Thu, 01 Jan 2026 00:00:30 GMT", 30),
    ("600", "Thu, 01 Jan 2026 00:00:30 GMT", 30),
]


@pytest.mark.parametrize(("date", "retry_after", "seconds"), DATED)
def test_a_date_is_counted_from_the_date_of_its_reply(
    date: str, retry_after: str, seconds: float
) -> None:
    """Whether the server's clock is ahead or behind, its two dates tell how long to wait."""
    headers = {"date": date, "retry-after": retry_after}

    assert hints.read_retry_after(headers, None, NOW) == seconds


@given(nth=st.integers(1, 10_000), draw=st.floats(0, 1, exclude_max=True))
def test_a_back_off_is_capped_and_never_nothing(nth: int, draw: float) -> None:
    """However often it failed and whatever is drawn, a pause stays between its bounds."""
    settings = build_settings(draw)

    pause = hints.choose_backoff(nth, None, settings)

    assert settings.retry_first / 2 <= pause <= settings.retry_cap


@given(hint=st.floats(0, 1e6), draw=st.floats(0, 1, exclude_max=True))
def test_nobody_comes_back_earlier_than_asked(hint: float, draw: float) -> None:
    """A hint is a lower bound."""
    assert hints.choose_backoff(1, hint, build_settings(draw)) >= hint


@given(nth=st.integers(1, 100), hint=st.floats(0, 1e6), draw=st.floats(0, 1, exclude_max=True))
def test_a_short_hint_is_no_leave_to_hammer(nth: int, hint: float, draw: float) -> None:
    """A hint that is repeated does not shorten the back-off."""
    settings = build_settings(draw)

    pause = hints.choose_backoff(nth, hint, settings)

    assert pause >= hints.choose_backoff(nth, None, settings)


@given(nth=st.integers(1, 10_000), draw=st.floats(0, 1, exclude_max=True))
def test_polls_are_neither_too_near_nor_too_far_apart(nth: int, draw: float) -> None:
    """The interval between polls grows to its cap."""
    settings = build_settings(draw)

    assert 0.9 * settings.poll_first <= hints.choose_interval(nth, settings)
    assert hints.choose_interval(nth, settings) <= 1.1 * settings.poll_cap


def test_chance_spreads_what_many_clients_do() -> None:
    """Two clients that fail together do not come back together."""
    early, late = (hints.choose_backoff(4, None, build_settings(draw)) for draw in (0.0, 0.9))

    assert late > early * 1.5
