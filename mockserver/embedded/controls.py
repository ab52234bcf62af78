"""What a test can ask of an account, and change in it."""

from collections.abc import Mapping
from typing import Any, Final, Unpack

from mockserver.control_client.arguments import AccountSettings
from mockserver.control_client.ledger import LedgerView
from mockserver.control_client.views import (
    AccountView,
    CallbackView,
    FaultView,
    RequestView,
    TaskView,
)
from mockserver.embedded.line import Line
from mockserver.embedded.moved import Moved, move

ALL: Final = 1_000_000  # entries of a journal, which keeps fewer
LATEST: Final = 200  # entries of all journals, in which those without an account are looked for


class Controls:
    """An account, whichever providers it is used with.

    Everything may be called from synchronous code and from coroutines. What the server refuses
    is a ControlFailed.
    """

    def __init__(self, line: Line, api_key: str, provider: str | None = None) -> None:
        self.api_key = api_key
        self.provider = provider  # the only one that is meant, if there is one
        self._line = line

    def advance(self, span: str) -> Moved:
        """Move the account's clock on by a span such as "30s", and run what falls due.

        Callbacks are delivered before this returns; in a coroutine `await` it for that.
        """
        return move(
            self._line,
            self.api_key,
            lambda control, deliver: control.advance(self.api_key, span, deliver=deliver),
        )

    def freeze(self, on: bool = True) -> Moved:
        """Stop the account's clock, or let it go on from where it stands."""
        return move(
            self._line,
            self.api_key,
            lambda control, deliver: control.freeze(self.api_key, on, deliver=deliver),
        )

    @property
    def view(self) -> AccountView:
        """Its settings, balances, clock and counts."""
        return self._line.ask(lambda control: control.account(self.api_key))

    @property
    def requests(self) -> tuple[RequestView, ...]:
        """Its journal: every request with its reply, the oldest first."""
        return self._line.ask(lambda control: control.requests(self.api_key, limit=ALL))

    @property
    def violations(self) -> tuple[RequestView, ...]:
        """Those of its requests that break the contract."""
        return self._line.ask(
            lambda control: control.requests(self.api_key, violations=True, limit=ALL)
        )

    @property
    def strays(self) -> tuple[RequestView, ...]:
        """The latest requests with its key that no operation is served for."""
        sent = f"Bearer {self.api_key}"
        found = self._line.ask(lambda control: control.requests(limit=LATEST))
        return tuple(
            request
            for request in found
            if request.account is None and request.headers.get("authorization") == sent
        )

    @property
    def tasks(self) -> tuple[TaskView, ...]:
        """Its tasks in order of submit; looking at them is no poll."""
        return self._line.ask(lambda control: control.tasks(self.api_key))

    @property
    def callbacks(self) -> tuple[CallbackView, ...]:
        """Every delivery of a callback: its attempts, or why it was held back."""
        return self._line.ask(lambda control: control.callbacks(self.api_key))

    @property
    def balances(self) -> Mapping[str, float]:
        """Its credits by provider."""
        return self.view.balances

    @property
    def ledgers(self) -> Mapping[str, LedgerView]:
        """Its balance by provider, with the entries that add up to it: charges, refunds, …."""
        found = self._line.ask(lambda control: control.credits(self.api_key))
        return {ledger.provider: ledger for ledger in found}

    def fail_next(self, scenario: str, count: int = 1) -> None:
        """Let the next submits be in a scenario, such as "rate-limited"; all others go on."""
        self._line.ask(
            lambda control: control.plan_next(self.api_key, scenario, count, self.provider)
        )

    def add_fault(self, fault: str, **words: Any) -> FaultView:
        """Plan a fault: `add_fault("reset", operation="submit", count=1)`.

        The words are settings of the fault, its targets and its dose.
        """
        return self._line.ask(lambda control: control.plan_fault(self.api_key, fault, **words))

    @property
    def faults(self) -> tuple[FaultView, ...]:
        """Its faults, and what became of them."""
        return self._line.ask(lambda control: control.faults(self.api_key))

    @property
    def unmet(self) -> tuple[str, ...]:
        """What was planned for it by `fail_next` and `add_fault`, and never happened."""
        wishes = self._line.ask(lambda control: control.wishes(self.api_key))
        return (
            *(f"{wish.scenario} for {wish.count} more submits" for wish in wishes),
            *(write_rule(fault.rule) for fault in self.faults if is_unmet(fault)),
        )

    def clear_faults(self) -> None:
        """Take back what was planned by `fail_next` and `add_fault`."""
        self._line.ask(lambda control: control.clear_next(self.api_key))
        self._line.ask(lambda control: control.clear_faults(self.api_key))

    def change(self, **settings: Unpack[AccountSettings]) -> AccountView:
        """Change scenario, seed, tier, webhook_secret or http_status; None is the default."""
        return self._line.ask(lambda control: control.change_account(self.api_key, **settings))

    def end_task(self, task: str, outcome: str = "failed", failure: str | None = None) -> TaskView:
        """End a task at once; a failure is one that the contract lists, or its first."""
        return self._line.ask(
            lambda control: control.force_task(self.api_key, task, outcome, failure)
        )

    def clear_requests(self) -> int:
        """Forget the journal; how many entries that were."""
        return self._line.ask(lambda control: control.clear_requests(self.api_key))

    def forget(self) -> None:
        """Forget the account and everything it has; no callback arrives afterwards."""
        self._line.ask(lambda control: control.forget_account(self.api_key))


def is_unmet(fault: FaultView) -> bool:
    """Whether a planned fault waits in vain; one that is left to chance need not act."""
    if fault.scenario is not None:
        return False
    return not fault.met or (not fault.acted and "probability" not in fault.rule)


def write_rule(rule: Mapping[str, Any]) -> str:
    """A planned fault in a line."""
    words = [f"{name}={value!r}" for name, value in rule.items() if name != "fault"]
    return " ".join([str(rule["fault"]), *words])
