"""What connections may take: seconds, bytes and counts, for one of them and for all."""

from dataclasses import dataclass
from typing import Final

from mockserver.web.asgi import MAX_BODY, MAX_WASTE

SLACK: Final = 256 * 1024  # bytes of a body that were on their way when enough had come


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one server; the defaults leave room for slow machines, not for hanging ones."""

    head_seconds: float = 10.0  # to send a request's head, from its first byte or the connection on
    body_seconds: float = 60.0  # to send its body
    idle_seconds: float = 75.0  # between requests; less would close under clients that poll slowly
    write_seconds: float = 30.0  # to take 64 KiB of an answer
    linger_seconds: float = 2.0  # to stop sending once a request was refused
    tick_seconds: float = 1.0  # how late the end of these may be noticed
    head_bytes: int = 64 * 1024  # of a request line and its headers
    headers: int = 100
    # Of one body, wanted or not: the application throws away what it can describe.
    message_bytes: int = MAX_BODY + MAX_WASTE + SLACK
    connections: int = 2_000  # at once
    refusals: int = 64  # further ones that hear that they should come again; the rest is cut off


LIMITS: Final = Limits()
