"""How many calls were let through in the current windows of time."""

from collections.abc import Sequence
from typing import NamedTuple

from mockserver.contract.model import Limit

_Name = tuple[str, int]  # what is counted, and the length of the window in milliseconds


class Excess(NamedTuple):
    """A limit that a call would break, and how long the caller has to wait."""

    limit: Limit
    wait: int  # milliseconds


class Quota:
    """The windows of one account at one provider. A window opens with the first call in it."""

    __slots__ = ("_windows",)

    def __init__(self) -> None:
        self._windows: dict[_Name, tuple[int, int]] = {}  # start, calls

    def take(self, limits: Sequence[Limit], now: int) -> Excess | None:
        """Count a call in every window; or count it nowhere and tell the longest wait."""
        windows: dict[_Name, tuple[int, int]] = {}
        excess = self._look(limits, now, windows)
        if excess is None:
            for name, (start, calls) in windows.items():
                self._windows[name] = start, calls + 1
        return excess

    def find_excess(self, limits: Sequence[Limit], now: int) -> Excess | None:
        """The limit that a call would break now, None if there is none; it is counted nowhere."""
        return self._look(limits, now, {})

    def _look(
        self, limits: Sequence[Limit], now: int, windows: dict[_Name, tuple[int, int]]
    ) -> Excess | None:
        """What a call would break, with the longest wait; its windows are put into `windows`."""
        excess: Excess | None = None
        for limit in limits:
            name = (limit.of, limit.per or 0)
            start, calls = windows[name] = self._find_window(name, now)
            wait = start + name[1] - now
            if calls >= limit.max and (excess is None or wait > excess.wait):
                excess = Excess(limit, wait)
        return excess

    def _find_window(self, name: _Name, now: int) -> tuple[int, int]:
        window = self._windows.get(name)
        return (now, 0) if window is None or now >= window[0] + name[1] else window
