"""The calls of the control API: each once, for whoever makes them."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar, Unpack
from urllib.parse import quote

from mockserver.control_client.arguments import (
    AccountSettings,
    Criteria,
    Expected,
    RequestFilters,
)
from mockserver.control_client.exchange import Call, Exchange
from mockserver.control_client.ledger import LedgerView
from mockserver.control_client.reading import read_view, read_views
from mockserver.control_client.views import (
    AccountView,
    CallbackView,
    ClockMoved,
    ClockView,
    CreditsView,
    FaultKindView,
    FaultView,
    HealthView,
    ProviderView,
    RequestView,
    ScenarioView,
    TaskView,
    WishView,
)

T = TypeVar("T")


class Calls:
    """Every call but the stream of events. `key` is an API key or the hash that is shown of it."""

    @Call
    def health(self) -> Exchange[HealthView]:
        """Whether everything is loaded."""
        return Exchange("GET", "/_mock/health", partial(read_view, HealthView))

    @Call
    def providers(self) -> Exchange[tuple[ProviderView, ...]]:
        """What is served, and where."""
        read = _read_list(ProviderView, "providers")
        return Exchange("GET", "/_mock/providers", read)

    @Call
    def contract(self, provider: str) -> Exchange[dict[str, Any]]:
        """A provider's OpenAPI document with its edition applied."""
        return Exchange("GET", f"/_mock/contracts/{write_name(provider)}", dict)

    @Call
    def scenarios(self) -> Exchange[dict[str, tuple[ScenarioView, ...]]]:
        """What a key can ask for, by provider."""
        return Exchange(
            "GET",
            "/_mock/scenarios",
            lambda value: {
                name: read_views(ScenarioView, rows) for name, rows in value["scenarios"].items()
            },
        )

    @Call
    def accounts(self) -> Exchange[tuple[AccountView, ...]]:
        """Every account, the idlest first."""
        return Exchange("GET", "/_mock/accounts", _read_list(AccountView, "accounts"))

    @Call
    def account(self, key: str) -> Exchange[AccountView]:
        """An account; a key that was not used yet gets its own."""
        return Exchange("GET", place(key), partial(read_view, AccountView))

    @Call
    def change_account(
        self, key: str, **settings: Unpack[AccountSettings]
    ) -> Exchange[AccountView]:
        """Change settings of an account; the account as it is now."""
        return Exchange("PATCH", place(key), partial(read_view, AccountView), settings)

    @Call
    def forget_account(self, key: str) -> Exchange[bool]:
        """Forget an account; whether there was one."""
        return Exchange("DELETE", place(key), lambda value: bool(value["forgotten"]))

    @Call
    def credits(self, key: str) -> Exchange[tuple[LedgerView, ...]]:
        """The balance of an account at each provider, with the entries that add up to it."""
        return Exchange("GET", place(key, "credits"), _read_list(LedgerView, "credits"))

    @Call
    def set_credits(
        self, key: str, credits: float, provider: str | None = None
    ) -> Exchange[CreditsView]:
        """Set the balance at a provider, which need not be named if only one is served."""
        return _change_credits(key, "set", credits, provider)

    @Call
    def add_credits(
        self, key: str, credits: float, provider: str | None = None
    ) -> Exchange[CreditsView]:
        """Give credits at a provider, or take them."""
        return _change_credits(key, "add", credits, provider)

    @Call
    def clock(self, key: str) -> Exchange[ClockView]:
        """What an account's clock shows."""
        return Exchange("GET", place(key, "clock"), partial(read_view, ClockView))

    @Call
    def advance(self, key: str, span: str, *, deliver: bool = True) -> Exchange[ClockMoved]:
        """Move a clock on by a span such as "30s", and run what falls due.

        Callbacks are delivered before the answer; without `deliver` nobody waits for them.
        """
        return _move_clock(key, {"advance": span, **({} if deliver else {"deliveries": "skip"})})

    @Call
    def freeze(self, key: str, on: bool = True, *, deliver: bool = True) -> Exchange[ClockMoved]:
        """Stop a clock, or let it go on from where it stands."""
        return _move_clock(key, {"freeze": on, **({} if deliver else {"deliveries": "skip"})})

    @Call
    def tasks(self, key: str) -> Exchange[tuple[TaskView, ...]]:
        """Every task of an account in order of submit; this is no poll."""
        return Exchange("GET", place(key, "tasks"), _read_list(TaskView, "tasks"))

    @Call
    def force_task(
        self, key: str, task: str, outcome: str = "failed", failure: str | None = None
    ) -> Exchange[TaskView]:
        """End a task at once; a failure is one that the contract lists, or its first."""
        body = {"outcome": outcome, **({} if failure is None else {"failure": failure})}
        path = place(key, f"tasks/{write_name(task)}")
        return Exchange("PATCH", path, partial(read_view, TaskView), body)

    @Call
    def requests(
        self, key: str | None = None, **filters: Unpack[RequestFilters]
    ) -> Exchange[tuple[RequestView, ...]]:
        """The journal of an account; without a key those of all, and what reached no account."""
        path = "/_mock/requests" if key is None else place(key, "requests")
        return Exchange("GET", path, _read_list(RequestView, "requests"), query=filters)

    @Call
    def count_requests(self, key: str, **criteria: Unpack[Criteria]) -> Exchange[int]:
        """How many requests of an account meet some criteria."""
        path = place(key, "requests/count")
        return Exchange("POST", path, lambda value: int(value["count"]), criteria)

    @Call
    def expect(self, key: str, **expected: Unpack[Expected]) -> Exchange[tuple[int, ...]]:
        """Let so many requests have met some criteria; the `seq` of each that does.

        Raises ExpectationFailed, an AssertionError, with the near misses and their differences.
        """
        path = place(key, "requests/expect")
        return Exchange("POST", path, lambda value: tuple(value["requests"]), expected)

    @Call
    def clear_requests(self, key: str) -> Exchange[int]:
        """Forget the journal of an account; how many entries that were."""
        return Exchange("DELETE", place(key, "requests"), lambda value: int(value["cleared"]))

    @Call
    def plan_next(
        self, key: str, scenario: str, count: int = 1, provider: str | None = None
    ) -> Exchange[tuple[WishView, ...]]:
        """Let the next submits be in a scenario; all that waits for them now."""
        body = {"scenario": scenario, "count": count}
        body |= {} if provider is None else {"provider": provider}
        return Exchange("POST", place(key, "next"), _read_list(WishView, "next"), body)

    @Call
    def wishes(self, key: str) -> Exchange[tuple[WishView, ...]]:
        """Which scenarios the next submits of an account will be in."""
        return Exchange("GET", place(key, "next"), _read_list(WishView, "next"))

    @Call
    def clear_next(self, key: str) -> Exchange[int]:
        """Let the next submits be as all others; how many such calls were not used up."""
        path = place(key, "next")
        return Exchange("DELETE", path, lambda value: int(value["cleared"]))

    @Call
    def fault_kinds(self) -> Exchange[tuple[FaultKindView, ...]]:
        """Every kind of fault with its settings."""
        return Exchange("GET", "/_mock/faults", _read_list(FaultKindView, "faults"))

    @Call
    def plan_fault(self, key: str, fault: str, /, **words: Any) -> Exchange[FaultView]:
        """Plan a fault for an account; the words are its settings, its targets and its dose."""
        body = {"fault": fault, **words}
        return Exchange("POST", place(key, "faults"), partial(read_view, FaultView), body)

    @Call
    def faults(self, key: str) -> Exchange[tuple[FaultView, ...]]:
        """The faults of an account, and what became of them."""
        return Exchange("GET", place(key, "faults"), _read_list(FaultView, "faults"))

    @Call
    def clear_faults(self, key: str) -> Exchange[tuple[FaultView, ...]]:
        """Forget the faults that were planned by such calls; what became of them."""
        return Exchange("DELETE", place(key, "faults"), _read_list(FaultView, "faults"))

    @Call
    def callbacks(self, key: str) -> Exchange[tuple[CallbackView, ...]]:
        """Every delivery of a callback for an account."""
        return Exchange("GET", place(key, "callbacks"), _read_list(CallbackView, "callbacks"))

    @Call
    def reset(self) -> Exchange[None]:
        """Make everything as it was at the start; no callback arrives afterwards."""
        return Exchange("POST", "/_mock/reset", lambda _: None)


def place(key: str, part: str = "") -> str:
    """The path of an account, or of a part of it."""
    return f"/_mock/accounts/{write_name(key)}/{part}".rstrip("/")


def write_name(name: str) -> str:
    """A name as it stands in a path; dots alone would lead elsewhere."""
    return quote(name, safe="") if name.strip(".") else name.replace(".", "%2E")


def write_event_filters(
    account: str | None, kinds: Iterable[str], limit: int | None
) -> dict[str, Any]:
    """The query of the stream of events."""
    query = {"account": account, "kind": ",".join(kinds) or None, "limit": limit}
    return {name: value for name, value in query.items() if value is not None}


def _read_list(kind: type[T], name: str) -> Callable[[Any], tuple[T, ...]]:
    return lambda value: read_views(kind, value[name])


def _change_credits(
    key: str, change: str, credits: float, provider: str | None
) -> Exchange[CreditsView]:
    body = {change: credits, **({} if provider is None else {"provider": provider})}
    return Exchange("POST", place(key, "credits"), partial(read_view, CreditsView), body)


def _move_clock(key: str, body: Mapping[str, Any]) -> Exchange[ClockMoved]:
    return Exchange("POST", place(key, "clock"), partial(read_view, ClockMoved), body)
