"""The control API: what tests and people ask about the server, and change in it."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import yaml
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mockserver.engine.engine import Engine
from mockserver.errors import MockServerError
from mockserver.version import VERSION
from mockserver.web.callbacks.courier import Courier
from mockserver.web.control.accounts import AccountRoutes
from mockserver.web.control.faults import FaultRoutes
from mockserver.web.control.feed import Feed, Stream, read_viewer
from mockserver.web.control.fields import ControlError, read_filters, read_part
from mockserver.web.control.journals import ENTRY_FILTERS, select_entries
from mockserver.web.control.lookup import find_contract
from mockserver.web.control.replies import PRIVATE, answer, encode
from mockserver.web.control.verification import VerificationRoutes
from mockserver.web.control.views import view_contract
from mockserver.web.control.wishes import WishRoutes
from mockserver.web.health import HEALTH, HEALTHY


def build_control(
    engine: Engine, courier: Courier, feed: Feed, homes: Mapping[str, str]
) -> Starlette:
    """The ASGI application of everything below /_mock."""
    control = Starlette(
        routes=[
            *ServerRoutes(engine, courier, feed, homes).list_routes(),
            *AccountRoutes(engine, courier).list_routes(),
            *WishRoutes(engine).list_routes(),
            *VerificationRoutes(engine).list_routes(),
            *FaultRoutes(engine).list_routes(),
        ],
        exception_handlers={
            ControlError: _answer_control_error,
            MockServerError: _answer_bad_value,
            HTTPException: _answer_http_exception,
        },
    )
    control.router.redirect_slashes = False
    return control


class ServerRoutes:
    """The routes that are about the server, not about one account."""

    def __init__(
        self, engine: Engine, courier: Courier, feed: Feed, homes: Mapping[str, str]
    ) -> None:
        self._homes = homes  # base URLs of the providers that have a listener of their own
        self._engine = engine
        self._contracts = {contract.name: contract for contract in engine.contracts}
        self._courier = courier
        self._feed = feed

    def list_routes(self) -> list[Route]:
        """Every route."""
        return [
            Route("/_mock", self.list_calls, methods=["GET"]),
            Route("/_mock/openapi.json", self.show_document, methods=["GET"]),
            Route(HEALTH, self.show_health, methods=["GET"]),
            Route("/_mock/providers", self.list_providers, methods=["GET"]),
            Route("/_mock/contracts/{provider}", self.show_contract, methods=["GET"]),
            Route("/_mock/scenarios", self.list_scenarios, methods=["GET"]),
            Route("/_mock/requests", self.list_requests, methods=["GET"]),
            Route("/_mock/events", self.show_events, methods=["GET"]),
            Route("/_mock/reset", self.reset, methods=["POST"]),
        ]

    async def list_calls(self, request: Request) -> Response:
        """Every control call."""
        calls = [
            {"method": method, "path": route.path, "what": _read_sentence(route)}
            for route in request.app.routes
            for method in sorted(route.methods - {"HEAD"})
        ]
        return answer({"version": VERSION, "calls": calls})

    async def show_document(self, _: Request) -> Response:
        """What every call takes and answers, as an OpenAPI document."""
        return Response(_read_document(), 200, PRIVATE, "application/json")

    async def show_health(self, _: Request) -> Response:
        """Whether everything is loaded."""
        # The server answers this itself, to everybody. Here it is listed, and has its methods.
        return Response(HEALTHY.body, HEALTHY.status, PRIVATE, HEALTHY.media_type)

    async def list_providers(self, request: Request) -> Response:
        """What is served, and where."""
        origin = f"{request.url.scheme}://{request.headers['host']}"
        rows = [
            view_contract(c, self._homes.get(c.name, f"{origin}/{c.name}"))
            for c in self._engine.contracts
        ]
        return answer({"providers": rows})

    async def show_contract(self, request: Request) -> Response:
        """A contract's document with its edition applied."""
        name = read_part(request, "provider")
        return answer(find_contract(self._contracts, name).bundle())

    async def list_scenarios(self, _: Request) -> Response:
        """What a key can ask for, by provider."""
        found = {
            contract.name: [
                {"name": each.name, "sentence": each.sentence, "source": each.source}
                for each in self._engine.find_repertoire(contract.name).list_all().values()
            ]
            for contract in self._engine.contracts
        }
        return answer({"scenarios": found})

    async def list_requests(self, request: Request) -> Response:
        """The journals of all accounts, and the requests that reached none."""
        filters = read_filters(request, ENTRY_FILTERS)
        rows = [(account, e) for account in self._engine.accounts for e in account.journal.entries]
        strays = [(None, entry) for entry in self._engine.strays.entries]
        return answer(select_entries([*rows, *strays], filters, self._contracts, "number"))

    async def show_events(self, request: Request) -> Stream:
        """What happens from now on, as server-sent events."""
        return self._feed.open(read_viewer(request))

    async def reset(self, _: Request) -> Response:
        """Make everything as it was at the start; no callback arrives after the answer."""
        self._engine.reset()
        await self._courier.drop()
        return answer({"reset": True})


def _read_sentence(route: Route) -> str:
    return " ".join((route.endpoint.__doc__ or "").split())


@cache
def _read_document() -> bytes:
    text = files("mockserver.web.control").joinpath("openapi.yaml").read_text("utf-8")
    return encode(yaml.load(text, yaml.CSafeLoader))


async def _answer_control_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, ControlError):
        raise error
    hint = {"hint": error.hint} if error.hint else {}
    reply = answer({"error": error.error, **hint}, error.status)
    if error.status == 413:
        reply.headers["connection"] = "close"  # what is left of the body has no reader
    return reply


async def _answer_bad_value(_: Request, error: Exception) -> Response:
    return answer({"error": str(error)}, 400)


async def _answer_http_exception(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    call = f"{request.method} {request.scope['path']}"
    if error.status_code == 405:
        methods = ", ".join(_list_methods(request))
        hint = f"use {methods}"
        reply = answer({"error": f"{call}: the method does not fit", "hint": hint}, 405)
        reply.headers["allow"] = methods
        return reply
    if error.status_code == 404:
        problem = f"{call}: there is no such control call"
        return answer({"error": problem, "hint": _suggest_call(request)}, 404)
    return answer({"error": f"{call}: {error.detail}"}, error.status_code)


def _suggest_call(request: Request) -> str:
    """The call without the slash at its end, if that is one, or where all of them are listed."""
    path = request.scope["path"].rstrip("/")
    is_known = any(route.path_regex.match(path) for route in request.app.routes)
    return f"did you mean {path}?" if is_known else "GET /_mock lists them"


def _list_methods(request: Request) -> list[str]:
    """What can be done with a path; Starlette tells of the first route only."""
    routes = [r for r in request.app.routes if r.path_regex.match(request.scope["path"])]
    return sorted({method for route in routes for method in route.methods})
