"""The engine: what happens when somebody calls a provider.

Rules
1. It is synchronous. One call is one atomic step, so nobody ever sees a half-done one.
2. State lives in an Account and nowhere else. What the engine keeps besides accounts can be made
   again from the contracts.
3. A refusal is data. An exception that leaves `answer` is a bug.
4. Time, chance and ids are given in: the clock with the engine, chance as a hash of the seed and
   of what is asked.

A call goes this way. Its key opens an account. Whatever has fallen due there since the last call
is settled first. Then the call passes the gates of its operation; the first one that does not let
it pass decides. What passed is done according to the operation's role, the shape for that moment
is filled with facts, and the journal gets an entry.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import count

import orjson

from mockserver.clock import Clock
from mockserver.contract.facts import Facts
from mockserver.contract.model import Contract
from mockserver.contract.moments import Phase
from mockserver.engine.accounts.account import Account
from mockserver.engine.accounts.entries import enter_refused, enter_stray, enter_visit
from mockserver.engine.accounts.journal import Journal
from mockserver.engine.accounts.key import read_key
from mockserver.engine.accounts.store import Accounts
from mockserver.engine.admission import admit, open_account
from mockserver.engine.call import Call, Reply, Stray
from mockserver.engine.callbacks.outbox import Outbox
from mockserver.engine.errand import find_errand
from mockserver.engine.events import EventKind, Events
from mockserver.engine.files.address import Address
from mockserver.engine.files.results import FileMissing, ResultFile, find_file
from mockserver.engine.files.uploads import Upload, UploadPlace
from mockserver.engine.form import Form
from mockserver.engine.nearest import explain_miss, strip_scenario
from mockserver.engine.polling import meet_task
from mockserver.engine.procedure import Procedure
from mockserver.engine.provider import Provider
from mockserver.engine.roles import SERVE, serve
from mockserver.engine.scenarios.library import Library
from mockserver.engine.scenarios.repertoire import Repertoire
from mockserver.engine.scenarios.scenario import find_failure
from mockserver.engine.settings import Settings
from mockserver.engine.task import Task
from mockserver.engine.trouble.answer import answer_in_trouble, spoil_file
from mockserver.engine.visit import Refusal, Visit
from mockserver.errors import ScenarioError, UsageError


class Engine:
    """Plays the providers of some contracts, for any number of accounts."""

    def __init__(
        self,
        contracts: Iterable[Contract],
        clock: Clock,
        settings: Settings,
        library: Library | None = None,
    ) -> None:
        self.contracts = tuple(contracts)
        self.settings = settings
        self.events = Events()
        self.outbox = Outbox()
        self.accounts = Accounts(clock, settings, self.outbox, self.events)
        # Of what reached no account.
        self.strays = Journal(settings, settings.max_strays, self.events.numbers)
        self.clock = clock
        self.library = library or Library()
        self._providers = {
            c.name: Provider(c, settings.speed, self.library) for c in self.contracts
        }

    def answer(self, call: Call) -> Reply:
        """Answer one call for an operation."""
        provider = self._providers[call.contract.name]
        procedure = provider.find_procedure(call.operation)
        admitted = admit(call, provider, self.accounts, self.settings)
        if isinstance(admitted, Refusal):
            return self._turn_away(call, procedure, admitted)
        visit = Visit(call, procedure, *admitted)
        found: Refusal | Task | None = None
        for gate in provider.find_gates(procedure, visit.scenario):
            found = gate(visit)
            if found is not None:
                break
        if visit.task is not None and found is None:
            found = meet_task(visit, visit.task)
        if visit.account.faults is not None or visit.scenario.faults:
            return answer_in_trouble(visit, found)
        reply = SERVE[call.operation.role](visit) if found is None else serve(visit, found)
        enter_visit(visit, reply, found if isinstance(found, Refusal) else None)
        return reply

    def _turn_away(self, call: Call, procedure: Procedure, refusal: Refusal) -> Reply:
        """Refuse a call whose key or scenario there is not; an account that there is notes it."""
        account = None if call.key is None else self.accounts.find(call.key)
        journal = self.strays if account is None else account.journal
        now = self.clock.now() if account is None else account.now()
        reply = procedure.find_form(refusal.condition).fill(refusal.facts, None, None)
        entry = enter_refused(journal, call, now, reply, refusal)
        self.events.publish(EventKind.STRAY, now, account, entry)
        return reply

    def answer_stray(self, stray: Stray) -> Reply:
        """Answer a request for no operation, and note which one it was probably meant for."""
        searched = self.contracts if stray.contract is None else (stray.contract,)
        note = explain_miss(searched, stray.method, stray.path)
        now = self.clock.now()
        if stray.contract is None or stray.contract.unknown_path is None:
            reply = Reply(404, orjson.dumps({"error": note}))
        else:
            # The provider itself knows nothing of the address under which it is served here.
            path = strip_scenario(stray.path).removeprefix(f"/{stray.contract.name}")
            facts: Facts = {"call.path": path or "/", "call.time": now}
            reply = Form(stray.contract.unknown_path).fill(facts, None, None)
        entry = enter_stray(self.strays, stray, now, reply, note)
        self.events.publish(EventKind.STRAY, now, None, entry)
        return reply

    def find_file(self, address: Address) -> ResultFile | FileMissing:
        """What lies at the address of a result file."""
        account = self.accounts.find_by_id(address.account_id)
        if account is None:
            return FileMissing("there is no such file")
        return find_file(account, address)

    def find_upload(self, place: UploadPlace) -> Upload | FileMissing:
        """What lies at the address of an uploaded file."""
        account = self.accounts.find_by_id(place.account_id)
        found = self.accounts.uploads.find(place.account_id, place.provider, place.path)
        if account is None or found is None:
            return FileMissing("there is no such file")
        if found.expires is not None and account.settle() >= found.expires:
            return FileMissing("the file is no longer kept")
        return found

    def find_errand(self, call: Call) -> str | None:
        """The address from which an upload's file is to be fetched; None if it would be refused."""
        provider = self._providers[call.contract.name]
        return find_errand(call, provider, self.accounts, self.settings)

    def spoil_file(self, address: Address, reply: Reply) -> tuple[Reply, str | None]:
        """The reply to a request for a result file as it leaves, and the fault that acted on it."""
        account = self.accounts.find_by_id(address.account_id)
        return (reply, None) if account is None else spoil_file(account, address, reply)

    def find_account(self, name: str) -> Account | None:
        """The account with an id or a key, if there is one."""
        return self.accounts.find_by_id(name) or self.accounts.find(name)

    def open_account(self, key: str) -> Account:
        """The account of a key, made if need be; raises UsageError for what can be no key."""
        account = self.accounts.find(key)
        if account is not None:
            return account
        opened = open_account(key, self.accounts, self.settings, self.check_scenario)
        if isinstance(opened, str):
            raise UsageError(f"{read_key(key).label}: {opened}")
        return opened

    def forget_account(self, account: Account) -> None:
        """Forget an account and everything it has."""
        self.accounts.forget(account)

    def reset(self) -> None:
        """Make everything as it was at the start."""
        self.accounts.clear()
        self.events.numbers = count(1)
        self.strays = Journal(self.settings, self.settings.max_strays, self.events.numbers)
        self.events.publish(EventKind.RESET, self.clock.now())

    def force_task(
        self,
        account: Account,
        provider: str,
        task_id: str,
        outcome: Phase,
        failure: str | None = None,
    ) -> Task:
        """End an open task at once; `failure` is a name, the contract's first if there is none.

        Raises UsageError for a task, an outcome or a failure that cannot be.
        """
        now = account.settle()
        holding = account.holdings.get(provider)
        task = holding.tasks.get(task_id) if holding else None
        if task is None:
            raise UsageError(f"{account.label} has no task {task_id!r} at {provider}")
        if now >= task.ended:
            raise UsageError(f"task {task_id!r} has ended already")
        chosen = find_failure(task.contract, task.operation, outcome, failure)
        ended = account.end_task(task, outcome, chosen)
        account.tell(EventKind.TASK_FORCED, ended)
        return ended

    def check_scenario(self, name: str) -> None:
        """Raise ScenarioError if no provider knows a scenario of this name."""
        nearest = self.find_nearest_scenario(name)
        if nearest is not None:
            raise ScenarioError(f"unknown scenario {name!r}; nearest: {nearest!r}")

    def find_nearest_scenario(self, name: str) -> str | None:
        """What was probably meant by a name that no provider knows; None if one knows it."""
        repertoires = [provider.repertoire for provider in self._providers.values()]
        if any(repertoire.find(name) for repertoire in repertoires):
            return None
        nearest = [repertoire.find_nearest(name) for repertoire in repertoires]
        return get_close_matches(name, nearest, 1, 0.0)[0]

    def find_repertoire(self, provider: str) -> Repertoire:
        """The scenarios of a provider."""
        return self._providers[provider].repertoire
