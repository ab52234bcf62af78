"""Converts between HTTP and a replay: a request to be matched, a recorded answer to be sent."""

import re
from collections.abc import Mapping
from typing import Final

from mockserver.engine.call import Reply
from mockserver.record.exchange import Exchange
from mockserver.record.replay.answer import Answer
from mockserver.record.replay.ask import Ask
from mockserver.record.replay.breakdown import build_carriage
from mockserver.web.calls import Request
from mockserver.web.recorder.upstream import HOP_BY_HOP
from mockserver.web.routes import Route

# Of the recorded answer's headers: the server writes its own, or they are of no use here.
_SET_ANEW: Final = HOP_BY_HOP | {
    *("content-type", "content-length", "content-encoding", "date", "server", "set-cookie"),
    *("alt-svc", "strict-transport-security", "report-to", "nel", "via", "age"),
}

# A file may say anything; what no header can hold would be read as another one.
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


def choose_media_type(recorded: str | None, default: str) -> str:
    """The media type that was recorded, if there is one that a header can hold."""
    return recorded if recorded and _VALUE.fullmatch(recorded) else default


def build_ask(
    route: Route, path: Mapping[str, str], request: Request, body: bytes, now: int
) -> Ask:
    """What a request asks for; `path` holds the parameters in its path."""
    exchange = Exchange(
        started=now,
        elapsed=0,
        method=request.method,
        url=request.target,
        request_headers=tuple(request.headers.items()),
        request_body=body,
    )
    return Ask(route.contract, route.operation, path, exchange)


def build_reply(answer: Answer) -> Reply:
    """The reply that gives an answer, with the status and the headers that were recorded."""
    exchange = answer.exchange
    media = choose_media_type(exchange.find_response_header("content-type"), "application/json")
    kept = (
        (name, value)
        for name, value in exchange.response_headers
        if name.lower() not in _SET_ANEW and _NAME.fullmatch(name) and _VALUE.fullmatch(value)
    )
    way = build_carriage(exchange)
    return Reply(exchange.status or 502, answer.body, media, tuple(kept), way)
