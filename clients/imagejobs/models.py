"""What a caller gets: a task, its failure, a downloaded file; all frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TypedDict


class Phase(StrEnum):
    """Where a task is, in the same words for every provider."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a task ended badly, in the provider's words."""

    code: str = ""
    message: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.code, self.message) if part) or "no reason given"


@dataclass(frozen=True, slots=True)
class Task:
    """One generation as it was last seen; `raw` is the provider's own object.

    `elapsed` is in seconds, times are in UTC, `credits` is what the provider says it costs.
    """

    provider: str
    id: str
    phase: Phase = Phase.QUEUED
    state: str = ""  # the provider's word for the phase
    results: tuple[str, ...] = ()  # addresses, which do not live for ever: download soon
    failure: Failure | None = None
    model: str | None = None
    prompt: str | None = None
    request: Mapping[str, Any] = field(default_factory=dict, repr=False)
    credits: float | None = None
    created: datetime | None = None
    finished: datetime | None = None
    elapsed: float | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.phase in {Phase.SUCCEEDED, Phase.FAILED}


@dataclass(frozen=True, slots=True)
class File:
    """A downloaded image, checked; `path` is where it was written, if it was."""

    url: str
    media_type: str
    content: bytes = field(repr=False)
    path: Path | None = None


class Order(TypedDict, total=False):
    """What can be said about a task besides its prompt."""

    model: str
    images: list[str]  # public addresses of images to start from
    options: dict[str, Any]  # the provider's own fields, as its documentation names them
    callback_url: str
    request_id: str  # your own id for this order, where the provider knows idempotency keys
