"""What the control API shows of credits: balances, and the movements that add up to them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LedgerEntryView:
    """One movement of credits."""

    at: int
    kind: str  # opening, charge, refund, set or add
    amount: float  # below zero where credits were taken
    task: str | None  # the one that was paid for


@dataclass(frozen=True, slots=True)
class LedgerView:
    """The balance at a provider, and the entries that add up to it."""

    provider: str
    balance: float
    entries: tuple[LedgerEntryView, ...]  # the first, "opening", holds what is no longer listed
