"""How long to wait before trying again: what the provider says, else a jittered back-off."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from imagejobs.decode import read_number
from imagejobs.settings import Settings


def read_retry_after(headers: Mapping[str, str], body: Any, now: float) -> float | None:
    """Seconds that a reply asks for, in its header or its body; the longer of the two.

    A date is counted from the reply's own `Date`, for the server's clock may be another one than
    ours; from `now`, in seconds since the epoch, if the reply bears none.
    """
    sent = read_date(headers.get("date", ""))
    since = now if sent is None else sent.timestamp()
    found = [read_header_hint(headers.get("retry-after", ""), since), read_body_hint(body)]
    return max((hint for hint in found if hint is not None), default=None)


def read_header_hint(text: str, since: float) -> float | None:
    """Retry-After as seconds or as an HTTP date (RFC 9110, section 10.2.3)."""
    seconds = read_number(text.strip())
    if seconds is not None:
        return seconds if seconds >= 0 else None
    moment = read_date(text)
    return None if moment is None else max(0.0, moment.timestamp() - since)


def read_date(text: str) -> datetime | None:
    """An HTTP date; None for anything else."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    # "-0000" is UTC, of unknown origin
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def read_body_hint(body: Any) -> float | None:
    """`data.retryAfter` in seconds (https://aigptimage.com/en/docs/rate-limits), or at the top."""
    if not isinstance(body, dict):
        return None
    for place in (body.get("data"), body):
        if isinstance(place, dict):
            for name in ("retryAfter", "retry_after"):
                hint = read_number(place.get(name))
                if hint is not None and hint >= 0:
                    return hint
    return None


def choose_backoff(nth: int, hint: float | None, settings: Settings) -> float:
    """Seconds before the retry after the nth failure in a row, counted from 1."""
    spread = settings.world.random
    longest = grow(settings.retry_first, settings.retry_growth, nth - 1, settings.retry_cap)
    own = longest * (0.5 + spread() / 2)
    if hint is None:
        return own
    # Never earlier than asked; a little later, so that many clients do not come back at once.
    # A hint that is repeated, such as 0, is no leave to hammer.
    return max(own, hint + spread() * settings.retry_first)


def choose_interval(nth: int, settings: Settings) -> float:
    """Seconds before the next poll after the nth one, counted from 1."""
    longest = grow(settings.poll_first, settings.poll_growth, nth - 1, settings.poll_cap)
    return longest * _spread_evenly(settings.world.random)


def grow(first: float, growth: float, times: int, cap: float) -> float:
    """First x growth^times, at most the cap."""
    return float(min(cap, first * growth ** min(times, 64)))


def _spread_evenly(draw: Callable[[], float]) -> float:
    return 0.9 + draw() * 0.2
