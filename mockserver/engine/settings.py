"""What the engine is told at its start and keeps to."""

import math
from dataclasses import dataclass

from mockserver.errors import UsageError


@dataclass(frozen=True, slots=True)
class Settings:
    """How fast tasks are, who is let in, and how much is kept."""

    speed: float = 10.0  # divides the planned duration of tasks, and nothing else
    seed: int = 0  # of accounts whose key names none
    keys: frozenset[str] | None = None  # the only keys that are let in; None lets every key in
    max_accounts: int = 10_000
    max_tasks: int = 250_000  # per account
    max_entries: int = 1_000  # of a journal
    max_journal_bytes: int = 8 * 1024 * 1024
    # Over all accounts, of tasks, replies, deliveries and journals together.
    max_kept_bytes: int = 512 * 1024 * 1024
    max_body_bytes: int = 64 * 1024  # of a body in a journal
    max_strays: int = 1_000
    max_uploads: int = 10_000  # files, over all accounts
    max_upload_bytes: int = 256 * 1024 * 1024
    max_deliveries: int = 20_000  # of an account's callbacks that are on record
    max_delivery_bytes: int = 64 * 1024 * 1024

    def __post_init__(self) -> None:
        if math.isnan(self.speed) or self.speed <= 0:
            raise UsageError(f"speed {self.speed} cannot be; give a number above 0, 1 is real time")

    def admits(self, key: str) -> bool:
        """Whether a key is let in."""
        return self.keys is None or key in self.keys
