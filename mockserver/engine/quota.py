"""How many calls were let through in the current windows of time."""

from collections.abc import Sequence
from typing import NamedTuple

from mockserver.contract.model import Limit


class Excess(NamedTuple):
    """A limit that a call would break, and how long the caller has to wait."""

    limit: Limit
    wait: int  # milliseconds


class Quota:
    """The windows of one account at one provider. A window opens with the first call in it."""

    __slots__ = ("_windows",)

    def __init__(self) -> None:
        self._windows: dict[tuple[str, int], tuple[int, int]] = {}  # (of, per) -> start, count

    def take(self, limits: Sequence[Limit], now: int) -> Excess | None:
        """Count a call under every limit; or count it nowhere and tell the longest wait."""
        excess: Excess | None = None
        for limit in limits:
            start, count = self._find_window(limit, now)
            wait = start + (limit.per or 0) - now
            if count >= limit.max and (excess is None or wait > excess.wait):
                excess = Excess(limit, wait)
        if excess is None:
            for limit in limits:
                start, count = self._find_window(limit, now)
                self._windows[limit.of, limit.per or 0] = start, count + 1
        return excess

    def _find_window(self, limit: Limit, now: int) -> tuple[int, int]:
        per = limit.per or 0
        window = self._windows.get((limit.of, per))
        return (now, 0) if window is None or now >= window[0] + per else window
