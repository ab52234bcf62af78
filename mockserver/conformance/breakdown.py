"""Breakdowns of the emulator: exceptions that it logs, and whose trial they belong to.

A client that is answered with an error 500 which nobody has planned is not to blame for what it
does then.
"""

import logging
import threading
from dataclasses import dataclass
from pathlib import Path
from traceback import walk_tb
from types import TracebackType
from typing import Final, Self

from mockserver.engine.call import Call, Stray
from mockserver.web.calls import Request

LOGGERS: Final = ("uvicorn.error", "asyncio")  # in which a server tells of exceptions
THREAD: Final = "mockserver"  # in which servers of this process run


@dataclass(frozen=True, slots=True)
class Breakdown:
    """One exception of the emulator."""

    text: str  # what it is, and where it was raised
    credentials: str | None  # of the request that met it; None if that cannot be told


class Breakdowns(logging.Handler):
    """Hears what goes wrong in the servers of this process, between `__enter__` and `__exit__`."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._found: list[Breakdown] = []
        self._gate = threading.Lock()

    def __enter__(self) -> Self:
        for name in LOGGERS:
            logging.getLogger(name).addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        for name in LOGGERS:
            logging.getLogger(name).removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Take down an exception that a server has logged; what clients log is theirs."""
        error = record.exc_info[1] if record.exc_info else None
        if record.threadName != THREAD or error is None:
            return
        found = Breakdown(describe(error), _find_credentials(error.__traceback__))
        with self._gate:
            self._found.append(found)

    def count(self) -> int:
        """How many there were until now."""
        with self._gate:
            return len(self._found)

    def find(self, key: str, since: int) -> str | None:
        """The first that a trial met, if one did.

        It met those of its own requests, and those of which nobody knows whose they are; `since` is
        how many there were before it began.
        """
        with self._gate:
            for breakdown in self._found[since:]:
                if breakdown.credentials is None or key in breakdown.credentials.split():
                    return breakdown.text
        return None


def describe(error: BaseException) -> str:
    """What was raised, and where: `KeyError: 'state' (engine.py, line 12)`."""
    frames = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
    place = f" ({Path(frames[-1][0]).name}, line {frames[-1][1]})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"


def _find_credentials(traceback: TracebackType | None) -> str | None:
    """The header Authorization of the request that was being answered.

    A log record does not say whose request it was; the variables along its traceback do.
    """
    for frame, _ in walk_tb(traceback):
        for value in frame.f_locals.values():
            if isinstance(value, Call | Request | Stray) and "authorization" in value.headers:
                return value.headers["authorization"]
    return None
