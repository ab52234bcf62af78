"""What falls due without being asked for, in order of time.

Many tasks end within the same millisecond, so what falls due together stands on one page, and only
the pages are put in order.
"""

from heapq import heappop, heappush
from typing import Final, NamedTuple

END: Final = "end"

# Kind, whom and what it is about. A plain tuple of plain values, which the garbage collector need
# not visit: there is one for every live task.
_Row = tuple[str, str, str, int]


class Due(NamedTuple):
    """Something that falls due."""

    at: int  # milliseconds on the account's clock
    kind: str
    provider: str
    task_id: str
    detail: int  # which step, or which delivery


class Agenda:
    """The plans of one account."""

    __slots__ = ("_moments", "_open", "_open_at", "_pages", "callbacks")

    def __init__(self) -> None:
        self._pages: dict[int, list[_Row]] = {}  # by moment, in order of entry
        self._moments: list[int] = []  # of the pages, as a heap
        self._open: list[_Row] = []  # the page that is being taken off, its first row last
        self._open_at = 0
        self.callbacks = 0  # how much of it is about callbacks, not about a task's end

    def __len__(self) -> int:
        return len(self._open) + sum(len(page) for page in self._pages.values())

    @property
    def next_at(self) -> int | None:
        """When the next thing falls due, None if nothing is planned."""
        if not self._open:
            return self._moments[0] if self._moments else None
        return min(self._open_at, self._moments[0]) if self._moments else self._open_at

    def plan(self, at: int, kind: str, provider: str, task_id: str, detail: int = 0) -> None:
        """Put something on the agenda; of two at the same time the one planned first is first."""
        self.callbacks += kind != END
        page = self._pages.get(at)
        if page is None:
            self._pages[at] = [(kind, provider, task_id, detail)]
            heappush(self._moments, at)
        else:
            page.append((kind, provider, task_id, detail))

    def take(self, now: int) -> Due | None:
        """Take off the earliest thing that is due by now."""
        if not self._open or (self._moments and self._moments[0] < self._open_at):
            if not self._moments or self._moments[0] > now:
                return None
            self._turn_page()
        elif self._open_at > now:
            return None
        kind, provider, task_id, detail = self._open.pop()
        self.callbacks -= kind != END
        return Due(self._open_at, kind, provider, task_id, detail)

    def _turn_page(self) -> None:
        """Open the page of the earliest moment; what is left of another one waits for its turn."""
        if self._open:
            left = self._open[::-1]
            if self._open_at in self._pages:
                self._pages[self._open_at][:0] = left
            else:
                self._pages[self._open_at] = left
                heappush(self._moments, self._open_at)
        self._open_at = heappop(self._moments)
        self._open = self._pages.pop(self._open_at)
        self._open.reverse()
