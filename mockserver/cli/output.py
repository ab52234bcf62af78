"""Standard output and error, whose reader may leave and whose disk may be full."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, TextIO, cast

from mockserver.errors import UsageError

_LEFT: Final = frozenset({errno.EPIPE, errno.EINVAL})  # a reader left; the latter on Windows


class Output:
    """A stream that goes on when its reader leaves: `| head -1` changes no exit status.

    What cannot be written for another reason raises UsageError, unless the stream is a log: a log
    that nobody can read ends no server and breaks no reply.
    """

    def __init__(self, stream: TextIO, *, is_log: bool) -> None:
        self._stream = stream
        self._is_log = is_log

    def write(self, text: str) -> int:
        """Write a text, or drop it."""
        if text == "":  # which a full disk refuses, and click only tries what this is
            return 0
        try:
            return self._stream.write(text)
        except OSError as error:
            self._close(error)
        return len(text)

    def flush(self) -> None:
        """Write what was held back, or drop it."""
        try:
            self._stream.flush()
        except OSError as error:
            self._close(error)

    def _close(self, error: OSError) -> None:
        """Drop this and all that follows, also what Python would write at its end."""
        with suppress(OSError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
        if not self._is_log and error.errno not in _LEFT:
            raise UsageError(f"standard output cannot be written: {error.strerror}") from error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def guard_output() -> Iterator[None]:
    """Let standard output and error be such outputs for a while; closed ones stay as they are."""
    before = sys.stdout, sys.stderr
    out, log = before
    sys.stdout = out and cast("TextIO", Output(out, is_log=False))
    sys.stderr = log and cast("TextIO", Output(log, is_log=True))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
