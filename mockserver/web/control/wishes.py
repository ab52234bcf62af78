"""The control API of wishes: which scenarios the next submits of an account will be in."""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mockserver.engine.accounts.account import Account
from mockserver.engine.engine import Engine
from mockserver.engine.events import EventKind
from mockserver.engine.scenarios.wish import Wish
from mockserver.web.control.fields import TEXT, ControlError, FieldKind, read_fields
from mockserver.web.control.lookup import check_scenario, find_contract, open_account
from mockserver.web.control.replies import answer

MAX_COUNT: Final = 1_000_000
MAX_WISHES: Final = 1_000  # of one account
COUNT: Final = FieldKind(
    f"a whole number from 1 to {MAX_COUNT}",
    lambda value: type(value) is int and 1 <= value <= MAX_COUNT,
)


class WishRoutes:
    """The routes below /_mock/accounts/{key}/next."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._contracts = {contract.name: contract for contract in engine.contracts}

    def list_routes(self) -> list[Route]:
        """Every route."""
        place = "/_mock/accounts/{key}/next"
        return [
            Route(place, self.list_wishes, methods=["GET"]),
            Route(place, self.add_wish, methods=["POST"]),
            Route(place, self.clear_wishes, methods=["DELETE"]),
        ]

    async def list_wishes(self, request: Request) -> Response:
        """The scenarios that the next submits will be in, the first one first."""
        return answer(view_wishes(open_account(self._engine, request)))

    async def add_wish(self, request: Request) -> Response:
        """Let the next submits be in a scenario, one or `count` of them, after those before."""
        fields = await read_fields(request, {"scenario": TEXT, "count": COUNT, "provider": TEXT})
        name, provider = fields.get("scenario"), fields.get("provider")
        if name is None:
            raise ControlError(400, "'scenario' is missing", '{"scenario": "fails", "count": 1}')
        check_scenario(self._engine, name)
        if provider is not None:
            find_contract(self._contracts, provider)
            self._check_provider(name, provider)
        account = open_account(self._engine, request)
        if len(account.wishes) >= MAX_WISHES:
            raise ControlError(409, f"there are {MAX_WISHES} such calls already", "use 'count'")
        account.wishes.append(Wish(name, fields.get("count", 1), provider))
        account.tell(EventKind.ACCOUNT_CHANGED)
        return answer(view_wishes(account))

    async def clear_wishes(self, request: Request) -> Response:
        """Let the next submits be as all others."""
        account = open_account(self._engine, request)
        cleared = len(account.wishes)
        account.wishes.clear()
        account.tell(EventKind.ACCOUNT_CHANGED)
        return answer({"cleared": cleared})

    def _check_provider(self, name: str, provider: str) -> None:
        repertoire = self._engine.find_repertoire(provider)
        if repertoire.find(name) is None:
            hint = f"did you mean {repertoire.find_nearest(name)!r}?"
            raise ControlError(400, f"{provider} has no scenario {name!r}", hint)


def view_wishes(account: Account) -> dict[str, Any]:
    """What waits for the next submits of an account."""
    rows = [
        {"scenario": wish.scenario, "count": wish.count, "provider": wish.provider}
        for wish in account.wishes
    ]
    return {"next": rows}
