"""Calls of providers: what came over the wire becomes a Call for the engine. Knows no ASGI."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from mockserver.engine.accounts.journal import measure_head
from mockserver.engine.call import Call, Malformed, Reply
from mockserver.web.decode import decode_json
from mockserver.web.routes import Route

# Sends a reply; says whether it has a body.
Carry = Callable[[Reply, bool], Awaitable[None]]

NOTHING: Final[Mapping[str, str]] = {}


@dataclass(slots=True)
class Request:
    """One HTTP request, whatever server received it."""

    method: str
    path: str  # percent-decoded
    target: str  # path and query as sent
    query: bytes
    headers: Mapping[str, str]  # names in lower case
    origin: str  # how the client reaches this server: "http://127.0.0.1:8787"
    body: bytes | Malformed = b""
    carrier: Carry | None = None  # of its connection, for replies whose way is odd

    @property
    def raw(self) -> bytes:
        """The body as sent, as far as it was taken."""
        return b"" if isinstance(self.body, Malformed) else self.body


def read_call(route: Route, request: Request, path: Mapping[str, str] = NOTHING) -> Call:
    """The call that a request for an operation makes; `path` holds the parameters in the path."""
    headers = request.headers
    query = parse_query(request.query) if request.query else NOTHING
    value: object = None
    if isinstance(query, Malformed):
        query, value = NOTHING, query
    elif route.takes_body:
        value = read_value(route, request)
    return Call(
        route.contract,
        route.operation,
        read_key(headers.get("authorization")),
        request.origin,
        request.target,
        headers,
        query,
        path,
        b"" if isinstance(request.body, Malformed) else request.body,
        value,
        route.scenario,
        head_size=measure_head(request.target, headers),
    )


def read_value(route: Route, request: Request) -> object:
    """The JSON value of a request's body, None if there may be none, or Malformed."""
    if isinstance(request.body, Malformed):
        return request.body
    encoding = request.headers.get("content-encoding")
    if encoding is not None and encoding.lower() not in ("", "identity"):
        return Malformed(f"Content-Encoding {encoding!r} is not taken; send the body as it is", 415)
    if not request.body and not route.needs_body:
        return None
    return decode_json(request.body, request.headers.get("content-type"))


def read_origin(headers: Mapping[str, str], scheme: str) -> str:
    """How a client reaches this server, which it does by a scheme.

    Whoever maps a provider's host name to this machine puts TLS in front of it.
    """
    is_secure = headers.get("x-forwarded-proto") == "https"
    return f"{'https' if is_secure else scheme}://{headers['host']}"


def read_key(authorization: str | None) -> str | None:
    """The token of an Authorization header of the scheme Bearer, None if there is none."""
    if authorization is None:
        return None
    scheme, token = authorization[:7], authorization[7:]
    if scheme != "Bearer " and scheme.lower() != "bearer ":
        return None
    return token.strip() or None


def parse_query(query: bytes) -> dict[str, str] | Malformed:
    """Query parameters, the first value of each; Malformed if one is not UTF-8."""
    is_quoted = b"%" in query or b"+" in query
    found: dict[str, str] = {}
    try:
        for pair in query.decode().split("&"):
            name, _, value = pair.partition("=")
            if is_quoted:
                name, value = _unquote(name), _unquote(value)
            if pair and name not in found:
                found[name] = value
    except UnicodeDecodeError:
        return Malformed("the query is not UTF-8 after percent-decoding")
    return found


def _unquote(text: str) -> str:
    return unquote_to_bytes(text.replace("+", " ")).decode()
