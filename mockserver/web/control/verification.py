"""The control API of verification: what an account's client did, held against what it should."""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mockserver.engine.engine import Engine
from mockserver.web.control.criteria import WORDS, Criterion, Wanted, read_criteria, show
from mockserver.web.control.fields import FieldKind, read_fields
from mockserver.web.control.lookup import check_provider, find_operations, open_account
from mockserver.web.control.matching import (
    COUNTS,
    compare,
    explain,
    is_met,
    read_counts,
    view_misses,
)
from mockserver.web.control.replies import answer

FAILED: Final = 417  # Expectation Failed
COUNT: Final = FieldKind(
    "a whole number, 0 or more", lambda value: type(value) is int and value >= 0
)
ANYTHING: Final = FieldKind("a value", lambda _: True)


class VerificationRoutes:
    """The routes below /_mock/accounts/{key}/requests that verify."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._contracts = {contract.name: contract for contract in engine.contracts}

    def list_routes(self) -> list[Route]:
        """Every route."""
        place = "/_mock/accounts/{key}/requests"
        return [
            Route(f"{place}/count", self.count, methods=["POST"]),
            Route(f"{place}/expect", self.expect, methods=["POST"]),
        ]

    async def count(self, request: Request) -> Response:
        """How many requests of the account meet some criteria."""
        fields = await read_fields(request, dict.fromkeys(WORDS, ANYTHING))
        comparison = compare(
            open_account(self._engine, request), self._contracts, self._read_criteria(fields)
        )
        return answer(_view(comparison.matches))

    async def expect(self, request: Request) -> Response:
        """Whether so many requests meet some criteria; if not, which almost do, and why not."""
        kinds = {**dict.fromkeys(WORDS, ANYTHING), **dict.fromkeys(COUNTS, COUNT)}
        fields = await read_fields(request, kinds)
        counts = read_counts(fields)
        criteria = self._read_criteria(fields)
        account = open_account(self._engine, request)
        comparison = compare(account, self._contracts, criteria)
        view = _view(comparison.matches)
        if is_met(len(comparison.matches), counts):
            return answer(view)
        text = explain(account, criteria, counts, comparison)
        near = [] if comparison.matches else view_misses(comparison.near)
        return answer({"error": text, **view, "near_misses": near}, FAILED)

    def _read_criteria(self, fields: dict[str, Any]) -> list[Criterion]:
        """The criteria; names that nothing has are refused, since no request could ever fit."""
        provider, operation = fields.get("provider"), fields.get("operation")
        if isinstance(provider, str):
            check_provider(self._contracts, provider)
        if isinstance(operation, str):
            ids = find_operations(self._contracts, operation)
            fields = {**fields, "operation": Wanted(show(operation), ids.__contains__)}
        return read_criteria(fields)


def _view(matches: Any) -> dict[str, Any]:
    return {"count": len(matches), "requests": [each.entry.seq for each in matches]}
