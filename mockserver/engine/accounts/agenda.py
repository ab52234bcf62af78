"""What falls due without being asked for, in order of time.

Plans are made far more often than they are looked at, so they are kept by the second in which they
fall due, and only the page of the earliest second is put in order.
"""

from heapq import heappop, heappush
from itertools import count
from operator import itemgetter
from typing import Final, Literal, NamedTuple

# What falls due. Plain texts: with members of an enum, the garbage collector would visit each row.
DueKind = Literal["end", "callback", "attempt"]
END: Final = "end"  # of a task
CALLBACK: Final = "callback"  # is to be made of a task's state
ATTEMPT: Final = "attempt"  # at a delivery, after the first

_PAGE: Final = 1_000  # milliseconds

# A Due in the making. A plain tuple of plain values, which the garbage collector need not visit:
# there is one for every live task.
_Row = tuple[int, DueKind, str, str, int]


class Due(NamedTuple):
    """Something that falls due."""

    at: int  # milliseconds on the account's clock
    kind: DueKind
    provider: str
    task_id: str
    detail: int  # which step, or which delivery


class Agenda:
    """The plans of one account."""

    __slots__ = ("_late", "_numbers", "_open", "_opened", "_order", "_pages", "callbacks")

    def __init__(self) -> None:
        self._pages: dict[int, list[_Row]] = {}  # by number, in order of entry
        self._numbers: list[int] = []  # of the pages, as a heap
        self._opened = -1  # the number of the last page that was opened
        self._open: list[_Row] = []  # what is left of it, the earliest last
        self._late: list[tuple[int, int, _Row]] = []  # what came too late for its page, as a heap
        self._order = count()
        self.callbacks = 0  # how much of it is about callbacks, not about a task's end

    def __len__(self) -> int:
        return len(self._open) + len(self._late) + sum(len(page) for page in self._pages.values())

    @property
    def next_at(self) -> int | None:
        """When the next thing falls due, None if nothing is planned."""
        if not (self._open or self._late):
            if not self._numbers:
                return None
            self._turn_page()
        return self._late[0][0] if self._is_late_first() else self._open[-1][0]

    def plan(self, at: int, kind: DueKind, provider: str, task_id: str, detail: int = 0) -> None:
        """Put something on the agenda; of two at the same time the one planned first is first."""
        self.callbacks += kind != END
        row = (at, kind, provider, task_id, detail)
        number = at // _PAGE
        page = self._pages.get(number)
        if page is not None:
            page.append(row)
        elif number > self._opened:
            self._pages[number] = [row]
            heappush(self._numbers, number)
        else:
            heappush(self._late, (at, next(self._order), row))

    def take(self, now: int) -> Due | None:
        """Take off the earliest thing that is due by now."""
        if not (self._open or self._late):
            if not self._numbers or self._numbers[0] > now // _PAGE:
                return None
            self._turn_page()
        if self._is_late_first():
            if self._late[0][0] > now:
                return None
            row = heappop(self._late)[2]
        elif self._open[-1][0] > now:
            return None
        else:
            row = self._open.pop()
        self.callbacks -= row[1] != END
        return Due(*row)

    def _is_late_first(self) -> bool:
        """Whether the earliest thing came too late for its page; of equals the page's is first."""
        return not self._open or (bool(self._late) and self._late[0][0] < self._open[-1][0])

    def _turn_page(self) -> None:
        """Open the page of the earliest second, when nothing before it is left."""
        self._opened = heappop(self._numbers)
        self._open = self._pages.pop(self._opened)
        self._open.sort(key=itemgetter(0))
        self._open.reverse()
