"""The application: a Host header opens a door, a path leads to a provider, a file or control."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import orjson

from mockserver.engine.call import Malformed, Reply
from mockserver.engine.engine import Engine
from mockserver.version import VERSION
from mockserver.web.asgi import (
    TOO_LARGE,
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
from mockserver.web.provider import NOTHING, Request, read_call, read_key
from mockserver.web.routes import Route, Site, build_local_site, build_provider_sites

HEALTH: Final = "/_mock/health"
_HEALTHY: Final = Reply(200, orjson.dumps({"status": "ok", "version": VERSION}))
_MAX_DOORS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Door:
    """What stands behind one Host header."""

    site: Site
    host: str
    has_control: bool  # not under a provider's own name: that one belongs to somebody else


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
        self._doors: dict[str, Door] = {}  # by Host header, as it was sent
        self._guard = Guard(options.admin_token)
        self._control: App | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await _answer_other(scope, receive, send)
            return
        headers = read_headers(scope["headers"])
        host = headers.get("host", "")
        door = self._doors.get(host) or self._open_door(host)
        if isinstance(door, Reply):
            await send_reply(send, door, close=True)
            return
        request = _read_request(scope, headers, host)
        route = door.site.exact.get((request.method, request.path))
        if route is not None:
            await self._answer_call(route, request, receive, send)
        elif request.path.startswith("/_"):
            await self._answer_own(door, request, scope, receive, send)
        elif found := door.site.find_template(request.method, request.path):
            await self._answer_call(found[0], request, receive, send, found[1])
        else:
            await self._answer_stray(door.site, request, receive, send)

    async def _answer_call(
        self,
        route: Route,
        request: Request,
        receive: Receive,
        send: Send,
        path: Mapping[str, str] = NOTHING,
    ) -> None:
        if route.takes_body:
            body = await read_body(receive, request.headers)
            if body is None:
                return
            request.body = body
        reply = self._engine.answer(read_call(route, request, path))
        await send_reply(send, reply, close=request.body is TOO_LARGE)

    async def _answer_stray(
        self, site: Site, request: Request, receive: Receive, send: Send
    ) -> None:
        body = await read_body(receive, request.headers)
        if body is None:
            return
        request.body = body
        reply = self._engine.answer_stray(
            site.find_contract(request.path),
            request.method,
            request.target,
            read_key(request.headers.get("authorization")),
            request.origin,
            request.raw,
            request.headers,
        )
        await send_reply(send, reply, close=body is TOO_LARGE, with_body=request.method != "HEAD")

    async def _answer_own(
        self, door: Door, request: Request, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if request.path == HEALTH and request.method in {"GET", "HEAD"}:
            await send_reply(send, _HEALTHY, with_body=request.method == "GET")
        elif request.path.startswith("/_files/"):
            await send_reply(send, await self._files.answer(request), with_body=request.method != "HEAD")
        elif not request.path.startswith("/_mock/"):
            await self._answer_stray(door.site, request, receive, send)
        elif refusal := self._find_refusal(door, request):
            await send_reply(send, refusal, close=True)
        else:
            await self._get_control()(scope, receive, send)
