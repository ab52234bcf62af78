"""The word `x-delivery`: when a callback is sent, how patiently, and how it is signed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mockserver.clock import parse_span
from mockserver.contract.moments import Phase

CHANGES: Final = "changes"
_DEFAULT_SPACING: Final = ("1s",)


@dataclass(frozen=True, slots=True)
class SignatureTerms:
    """How a callback is signed when the account has a webhook secret."""

    scheme: str  # "hmac-sha256-base64" or "standard-webhooks"
    over: tuple[str, ...]  # what is signed: task.id, timestamp, body
    join: str
    headers: Mapping[str, str]  # signature, timestamp, perhaps id -> header name


@dataclass(frozen=True, slots=True)
class DeliveryTerms:
    """The terms of one callback; spans in milliseconds."""

    when: frozenset[Phase] | None  # the phases that are told; None for every change of state
    within: int  # how long a receiver may take to answer
    attempts: int
    spacing: tuple[int, ...]  # between attempts; the last one goes on
    signature: SignatureTerms | None = None

    def tells(self, phase: Phase) -> bool:
        """Whether a task's arrival in a phase is sent."""
        return self.when is None or phase in self.when

    def wait_after(self, attempt: int) -> int | None:
        """How long after the attempt with a number, from 1, the next one is due; None: never.

        It is counted from the moment at which that attempt was due, so that a receiver which takes
        its time to fail does not move the others. An attempt follows the answer to the one before.
        """
        if attempt >= self.attempts:
            return None
        return self.spacing[min(attempt, len(self.spacing)) - 1]


def build_terms(words: Mapping[str, Any]) -> DeliveryTerms:
    """Build the terms from the word's value, which keeps the grammar."""
    when = words["when"]
    return DeliveryTerms(
        when=None if when == CHANGES else frozenset(Phase(phase) for phase in when),
        within=parse_span(words["within"]),
        attempts=words["attempts"],
        spacing=tuple(parse_span(span) for span in words.get("spacing", _DEFAULT_SPACING)),
        signature=_build_signature(words.get("signature")),
    )


def _build_signature(words: Mapping[str, Any] | None) -> SignatureTerms | None:
    if words is None:
        return None
    headers = {role: name for role, name in words["headers"].items() if role != "x-basis"}
    return SignatureTerms(words["scheme"], tuple(words["over"]), words.get("join", "."), headers)
