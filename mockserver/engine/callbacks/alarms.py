"""Alarms: at which moment of the wall clock each account is to be looked at again."""

from heapq import heapify, heappop, heappush
from itertools import count
from typing import Final

from mockserver.engine.accounts.account import Account

_SLACK: Final = 64  # alarms that hold no more and are kept nevertheless


class Alarms:
    """At most one alarm for each account. Moments are milliseconds since the Unix epoch."""

    __slots__ = ("_at", "_numbers", "_rows")

    def __init__(self) -> None:
        self._at: dict[Account, int] = {}
        self._rows: list[tuple[int, int, Account]] = []  # a heap, also of alarms that hold no more
        self._numbers = count()

    def __len__(self) -> int:
        return len(self._at)

    @property
    def next_at(self) -> int | None:
        """When the next alarm is, None if there is none."""
        while self._rows and not self._holds(self._rows[0]):
            heappop(self._rows)
        return self._rows[0][0] if self._rows else None

    def set(self, account: Account, at: int | None) -> bool:
        """Put an account's alarm somewhere else, or nowhere; whether there is a new one."""
        if at is None:
            self.drop(account)
        if at is None or self._at.get(account) == at:
            return False
        self._at[account] = at
        heappush(self._rows, (at, next(self._numbers), account))
        if len(self._rows) > 2 * len(self._at) + _SLACK:
            self._sweep()
        return True

    def take(self, now: int) -> list[Account]:
        """Take off every alarm up to now; whose they were, the earliest first."""
        due = []
        while (at := self.next_at) is not None and at <= now:
            _, _, account = heappop(self._rows)
            del self._at[account]
            due.append(account)
        return due

    def drop(self, account: Account) -> None:
        """Forget an account."""
        self._at.pop(account, None)
        if len(self._rows) > 2 * len(self._at) + _SLACK:
            self._sweep()

    def _holds(self, row: tuple[int, int, Account]) -> bool:
        return self._at.get(row[2]) == row[0]

    def _sweep(self) -> None:
        self._rows = [row for row in self._rows if self._holds(row)]
        heapify(self._rows)
