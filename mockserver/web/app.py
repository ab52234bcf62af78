"""The application: a Host header opens a door, a path leads to a provider, a file or control."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final

import orjson

from mockserver.engine.call import Call, Malformed, Reply, Stray
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
from mockserver.web.callbacks.courier import Courier
from mockserver.web.callbacks.targets import Targets
from mockserver.web.calls import NOTHING, Request, read_call, read_origin
from mockserver.web.control.guard import Guard
from mockserver.web.doors import Door, Doors
from mockserver.web.files import Files
from mockserver.web.health import HEALTH, HEALTHY
from mockserver.web.options import Options
from mockserver.web.request_log import Watch
from mockserver.web.routes import SCENARIO_MARK, Route, Site
from mockserver.web.sizes import measure_message
from mockserver.web.wire.carrier import CARRIER
from mockserver.web.wire.carrier_asgi import carry_reply

if TYPE_CHECKING:
    from mockserver.web.control.feed import Feed
    from mockserver.web.uploads.uploader import Uploader

CALLBACK_SECONDS: Final = 2.0  # that a reply waits for callbacks which are to come before it


def build_app(engine: Engine, options: Options) -> "Emulator":
    """The ASGI application that serves an engine's contracts, its files and the control API."""
    return Emulator(engine, options)


