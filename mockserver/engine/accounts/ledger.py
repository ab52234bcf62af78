"""Credits: a list of entries, and a balance that is their sum."""

from collections import deque
from typing import Final, NamedTuple

MAX_ENTRIES: Final = 1_000

_Row = tuple[int, str, int, str | None]  # a LedgerEntry in the making


class LedgerEntry(NamedTuple):
    """One movement of credits."""

    at: int  # milliseconds on the account's clock
    kind: str  # opening, charge, refund, set or add
    amount: int  # thousandths of a credit; negative when taken
    task_id: str | None = None


class Ledger:
    """The credits of one account at one provider; amounts are thousandths of a credit."""

    __slots__ = ("_movements", "_opened", "balance")

    def __init__(self, at: int, opening: int) -> None:
        self.balance = opening
        self._opened = at
        self._movements: deque[_Row] = deque()

    @property
    def entries(self) -> list[LedgerEntry]:
        """The opening, which holds what is no longer listed, and the last movements."""
        movements = [LedgerEntry(*row) for row in self._movements]
        opening = self.balance - sum(entry.amount for entry in movements)
        return [LedgerEntry(self._opened, "opening", opening), *movements]

    def charge(self, at: int, amount: int, task_id: str) -> None:
        """Take what a task costs."""
        self._record((at, "charge", -amount, task_id))

    def refund(self, at: int, amount: int, task_id: str) -> None:
        """Give back what a task has cost."""
        self._record((at, "refund", amount, task_id))

    def add(self, at: int, amount: int) -> None:
        """Give credits, or take them if the amount is negative."""
        self._record((at, "add", amount, None))

    def set_balance(self, at: int, balance: int) -> None:
        """Make the balance what is wanted."""
        self._record((at, "set", balance - self.balance, None))

    def _record(self, row: _Row) -> None:
        self.balance += row[2]
        self._movements.append(row)
        if len(self._movements) >= MAX_ENTRIES:  # with the opening one too many
            self._opened = self._movements.popleft()[0]
