"""Values as providers write them: JSON in strings, "" or null, seconds or milliseconds."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

MILLISECONDS_FROM = 100_000_000_000  # as seconds this would be the year 5138
HOUR = 3600


def decode_json(body: bytes) -> Any:
    """The value of a body; ValueError if it is no JSON."""
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def decode_nested(value: Any) -> Any:
    """A field that is JSON or a string that holds JSON; "" is None. Raises ValueError."""
    if not isinstance(value, str):
        return value
    return decode_json(value.encode("utf-8", "surrogatepass")) if value.strip() else None


def read_object(value: Any) -> Mapping[str, Any]:
    """An object, given as it is or in a string; anything else is an empty one."""
    try:
        found = decode_nested(value)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def read_urls(value: Any) -> tuple[str, ...]:
    """Result addresses: a list, an object with a list, either in a string. Raises ValueError."""
    if isinstance(value, str) and value.startswith(("http://", "https://")):
        return (value,)
    found = decode_nested(value)
    if isinstance(found, dict):
        found = next((found[key] for key in ("resultUrls", "result_urls") if found.get(key)), None)
    if found is None:
        return ()
    if isinstance(found, str):
        found = [found]
    if not isinstance(found, list) or not all(isinstance(url, str) and url for url in found):
        raise ValueError("the results are no list of addresses")
    return tuple(found)


def read_text(value: Any) -> str | None:
    """A text or a number as text; "" and null are None."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value) or None


def read_number(value: Any) -> float | None:
    """A number, also one in a string; anything else is None."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def read_time(value: Any) -> datetime | None:
    """A moment: seconds or milliseconds since the epoch, ISO 8601, or a date without a zone.

    Without a zone it is taken as UTC: no provider's page says which zone is meant.
    """
    number = read_number(value)
    try:
        if number is not None:
            seconds = number / 1000 if abs(number) >= MILLISECONDS_FROM else number
            return datetime.fromtimestamp(seconds, UTC) if number > 0 else None
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except (ValueError, OverflowError, OSError):
        return None
    if found is None:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def read_elapsed(value: Any, created: datetime | None, finished: datetime | None) -> float | None:
    """Seconds that a task took.

    KIE.AI's page shows milliseconds, recordings (2026-04 to 2026-09) show whole seconds. The two
    moments tell which it is; without them, nothing takes an hour, so more means milliseconds.
    A failed task is said to have taken 0, whatever its moments say: that is no duration.
    """
    number = read_number(value)
    if number is None or number < 0:
        return None
    if created and finished:
        span = (finished - created).total_seconds()
        if number == 0 and span >= 1:
            return None
        return min(number, number / 1000, key=lambda seconds: abs(seconds - span))
    return number / 1000 if number > HOUR else number
