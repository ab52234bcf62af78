"""What falls due without being asked for: a heap in order of time."""

from heapq import heappop, heappush
from typing import Final, NamedTuple

END: Final = "end"

# Due time, number in order of entry, kind, whom and what it is about. A plain tuple of plain
# values, which the garbage collector need not visit: there is one for every live task.
_Row = tuple[int, int, str, str, str, int]


class Due(NamedTuple):
    """Something that falls due."""

    at: int  # milliseconds on the account's clock
    kind: str
    provider: str
    task_id: str
    detail: int  # which step, or which delivery


class Agenda:
    """The plans of one account."""

    __slots__ = ("_count", "_rows", "callbacks")

    def __init__(self) -> None:
        self._rows: list[_Row] = []
        self._count = 0
        self.callbacks = 0  # how much of it is about callbacks, not about a task's end

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def next_at(self) -> int | None:
        """When the next thing falls due, None if nothing is planned."""
        return self._rows[0][0] if self._rows else None

    def plan(self, at: int, kind: str, provider: str, task_id: str, detail: int = 0) -> None:
        """Put something on the agenda; of two at the same time the one planned first is first."""
        self._count += 1
        self.callbacks += kind != END
        heappush(self._rows, (at, self._count, kind, provider, task_id, detail))

    def take(self, now: int) -> Due | None:
        """Take off the earliest thing that is due by now."""
        if not self._rows or self._rows[0][0] > now:
            return None
        at, _, kind, provider, task_id, detail = heappop(self._rows)
        self.callbacks -= kind != END
        return Due(at, kind, provider, task_id, detail)
