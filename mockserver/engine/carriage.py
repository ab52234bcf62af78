"""How a reply travels: as data, for whoever has a wire to send it over."""

from dataclasses import dataclass
from enum import StrEnum


class End(StrEnum):
    """What becomes of the connection behind a reply."""

    KEEP = "keep"  # what the client and the server would do anyway
    CLOSE = "close"  # closed in order, whatever was promised
    RESET = "reset"  # torn down: the client's system hears a TCP RST
    NEVER = "never"  # nothing more comes, and nobody closes


@dataclass(frozen=True, slots=True)
class Carriage:
    """What is odd about the way of a reply; spans in milliseconds of real time."""

    delay: int = 0  # before its first byte
    behind: str | None = None  # id of an account whose callbacks are to be answered first
    is_silent: bool = False  # not a byte of it is sent
    sent: float | None = None  # how much of its body is sent: 0.5 for the half, None for all
    length: int | None = None  # added to the Content-Length that is told; None to tell the truth
    pieces: int = 1  # in which the body is sent
    pause: int = 0  # before each of them
    end: End = End.KEEP
    lasts: int | None = None  # how long NEVER is; None until the client leaves