class Emulator:
    """Everything that one server answers."""

    def __init__(self, engine: Engine, options: Options) -> None:
        self._engine = engine
        self.notice = options.notice
        self._files_origin = options.files_origin
        self._homes = {name: options.write_origin(port) for port, name in options.homes.items()}
        self._guard = Guard(options.admin_token)
        watch = Watch(engine.events, options.notice)
        self._doors = Doors(engine.contracts, options, watch)
        self._targets = Targets(options.callback_hosts, options.own_ports)
        self._courier = Courier(engine.outbox, engine.clock, self._targets, options.notice)
        self._feed: Feed | None = None  # of the control API, once that was asked for

    @cached_property
    def _files(self) -> Files:
        return Files(self._engine)

    @cached_property
    def _uploader(self) -> "Uploader":
        from mockserver.web.uploads.uploader import Uploader

        return Uploader(self._engine, self._targets, self._files, self._files_origin)

    @cached_property
    def _control(self) -> App:
        # Starlette costs a third of the whole start and is not needed for it.
        from mockserver.web.control.app import build_control
        from mockserver.web.control.feed import Feed

        self._feed = feed = Feed(self._engine)
        return build_control(self._engine, self._courier, feed, self._homes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._answer_other(scope, receive, send)
            return
        headers = read_headers(scope["headers"])
        host = headers.get("host", "")
        door = self._doors.known.get(host) or self._doors.open(host)
        if isinstance(door, Reply):
            await send_reply(send, door, close=True)
            return
        request = read_request(scope, headers)
        route = door.site.exact.get((request.method, request.path))
        if route is not None:
            await self._answer_call(route, request, receive, send)
        elif SCENARIO_MARK in request.path and (
            found := door.site.find_in_scenario(request.method, request.path)
        ):
            await self._answer_call(found[0], request, receive, send, found[1])
        elif request.path == "/" or request.path.startswith("/_"):
            await self._answer_own(door, request, scope, receive, send)
        elif found := door.site.find_template(request.method, request.path):
            await self._answer_call(found[0], request, receive, send, found[1])
        else:
            await self._answer_stray(door.site, request, receive, send)

    @property
    def message_bytes(self) -> int:
        """How many bytes the largest body may have, and what is thrown away beyond them."""
        return measure_message(self._engine.contracts)

    def end_streams(self) -> None:
        """End the replies that would go on for as long as somebody reads them."""
        if self._feed is not None:
            self._feed.close()

    def find_route(self, host: str, method: str, path: str) -> Route | None:
        """The operation behind a path without parameters, if the Host header may have it."""
        door = self._doors.known.get(host)  # an unknown one is judged in __call__
        return None if door is None else door.site.exact.get((method, path))

    def read_call(self, route: Route, request: Request, path: Mapping[str, str] = NOTHING) -> Call:
        """The call that a request makes; `path` holds the parameters in its path."""
        if self._files_origin is not None:
            request.origin = self._files_origin
        return read_call(route, request, path)

    def answer_call(self, call: Call) -> Reply:
        """Answer a call for an operation."""
        return self._engine.answer(call)

    async def wait_for_callbacks(self, account_id: str) -> None:
        """Come back when what is due for an account was sent and answered, or it takes long."""
        account = self._engine.accounts.find_by_id(account_id)
        if account is not None:
            await self._courier.drain(account, CALLBACK_SECONDS)

    async def _answer_call(
        self,
        route: Route,
        request: Request,
        receive: Receive,
        send: Send,
        path: Mapping[str, str] = NOTHING,
    ) -> None:
        if route.keeps_file:
            call = await self._uploader.read(route, request, receive, path)
            if call is None:
                return
            reply, is_cut = self.answer_call(call), isinstance(call.body, Malformed)
        else:
            body = await read_body(receive, request.headers)  # all of it, before anything is done
            if body is None:
                return
            if route.takes_body:
                request.body = body
            call, is_cut = self.read_call(route, request, path), body is TOO_LARGE
            reply = self.answer_call(call)
        await carry_reply(send, reply, request, self.wait_for_callbacks, close=is_cut)

    async def _answer_stray(
        self, site: Site, request: Request, receive: Receive, send: Send
    ) -> None:
        body = await read_body(receive, request.headers)
        if body is None:
            return
        request.body = body
        contract = site.find_contract(request.path)
        reply = self._engine.answer_stray(
            Stray(
                contract,
                request.method,
                request.path,
                request.target,
                request.headers,
                request.raw,
            )
        )
        await send_reply(send, reply, close=body is TOO_LARGE, with_body=request.method != "HEAD")

    async def _answer_own(
        self, door: Door, request: Request, scope: Scope, receive: Receive, send: Send
    ) -> None:
        with_body = request.method != "HEAD"
        if request.path == HEALTH and request.method in {"GET", "HEAD"}:
            await send_reply(send, HEALTHY, with_body=with_body)
        elif request.path.startswith("/_files/"):
            reply = await self._files.answer(request)
            await carry_reply(send, reply, request, self.wait_for_callbacks)
        elif request.path == "/" and door.site.home is None:
            await send_reply(send, build_index(door.site, request.origin), with_body=with_body)
        elif request.path != "/_mock" and not request.path.startswith("/_mock/"):
            await self._answer_stray(door.site, request, receive, send)
        elif not door.has_control:
            name = request.headers["host"]
            refusal = build_error(421, f"the control API is not served under the name {name}")
            await send_reply(send, refusal, close=True)
        elif refused := self._guard.find_refusal(request):
            await send_reply(send, refused, close=True)
        else:
            # As it was sent: a key may hold slashes, percent-encoded.
            path = request.target.partition("?")[0]
            await self._control({**scope, "path": path}, receive, send)

    async def _answer_other(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await answer_lifespan(receive, send, self._stop)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _stop(self) -> None:
        self.end_streams()
        await self._courier.close()


def build_index(site: Site, origin: str) -> Reply:
    """Where everything is, for people who open the address in a browser."""
    places = {name: f"{origin}/{name}" for name in site.mounts}
    index = {"mockserver": VERSION, "providers": places, "control": f"{origin}/_mock"}
    return Reply(200, orjson.dumps(index, option=orjson.OPT_INDENT_2))


def read_request(scope: Scope, headers: Mapping[str, str]) -> Request:
    """A request of ASGI, without its body."""
    query: bytes = scope["query_string"]
    target = scope["raw_path"].decode("latin-1")
    return Request(
        scope["method"],
        scope["path"],
        f"{target}?{query.decode('latin-1')}" if query else target,
        query,
        headers,
        read_origin(headers, scope["scheme"]),
        carrier=(scope.get("extensions") or {}).get(CARRIER),
    )
