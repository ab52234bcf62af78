"""How a recorded network error is told again: by the nearest fault that a server can do."""

from typing import Final

from mockserver.engine.carriage import Carriage, End
from mockserver.record.exchange import Exchange

# What no API did: the client left, or the recorder ended or refused. Browsers have words of their
# own for it, and mitmproxy has sentences.
_OWN: Final = frozenset({"left", "stopped", "held", "invalid", "too-large"})
_OWN_PARTS: Final = ("err_aborted", "binding_aborted", "blocked", "cancel", "client disconnected")
_LATE_PARTS: Final = ("timeout", "timed out", "timed_out")
_CLOSED_PARTS: Final = ("closed", "broken", "empty_response", "disconnected")


def find_end(error: str) -> End | None:
    """What becomes of the connection at an error; None if the error was not the API's.

    An API that could not be reached is one that resets: a server that listens comes no nearer.
    """
    text = error.lower()
    if text in _OWN or any(part in text for part in _OWN_PARTS):
        return None
    if any(part in text for part in _LATE_PARTS):
        return End.NEVER
    return End.CLOSE if any(part in text for part in _CLOSED_PARTS) else End.RESET


def build_carriage(exchange: Exchange) -> Carriage | None:
    """The way of a recorded answer: as far as it came, and then its error; None if it was whole."""
    end = None if exchange.error is None else find_end(exchange.error)
    if end is None:
        return None
    if exchange.status is None:
        return Carriage(is_silent=True, end=end)
    told = exchange.find_response_header("content-length") or ""
    missing = int(told) - len(exchange.response_body) if told.isdecimal() and len(told) < 16 else 1
    return Carriage(length=max(1, missing), end=end)
