"""Credits: a list of entries, and a balance that is their sum."""

from collections import deque
from typing import Final, NamedTuple

MAX_ENTRIES: Final = 1_000


class LedgerEntry(NamedTuple):
    """One movement of credits."""

    at: int  # milliseconds on the account's clock
    kind: str  # opening, charge, refund, set or add
    amount: int  # thousandths of a credit; negative when taken
    task_id: str | None = None


class Ledger:
    """The credits of one account at one provider; amounts are thousandths of a credit."""

    __slots__ = ("balance", "entries")

    def __init__(self, at: int, opening: int) -> None:
        self.balance = opening
        self.entries = deque([LedgerEntry(at, "opening", opening)])

    def charge(self, at: int, amount: int, task_id: str) -> None:
        """Take what a task costs."""
        self._record(LedgerEntry(at, "charge", -amount, task_id))

    def refund(self, at: int, amount: int, task_id: str) -> None:
        """Give back what a task has cost."""
        self._record(LedgerEntry(at, "refund", amount, task_id))

    def add(self, at: int, amount: int) -> None:
        """Give credits, or take them if the amount is negative."""
        self._record(LedgerEntry(at, "add", amount))

    def set_balance(self, at: int, balance: int) -> None:
        """Make the balance what is wanted."""
        self._record(LedgerEntry(at, "set", balance - self.balance))

    def _record(self, entry: LedgerEntry) -> None:
        self.balance += entry.amount
        self.entries.append(entry)
        if len(self.entries) > MAX_ENTRIES:
            self._fold()

    def _fold(self) -> None:
        """Let the opening entry take in the oldest movement, so that the sum stays."""
        opening, oldest = self.entries.popleft(), self.entries.popleft()
        self.entries.appendleft(LedgerEntry(oldest.at, "opening", opening.amount + oldest.amount))
