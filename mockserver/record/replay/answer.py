"""The answer of a replay to a request, or why there is none."""

from dataclasses import dataclass
from typing import NamedTuple

from mockserver.contract.delivery import DeliveryTerms
from mockserver.record.exchange import Exchange
from mockserver.record.replay.play import Play


@dataclass(frozen=True, slots=True)
class Answer:
    """A recorded answer with a body for this client; `play` is the task that it is about."""

    exchange: Exchange
    body: bytes
    play: Play | None = None
    notice: str | None = None  # what people should know of it


class Miss(NamedTuple):
    """Nothing that is recorded answers a request."""

    status: int
    error: str
    hint: str


@dataclass(frozen=True, slots=True)
class Notification:
    """A recorded callback for this client."""

    number: int  # of those of its task, from 1
    url: str
    body: bytes
    media_type: str
    terms: DeliveryTerms
    task_id: str
