"""The neutral words for when a reply is sent: a phase of a task, a condition, or simply ok."""

from enum import StrEnum
from typing import Final


class Phase(StrEnum):
    """Where a task stands, whatever the provider calls it."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def is_final(self) -> bool:
        """Whether a task in this phase has ended."""
        return self in FINAL


FINAL: Final = frozenset({Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELED})

OK: Final = "ok"

CONDITIONS: Final = (
    "unauthorized",
    "malformed",
    "missing_field",
    "bad_value",
    "unknown_model",
    "invalid_request",
    "not_found",
    "not_yet_visible",
    "expired",
    "insufficient_credits",
    "key_limit_reached",
    "rate_limited",
    "too_many_active",
    "conflict",
    "generation_failed",
    "maintenance",
    "feature_disabled",
    "no_such_resource",
    "server_error",
)

# What a contract that has no shape of its own for a condition answers instead.
FALLBACK: Final = {
    "malformed": "invalid_request",
    "missing_field": "invalid_request",
    "bad_value": "invalid_request",
    "unknown_model": "invalid_request",
}
