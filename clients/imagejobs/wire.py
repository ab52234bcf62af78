"""What a flow asks of its driver, and what it gets back: values, no connection."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Request:
    """Send this, within so many seconds, and read at most so many bytes of the answer."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  # may hold the key
    body: bytes | None = None
    timeout: float = 30.0
    max_bytes: int = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_cut: bool = False  # more than `max_bytes` came


@dataclass(frozen=True, slots=True)
class Trouble:
    """No whole answer came. `sent` is False only if the server cannot have seen the request."""

    text: str
    sent: bool = True


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so many seconds; with a task's id, less if a callback about it arrives."""

    seconds: float
    task_id: str | None = None


Answer = Reply | Trouble
