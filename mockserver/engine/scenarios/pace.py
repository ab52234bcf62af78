"""Pace: what moves a task on to its end."""

from enum import StrEnum
from typing import Final, NamedTuple


class Mover(StrEnum):
    """What moves a task on."""

    TIME = "time"  # the account's clock
    POLLS = "polls"  # each poll that finds it
    INSTANT = "instant"  # nothing needs to: it has ended when it is submitted
    MANUAL = "manual"  # it stays in its last open state until a control call ends it


class Pace(NamedTuple):
    """How a task comes to its end."""

    mover: Mover = Mover.TIME
    polls: int = 0  # that it takes, the last one sees the end; only of Mover.POLLS
    takes: tuple[int, int] | None = None  # milliseconds instead of those of the contract
    factor: float = 1.0  # multiplies the time that it takes


BY_TIME: Final = Pace()
