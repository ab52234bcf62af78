"""A request of a client's as it is matched, and a recorded answer as it is sent."""

from collections.abc import Mapping
from typing import Final

from mockserver.engine.call import Reply
from mockserver.record.exchange import Exchange
from mockserver.record.replay.answer import Answer
from mockserver.record.replay.ask import Ask
from mockserver.web.calls import Request
from mockserver.web.recorder.upstream import HOP_BY_HOP
from mockserver.web.routes import Route

# Of the recorded answer's headers: the server writes its own, or they are of no use here.
_SET_ANEW: Final = HOP_BY_HOP | {
    *("content-type", "content-length", "content-encoding", "date", "server", "set-cookie"),
    *("alt-svc", "strict-transport-security", "report-to", "nel", "via", "age"),
}


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
    media = exchange.find_response_header("content-type") or "application/json"
    kept = ((n, value) for n, value in exchange.response_headers if n.lower() not in _SET_ANEW)
    return Reply(exchange.status or 502, answer.body, media, tuple(kept))
