"""What a server, or the way to it, can do to one exchange: faults by name, each in a few lines.

A step of a schedule is a fault and its settings, as in {"fault": "status", "status": 503}; {} is
no fault. Each says what the reply now means to a reader who makes no mistake. Where the emulator
has the same fault, it has the same name; `takes_effect` says whether a submit makes a task.
"""

import json
from collections.abc import Callable, Iterator
from email.utils import formatdate
from typing import Any, Final

import httpx

from tests.laws.upstream import Exchange, Upstream, encode

Act = Callable[[Upstream, Exchange], httpx.Response]
Damage = Callable[[Exchange, Any], None]

ACTS: Final[dict[str, Act]] = {}
DAMAGES: Final[dict[str, Damage]] = {}  # to the JSON of a good reply

# What a code means, in the status or in the body (the providers' own tables of codes).
MEANINGS: Final = {
    204: "Unreadable",
    400: "InvalidRequest",
    401: "Unauthorized",
    402: "OutOfCredits",
    403: "Unauthorized",
    404: "NotFound",
    408: "Unavailable",
    409: "Conflict",
    410: "NotFound",
    418: "InvalidRequest",
    422: "InvalidRequest",
    429: "RateLimited",
    433: "OutOfCredits",
    455: "Unavailable",
    500: "Unavailable",
    501: "GenerationFailed",
    502: "Unavailable",
    503: "Unavailable",
    504: "Unavailable",
    505: "Unavailable",
}
OPEN: Final = frozenset({204, 408, 500, 502, 503, 504})  # codes that prove nothing about a submit
REDIRECTS: Final = (301, 302, 303, 307, 308)


def act(upstream: Upstream, exchange: Exchange) -> httpx.Response:
    """Do to an exchange what its step says."""
    name = exchange.step.get("fault")
    if name is None:
        return reply(*upstream.answer(exchange))
    if name in DAMAGES:
        return damage(upstream, exchange, DAMAGES[name])
    return ACTS[name](upstream, exchange)


def fault(name: str) -> Callable[[Act], Act]:
    """Give an act its name."""

    def register(function: Act) -> Act:
        ACTS[name] = function
        return function

    return register


