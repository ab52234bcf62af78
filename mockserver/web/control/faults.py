"""The control API of faults: what there is, what is planned for an account, what became of it."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mockserver.engine.engine import Engine
from mockserver.engine.events import EventKind
from mockserver.engine.trouble.plan import open_plan
from mockserver.engine.trouble.reach import can_reach, explain_reach, list_targets
from mockserver.engine.trouble.words import read_rule
from mockserver.errors import UsageError
from mockserver.faults import FAULTS, list_faults
from mockserver.hint import suggest
from mockserver.web.control.fields import ControlError, read_object
from mockserver.web.control.lookup import open_account
from mockserver.web.control.replies import answer
from mockserver.web.control.views import view_fault

EXAMPLE = '{"fault": "reset", "operation": "submit", "count": 1}'


class FaultRoutes:
    """The routes /_mock/faults and /_mock/accounts/{key}/faults."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._targets = list_targets(engine.contracts)

    def list_routes(self) -> list[Route]:
        """Every route."""
        place = "/_mock/accounts/{key}/faults"
        return [
            Route("/_mock/faults", self.list_kinds, methods=["GET"]),
            Route(place, self.list_faults, methods=["GET"]),
            Route(place, self.plan_fault, methods=["POST"]),
            Route(place, self.clear_faults, methods=["DELETE"]),
        ]

    async def list_kinds(self, _: Request) -> Response:
        """Every kind of fault with its settings."""
        rows = [
            {**kind._asdict(), "settings": [setting._asdict() for setting in kind.settings]}
            for kind in list_faults()
        ]
        return answer({"faults": rows})

    async def list_faults(self, request: Request) -> Response:
        """The faults of an account, how often each was met and acted; first those put here."""
        plan = open_account(self._engine, request).faults
        return answer(_view_all(plan.list_all() if plan else []))

    async def plan_fault(self, request: Request) -> Response:
        """Plan a fault for an account, behind those that it has."""
        words = await read_object(request, EXAMPLE)
        rule = read_rule(words, FAULTS)
        operation = rule.target.operation
        if operation is not None and operation not in self._targets:
            hint = suggest(operation, self._targets)
            raise ControlError(400, f"there is no operation {operation!r}", hint)
        if not can_reach(rule, self._engine.contracts):
            raise ControlError(400, explain_reach(rule))
        account = open_account(self._engine, request)
        try:
            planned = open_plan(account).put(rule, account.now())
        except UsageError as error:
            raise ControlError(409, str(error)) from error
        account.tell(EventKind.FAULT_PLANNED, planned)
        return answer(view_fault(planned))

    async def clear_faults(self, request: Request) -> Response:
        """Forget the faults that were put here; what became of them."""
        account = open_account(self._engine, request)
        cleared = account.faults.clear() if account.faults else []
        if account.faults is not None and not account.faults.list_all():
            account.faults = None
        account.tell(EventKind.FAULTS_CLEARED)
        return answer(_view_all(cleared))


def _view_all(rows: Sequence[Any]) -> dict[str, Any]:
    never = [planned.number for planned in rows if not planned.acted]
    return {"faults": [view_fault(planned) for planned in rows], "never_acted": never}
