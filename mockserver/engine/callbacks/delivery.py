"""Deliveries: what was sent, or is to be sent, to a client's callback address."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from mockserver.contract.delivery import DeliveryTerms


class Standing(StrEnum):
    """How a delivery stands."""

    WAITING = "waiting"  # for its next attempt, or for the answer to one
    DELIVERED = "delivered"
    EXHAUSTED = "exhausted"  # every attempt failed
    HELD = "held"  # never sent, because of where it would have gone


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: when, what was sent beside the body, and what came back."""

    at: int  # milliseconds on the account's clock
    headers: dict[str, str]
    status: int | None  # of the answer; None if there was none
    answer: str  # its body, as far as it was read
    problem: str | None = None  # why there was no answer

    @property
    def succeeded(self) -> bool:
        """Whether the receiver took it."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Twist:
    """How a delivery goes otherwise than it should; spans in milliseconds."""

    is_lost: bool = False
    late: int = 0  # on the account's clock
    copies: int = 0  # that follow it
    apart: int = 0  # each from the one before
    is_overtaken: bool = False  # the next delivery of its account is sent first
    method: str = "POST"
    body: bytes | None = None  # sent in place of the one that is signed
    spelling: bytes | None = None  # another one of the body, which is sent and signed
    media_type: str | None = None
    secret: str | None = None  # that it is signed with, in place of the account's
    age: int = 0  # of the time that is signed


PLAIN: Final = Twist()


@dataclass(slots=True, eq=False)
class Delivery:
    """One sending of a callback; its body is the same in every attempt."""

    number: int  # counts the deliveries of an account, from 1
    provider: str
    task_id: str
    callback: str  # the name that the contract gives it
    moment: str  # the phase that it tells of
    url: str
    body: bytes
    media_type: str
    terms: DeliveryTerms
    due: int  # when its next attempt is, or was, due; milliseconds on the account's clock
    standing: Standing = Standing.WAITING
    held: str | None = None  # why it was held back
    attempts: list[Attempt] = field(default_factory=list)
    copy_of: int | None = None  # the number of the delivery that it repeats
    fault: str | None = None  # the one that acted on it
    twist: Twist = PLAIN

    def is_undelivered(self, now: int) -> bool:
        """Whether it did not arrive: an attempt is due and not answered, or there is none left."""
        if self.standing is Standing.WAITING:
            return self.due <= now
        return self.standing is not Standing.DELIVERED

    def hold(self, reason: str) -> None:
        """Never send it."""
        self.standing = Standing.HELD
        self.held = reason

    def add_attempt(self, attempt: Attempt) -> int | None:
        """Take note of an attempt; the moment of the next one, None if there is none."""
        self.attempts.append(attempt)
        if attempt.succeeded:
            self.standing = Standing.DELIVERED
            return None
        wait = self.terms.wait_after(len(self.attempts))
        if wait is None:
            self.standing = Standing.EXHAUSTED
            return None
        self.due += wait
        return self.due