def reply(status: int, body: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
    kind = "image/png" if body.startswith(b"\x89PNG") else "application/json"
    return httpx.Response(status, headers={"content-type": kind, **(headers or {})}, content=body)


def serve(upstream: Upstream, exchange: Exchange) -> tuple[int, bytes]:
    """The honest answer, if the request is done at all before something goes wrong."""
    if exchange.step.get("takes_effect", True) or exchange.role != "submit":
        return upstream.answer(exchange)
    return 200, encode({"code": 200, "msg": "success", "data": None})


def break_off(exchange: Exchange, error: type[httpx.TransportError]) -> httpx.TransportError:
    """The error of a connection on which no whole answer came."""
    exchange.mean("Unreachable", is_open=True)
    return error("as the schedule says", request=exchange.request)


class Torn(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body whose connection breaks after its first part."""

    def __init__(self, part: bytes) -> None:
        self.part = part

    def __iter__(self) -> Iterator[bytes]:
        yield self.part
        raise httpx.RemoteProtocolError("the body is not complete")

    async def __aiter__(self) -> Any:
        for part in self:
            yield part


@fault("latency")
def _(upstream: Upstream, exchange: Exchange) -> httpx.Response:
    limit = float(exchange.request.extensions["timeout"]["read"])
    if exchange.step["seconds"] >= limit:
        serve(upstream, exchange)
        upstream.pass_by(limit)
        raise break_off(exchange, httpx.ReadTimeout)
    status, body = upstream.answer(exchange)
    upstream.pass_by(exchange.step["seconds"])
    return reply(status, body)


@fault("hang")
def _(upstream: Upstream, exchange: Exchange) -> httpx.Response:
    serve(upstream, exchange)
    upstream.pass_by(float(exchange.request.extensions["timeout"]["read"]))
    raise break_off(exchange, httpx.ReadTimeout)


@fault("unreachable")
def _(upstream: Upstream, exchange: Exchange) -> httpx.Response:
    exchange.mean("Unreachable")
    raise httpx.ConnectError("as the schedule says", request=exchange.request)


@fault("reset")
def _(upstream: Upstream, exchange: Exchange) -> httpx.Response:
    serve(upstream, exchange)
    raise break_off(exchange, httpx.ReadError)


@fault("empty-reply")
def _(upstream: Upstream, exchange: Exchange) -> httpx.Response:
    serve(upstream, exchange)
    raise break_off(exchange, httpx.RemoteProtocolError)


@fault("cut-body")
def _(upstream: Upstream, exchange: Exchange) -> httpx.Response:
    """The connection ends within the body: with an error, or as if that were all of it."""
    status, body = upstream.answer(exchange)
    part = body[: len(body) * exchange.step["percent"] // 100]
    if exchange.step.get("silent"):
        return reply(status, spoil(exchange, part))
    exchange.mean("Unreachable", is_open=True)
    return httpx.Response(status, stream=Torn(part), headers={"content-length": str(len(body))})


@fault("wrong-length")
def _(upstream: Upstream, exchange: Exchange) -> httpx.Response:
    """More is announced than comes; a lenient library takes what came."""
    status, body = upstream.answer(exchange)
    if exchange.role == "file":
        spoil(exchange, body)
    return reply(status, body, {"content-length": str(len(body) + exchange.step["more"])})


@fault("malformed-json")
def _(upstream: Upstream, exchange: Exchange) -> httpx.Response:
    status, body = upstream.answer(exchange)
    return reply(status, spoil(exchange, body.replace(b'"', b"'")[:-1]))


@fault("garbage")
def _(upstream: Upstream, exchange: Exchange) -> httpx.Response:
    serve(upstream, exchange)
    return reply(200, spoil(exchange, b"\xff" + exchange.step["bytes"]))


@fault("wrong-content-type")
def _(upstream: Upstream, exchange: Exchange) -> httpx.Response:
    status, body = upstream.answer(exchange)
    return reply(status, body, {"content-type": exchange.step["says"]})


@fault("html-page")
def _(upstream: Upstream, exchange: Exchange) -> httpx.Response:
    return refuse(upstream, exchange, b"<html><h1>Bad gateway</h1></html>")


@fault("status")
def _(upstream: Upstream, exchange: Exchange) -> httpx.Response:
    """An HTTP status, with a body that says the same, says nothing, or says that all is well."""
    kind, same = exchange.step.get("body", "same"), write_refusal(exchange, exchange.step["status"])
    return refuse(upstream, exchange, {"same": same, "none": b"", "well": None}[kind])


@fault("body-code")
def _(upstream: Upstream, exchange: Exchange) -> httpx.Response:
    """HTTP 200, and a body whose code is another one."""
    code = exchange.step["code"]
    if code in OPEN:
        serve(upstream, exchange)
    exchange.mean(MEANINGS[code], is_open=code in OPEN)
    if exchange.role == "file":
        spoil(exchange, b"")
        exchange.is_short = False
    return reply(200, write_refusal(exchange, code), write_hints(upstream, exchange))


@fault("extra-headers")
def _(upstream: Upstream, exchange: Exchange) -> httpx.Response:
    """The honest answer, which says when to come again."""
    status, body = upstream.answer(exchange)
    return reply(status, body, write_hints(upstream, exchange))


@fault("briefly-unknown")
def _(upstream: Upstream, exchange: Exchange) -> httpx.Response:
    """A task cannot be found yet, in the words of the provider."""
    if exchange.role != "inspect":
        return reply(*upstream.answer(exchange))
    exchange.mean("NotFound")
    is_worded = upstream.provider == "kie"
    words = {"code": 422, "msg": "recordInfo is null"} if is_worded else {"code": 404, "msg": "no"}
    return reply(200, encode({**words, "data": None}))


@fault("redirect")
def _(upstream: Upstream, exchange: Exchange) -> httpx.Response:
    """To another place; a 303 says that the request was done."""
    status, place = exchange.step["status"], exchange.step["to"]
    if exchange.role == "file":
        exchange.mean("Redirected" if place.startswith("https://") else "BadFile")
    else:
        exchange.mean("Misused")
        if status == 303:
            serve(upstream, exchange)
            exchange.mean("Misused", is_open=True)
    return reply(status, b"", {"location": place + exchange.request.url.path})


def refuse(upstream: Upstream, exchange: Exchange, body: bytes | None) -> httpx.Response:
    """A status that is no 200, or a page with one; without a body, that of a good reply."""
    status = exchange.step["status"]
    if status in OPEN or status == 200 or exchange.role != "submit":
        well = serve(upstream, exchange)[1]
    else:
        well = encode(upstream.confirm("task-0"))
    body = well if body is None else body
    body = b"" if status == 204 else body
    way = MEANINGS.get(status, "Unreadable")
    if exchange.role == "file":
        way = "Unavailable" if status >= 500 else "BadFile" if status < 300 else way
    exchange.mean(way, is_open=status in OPEN or status == 200)
    return reply(status, body, write_hints(upstream, exchange))


def write_refusal(exchange: Exchange, code: int) -> bytes:
    hint = exchange.step.get("retry_body")
    data = None if hint is None else {"retryAfter": hint}
    return encode({"code": code, "msg": "as the schedule says", "data": data})


def write_hints(upstream: Upstream, exchange: Exchange) -> dict[str, str]:
    """A header Retry-After as seconds or as a date; what it and the body ask is taken down.

    With a skew, the reply says what time it is on the server's clock, which differs by so much.
    """
    step, now = exchange.step, upstream.now()
    is_plain = step["fault"] == "status" and step["status"] != 204
    says_same = "code" in step or (is_plain and step.get("body", "same") == "same")
    body_hint = step.get("retry_body") if says_same and exchange.role != "file" else None
    text = str(step["retry_after"]) if "retry_after" in step else None
    hints = [body_hint, None if text == "soon" else step.get("retry_after")]
    headers = {}
    if "retry_date" in step:
        sent = int(now) + step.get("skew", 0)
        text = formatdate(sent + step["retry_date"], usegmt=True)
        if "skew" in step:
            headers["date"] = formatdate(sent, usegmt=True)
        gone = 0.0 if headers else now - int(now)  # dates have no fractions, clients' clocks do
        hints.append(max(0.0, step["retry_date"] - gone))
    exchange.hint = max((hint for hint in hints if hint is not None), default=None)
    return headers if text is None else {**headers, "retry-after": text}


def spoil(exchange: Exchange, body: bytes) -> bytes:
    """A body that is not what it should be."""
    exchange.is_short = body.startswith(b"\x89PNG\r\n\x1a\n")
    exchange.mean("BadFile" if exchange.role == "file" else "Unreadable", is_open=True)
    return body


def damage(upstream: Upstream, exchange: Exchange, change: Damage) -> httpx.Response:
    """A good reply in which some fields are not as they should be; a file stays as it is."""
    status, body = upstream.answer(exchange)
    if exchange.role == "file" or not exchange.is_good:
        return reply(status, body)
    value = json.loads(body)
    if exchange.step["fault"] in {"state-backwards", "other-task"} and exchange.role == "inspect":
        value = tell_otherwise(upstream, exchange)
    change(exchange, value)
    return reply(status, encode(value))


def tell_otherwise(upstream: Upstream, exchange: Exchange) -> Any:
    """How the task was at first, or how another one is."""
    if exchange.step["fault"] == "state-backwards":
        return upstream.tell(exchange, "queued")
    value = upstream.tell(exchange, "succeeded", "somebody-elses")
    exchange.mean("Unreadable")
    return value


def damaging(name: str) -> Callable[[Damage], Damage]:
    """Give a damage its name."""

    def register(function: Damage) -> Damage:
        DAMAGES[name] = function
        return function

    return register


@damaging("state-backwards")
@damaging("other-task")
def _(exchange: Exchange, value: Any) -> None:
    """Nothing more."""


@damaging("extra-fields")
def _(exchange: Exchange, value: Any) -> None:
    value.update(traceId="x", state="fail")
    value["data"].update(code=500, successFlag=3, extra={"state": "fail"}, message="fail")


@damaging("null-fields")
def _(exchange: Exchange, value: Any) -> None:
    """Everything that a reader can do without is null, or is not there at all."""
    for name in ("model", "param", "request", "costTime", "createTime", "completeTime", "failMsg"):
        if name in value["data"]:
            value["data"][name] = None
    value["data"].pop("creditsConsumed", None)
    del value["msg"]


@damaging("null-data")
def _(exchange: Exchange, value: Any) -> None:
    value["data"] = None
    exchange.mean("Unreadable", is_open=True)


@damaging("unknown-state")
def _(exchange: Exchange, value: Any) -> None:
    """A word for a state that no page knows, until the task has ended."""
    if exchange.phase in {"queued", "running"}:
        name = "state" if "state" in value["data"] else "status"
        value["data"][name] = "upscaling"
        exchange.phase = "running"


@damaging("empty-results")
def _(exchange: Exchange, value: Any) -> None:
    for name in ("resultJson", "response"):
        if name in value["data"]:
            value["data"][name] = "[]"
    exchange.results = ()


@damaging("odd-results")
def _(exchange: Exchange, value: Any) -> None:
    """Addresses that nobody should fetch."""
    for name in ("resultJson", "response"):
        if value["data"].get(name):
            exchange.results = (exchange.step["to"] + "/fox.png",)
            value["data"][name] = json.dumps(list(exchange.results))


@damaging("broken-json-string")
def _(exchange: Exchange, value: Any) -> None:
    """JSON in a string that is cut off."""
    for name in ("resultJson", "response"):
        if value["data"].get(name):
            value["data"][name] = '{"resultUrls":["https://c'
            exchange.mean("Unreadable")


@damaging("wrong-type")
def _(exchange: Exchange, value: Any) -> None:
    """A field of another type: the code, the data, the state or the results."""
    place, odd = exchange.step["place"], exchange.step["value"]
    if place in value:
        value[place] = odd
        exchange.mean("Unreadable", is_open=True)
        return
    names = {"state": ("state", "status"), "results": ("resultJson", "response")}[place]
    for name in names:
        if value["data"].get(name):
            value["data"][name] = odd
            exchange.mean("Unreadable")
