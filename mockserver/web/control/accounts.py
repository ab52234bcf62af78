"""The control API of one account: its settings, credits, clock, tasks and journal."""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mockserver.clock import parse_span
from mockserver.contract.model import Contract
from mockserver.contract.moments import Phase
from mockserver.engine.accounts.account import Account
from mockserver.engine.callbacks.delivery import Standing
from mockserver.engine.engine import Engine
from mockserver.engine.events import EventKind
from mockserver.engine.procedure import UNLIMITED
from mockserver.hint import suggest
from mockserver.web.callbacks.courier import Courier
from mockserver.web.control.fields import (
    FLAG,
    NUMBER,
    SEED,
    SPAN,
    TEXT,
    TEXT_OR_NULL,
    ControlError,
    FieldKind,
    read_fields,
    read_filters,
    read_part,
)
from mockserver.web.control.journals import ENTRY_FILTERS, select_entries
from mockserver.web.control.lookup import check_scenario, find_contract, open_account
from mockserver.web.control.replies import answer
from mockserver.web.control.views import (
    view_account,
    view_clock,
    view_credits,
    view_delivery,
    view_ledger,
    view_task,
)

MAX_WAIT: Final = 20.0  # seconds that an advance waits for deliveries
SKIP: Final = "skip"
DELIVERIES: Final = FieldKind(f"'await' or {SKIP!r}", lambda value: value in ("await", SKIP))

ACCOUNT_KINDS: Final[dict[str, FieldKind]] = {
    "scenario": TEXT_OR_NULL,
    "seed": SEED,
    "tier": TEXT_OR_NULL,
    "webhook_secret": TEXT_OR_NULL,
    "http_status": TEXT_OR_NULL,
}


