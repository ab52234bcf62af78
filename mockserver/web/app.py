"""The application: a host name is judged, then a path leads to a provider, a file or control."""

from dataclasses import dataclass
from typing import Final

from mockserver.engine.call import Malformed
from mockserver.engine.engine import Engine
from mockserver.errors import MockServerError
from mockserver.web.asgi import (
    App,
    Receive,
    Scope,
    Send,
    answer_lifespan,
    build_error,
    read_body,
    read_headers,
    send_reply,
)
from mockserver.web.guard import Guard
from mockserver.web.hosts import Hosts, parse_host
from mockserver.web.options import Options
from mockserver.web.provider import Request, read_call, read_key
from mockserver.web.routes import Site, build_local_site, build_provider_sites

_MAX_DOORS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Door:
    """What stands behind one Host header."""

    site: Site
    origin: str  # without a scheme: "//127.0.0.1:8787"
    has_control: bool


def build_app(engine: Engine, options: Options) -> App:
    """The ASGI application that serves an engine's contracts, its files and the control API."""
    return Emulator(engine, options)


class Emulator:
    """Everything that one server answers."""

    def __init__(self, engine: Engine, options: Options) -> None:
        self._engine = engine
        self._options = options
        self._hosts = Hosts(options.allowed_hosts, beyond_loopback=options.beyond_loopback)
        self._local = build_local_site(engine.contracts)
        self._providers = build_provider_sites(engine.contracts)
        self._doors: dict[str, Door] = {}  # by Host header
        self._guard = Guard(options)
        self._control: App | None = None
        self._files: App | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await _answer_other(scope, receive, send)
            return
        pairs = scope["headers"]
        headers = read_headers(pairs)
        host = headers.get("host", "")
        door = self._doors.get(host) or self._open_door(host)
        if isinstance(door, Malformed):
            self._options.notice(door.reason)
            await send_reply(send, build_error(door.status or 400, door.reason), close=True)
            return
        query = scope["query_string"]
        target = scope["raw_path"].decode("latin-1")
        request = Request(
            scope["method"],
            scope["path"],
            f"{target}?{query.decode('latin-1')}" if query else target,
            query,
            headers,
            headers.get("x-forwarded-proto", "http") + ":" + door.origin,
        )
        route = door.site.exact.get((request.method, request.path))
        if route is None and request.path.startswith("/_"):
            await self._answer_own(door, request, scope, receive, send)
            return
        ...