class AccountRoutes:
    """The routes below /_mock/accounts."""

    def __init__(self, engine: Engine, courier: Courier) -> None:
        self._engine = engine
        self._courier = courier
        self._contracts = {contract.name: contract for contract in engine.contracts}

    def list_routes(self) -> list[Route]:
        """Every route."""
        place = "/_mock/accounts/{key}"
        return [
            Route("/_mock/accounts", self.list_accounts, methods=["GET"]),
            Route(f"{place}/credits", self.show_credits, methods=["GET"]),
            Route(f"{place}/credits", self.change_credits, methods=["POST"]),
            Route(f"{place}/clock", self.show_clock, methods=["GET"]),
            Route(f"{place}/clock", self.move_clock, methods=["POST"]),
            Route(f"{place}/tasks", self.list_tasks, methods=["GET"]),
            Route(f"{place}/tasks/{{task}}", self.force_task, methods=["PATCH"]),
            Route(f"{place}/requests", self.list_requests, methods=["GET"]),
            Route(f"{place}/requests", self.clear_requests, methods=["DELETE"]),
            Route(f"{place}/callbacks", self.list_callbacks, methods=["GET"]),
            Route(place, self.show_account, methods=["GET"]),
            Route(place, self.change_account, methods=["PATCH"]),
            Route(place, self.forget_account, methods=["DELETE"]),
        ]

    async def list_accounts(self, _: Request) -> Response:
        """Every account, the idlest first."""
        accounts = self._engine.accounts
        for account in accounts:
            account.settle()
        rows = [view_account(account, self._contracts) for account in accounts]
        shelf = accounts.shelf
        shown = {"evicted": accounts.evicted, "emptied": shelf.emptied, "bytes": shelf.used}
        return answer({"accounts": rows, **shown})

    async def show_account(self, request: Request) -> Response:
        """One account."""
        return answer(view_account(self._open(request), self._contracts))

    async def change_account(self, request: Request) -> Response:
        """Change settings of an account; null goes back to the default."""
        fields = await read_fields(request, ACCOUNT_KINDS)
        self._check_settings(fields)
        account = self._open(request)
        for name, value in fields.items():
            setattr(account, name, value)
        account.tell(EventKind.ACCOUNT_CHANGED)
        return answer(view_account(account, self._contracts))

    async def forget_account(self, request: Request) -> Response:
        """Forget an account; one that is not there is forgotten already."""
        account = self._engine.find_account(read_part(request, "key"))
        if account is not None:
            self._engine.forget_account(account)
            await self._courier.drop(account)
        return answer({"forgotten": account is not None})

    async def show_credits(self, request: Request) -> Response:
        """The balance of an account at each provider, and what it is made of."""
        account = self._open(request)
        rows = [view_ledger(account, contract) for contract in self._contracts.values()]
        return answer({"credits": rows})

    async def change_credits(self, request: Request) -> Response:
        """Set or add credits at a provider."""
        fields = await read_fields(request, {"provider": TEXT, "set": NUMBER, "add": NUMBER})
        if ("set" in fields) == ("add" in fields):
            raise ControlError(400, "say either 'set' or 'add'", '{"provider": "…", "set": 100}')
        contract = find_contract(self._contracts, fields.get("provider"))
        account = self._open(request)
        ledger = account.open_holding(contract).ledger
        if "set" in fields:
            ledger.set_balance(account.settle(), round(fields["set"] * 1000))
        else:
            ledger.add(account.settle(), round(fields["add"] * 1000))
        account.tell(EventKind.ACCOUNT_CHANGED)
        return answer({"provider": contract.name, "balance": view_credits(ledger.balance)})

    async def show_clock(self, request: Request) -> Response:
        """What the account's clock shows."""
        return answer(view_clock(self._open(request)))

    async def move_clock(self, request: Request) -> Response:
        """Advance or freeze the clock; what falls due is done, callbacks too, before the answer."""
        kinds = {"advance": SPAN, "freeze": FLAG, "deliveries": DELIVERIES}
        fields = await read_fields(request, kinds)
        if not fields:
            raise ControlError(400, "nothing to do", 'send {"advance": "30s"} or {"freeze": true}')
        try:
            span = parse_span(fields.get("advance", "0s"))
        except ValueError as error:
            raise ControlError(400, f"'advance': {error}") from error
        account = self._open(request)
        settled = {d.number for d in account.deliveries if d.standing is not Standing.WAITING}
        if "advance" in fields:
            account.advance(span)  # first, since it may refuse
        if "freeze" in fields:
            account.freeze(fields["freeze"])
        if fields.get("deliveries") != SKIP:
            await self._courier.drain(account, MAX_WAIT)
        now = account.now()
        news = (each for each in account.deliveries if each.number not in settled)
        undelivered = [view_delivery(each) for each in news if each.is_undelivered(now)]
        return answer({**view_clock(account), "undelivered": undelivered})

    async def list_tasks(self, request: Request) -> Response:
        """Every task of an account in order of submit; this is no poll."""
        account = self._open(request)
        now = account.now()
        rows = [
            view_task(task, now)
            for holding in account.holdings.values()
            for task in holding.tasks.values()
        ]
        return answer({"tasks": sorted(rows, key=lambda row: row["created"])})

    async def force_task(self, request: Request) -> Response:
        """End a task at once, with an outcome and, if it failed, with a failure."""
        fields = await read_fields(request, {"outcome": TEXT, "failure": TEXT})
        account = self._open(request)
        task_id = read_part(request, "task")
        holding = next((h for h in account.holdings.values() if task_id in h.tasks), None)
        if holding is None:
            raise ControlError(404, f"the account has no task {task_id!r}")
        if account.now() >= holding.tasks[task_id].ended:
            raise ControlError(409, f"task {task_id!r} has ended already")
        contract = holding.contract
        outcome = _read_outcome(contract, fields.get("outcome", Phase.FAILED))
        failure = fields.get("failure")
        task = self._engine.force_task(account, contract.name, task_id, outcome, failure)
        return answer(view_task(task, account.now()))

    async def list_requests(self, request: Request) -> Response:
        """The account's journal, filtered."""
        filters = read_filters(request, ENTRY_FILTERS)
        account = self._open(request)
        rows = ((account, entry) for entry in account.journal.entries)
        return answer(select_entries(rows, filters, self._contracts))

    async def clear_requests(self, request: Request) -> Response:
        """Forget the journal; numbers of entries go on."""
        account = self._open(request)
        cleared = len(account.journal.entries)
        account.journal.clear()
        account.tell(EventKind.JOURNAL_CLEARED)
        return answer({"cleared": cleared})

    async def list_callbacks(self, request: Request) -> Response:
        """Every delivery of a callback: its attempts, or why it was held back."""
        deliveries = self._open(request).deliveries
        rows = [view_delivery(delivery) for delivery in deliveries]
        return answer({"callbacks": rows, "forgotten": deliveries.forgotten})

    def _open(self, request: Request) -> Account:
        return open_account(self._engine, request)

    def _check_settings(self, fields: dict[str, Any]) -> None:
        scenario, tier = fields.get("scenario"), fields.get("tier")
        status = fields.get("http_status")
        if scenario is not None:
            check_scenario(self._engine, scenario)
        tiers = [UNLIMITED, *(tier for each in self._contracts.values() for tier in each.tiers)]
        if tier is not None and tier not in tiers:
            raise ControlError(400, f"no tier {tier!r}", suggest(tier, tiers))
        if status not in {None, "envelope", "code"}:
            raise ControlError(400, f"no http_status {status!r}", "use 'envelope', 'code' or null")


def _read_outcome(contract: Contract, name: str) -> Phase:
    """The phase in which a task of a provider is to end; raises ControlError for another word."""
    outcomes = {s.phase.value: s.phase for s in contract.lifecycle.states if s.phase.is_final}
    if name not in outcomes:
        problem = f"no task of {contract.name} ends {name!r}"
        raise ControlError(400, problem, suggest(name, outcomes))
    return outcomes[name]
