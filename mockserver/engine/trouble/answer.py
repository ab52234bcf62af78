"""Trouble: the faults that one call meets, on its way through the engine.

The first rule that does something is the only one that acts. It may refuse the call in place of
the provider, before anything is done, or change the reply to it, after everything was done.
"""

from mockserver.engine.accounts.account import Account
from mockserver.engine.accounts.entries import enter_visit
from mockserver.engine.call import Reply
from mockserver.engine.events import EventKind
from mockserver.engine.files.address import Address
from mockserver.engine.roles import serve
from mockserver.engine.scenarios.scenario import Scenario
from mockserver.engine.scenarios.wish import use_wish
from mockserver.engine.task import Task
from mockserver.engine.trouble.occasion import Occasion, see_call, see_file
from mockserver.engine.trouble.plan import Act, open_plan
from mockserver.engine.visit import Refusal, Visit


def answer_in_trouble(visit: Visit, found: Refusal | Task | None) -> Reply:
    """Answer a call that may meet faults, and enter it; the gates have found something or not."""
    trouble = Trouble(visit, found)
    found = trouble.refuse(found)
    reply = trouble.spoil(serve(visit, found))
    is_refused = isinstance(found, Refusal) and found.condition != visit.scenario.condition
    if is_refused and trouble.is_wished_for:  # else the task, or a gate, has used it up
        use_wish(visit)
    enter_visit(visit, reply, found if isinstance(found, Refusal) else None, trouble.fault)
    return reply


def spoil_file(account: Account, address: Address, reply: Reply) -> tuple[Reply, str | None]:
    """The reply to a request for a result file as it leaves, and the fault that acted on it."""
    holding = account.holdings.get(address.provider)
    task = holding.tasks.get(address.task_id) if holding else None
    if task is None or (account.faults is None and not task.scenario.faults):
        return reply, None
    occasion = see_file(task, address, account.now())
    for act in find_acts(account, occasion, task.scenario):
        spoiled = act.planned.rule.fault.spoil_file(reply, act)
        if spoiled is not None:
            note_act(account, act)
            return spoiled, act.name
    return reply, None


class Trouble:
    """What may happen to one call, and what has."""

    __slots__ = ("_acts", "_visit", "fault", "is_wished_for")

    def __init__(self, visit: Visit, found: Refusal | Task | None) -> None:
        self._visit = visit
        self.fault: str | None = None  # the name of the one that acted
        self.is_wished_for = False  # whether that one came with a scenario chosen for this call
        self._acts = find_acts(visit.account, see_call(visit, found), visit.scenario)

    def refuse(self, found: Refusal | Task | None) -> Refusal | Task | None:
        """What the call comes to: what the gates have found, or a refusal in place of it.

        A rule that would refuse gives way to an earlier one that may spoil the reply: whether that
        one does, is known when the call has had its effect, and then it is too late to refuse.
        """
        spoilers: list[Act] = []
        for act in self._acts:
            refusal = act.planned.rule.fault.refuse(self._visit, act)
            if refusal is None:
                if act.planned.rule.fault.may_spoil(self._visit):
                    spoilers.append(act)
            elif not spoilers:
                self._note(act)
                self._acts = [act]
                if isinstance(found, Refusal):  # what the client did wrong stays on record
                    refusal.violations = found.violations
                return refusal
        self._acts = spoilers
        return found

    def spoil(self, reply: Reply) -> Reply:
        """The reply as it leaves."""
        for act in self._acts:
            spoiled = act.planned.rule.fault.spoil(self._visit, reply, act)
            if spoiled is not None:
                self._note(act)
                return spoiled
        return reply

    def _note(self, act: Act) -> None:
        if self.fault is None:
            self.fault = act.name
            self.is_wished_for = self._visit.is_chosen and act.planned.scenario is not None
            note_act(self._visit.account, act)


def find_acts(account: Account, occasion: Occasion, scenario: Scenario) -> list[Act]:
    """The faults that may act on an occasion."""
    return open_plan(account).find_acts(account.seed, occasion, scenario)


def note_act(account: Account, act: Act) -> None:
    """A fault has acted."""
    act.planned.acted += 1
    account.tell(EventKind.FAULT_ACTED, act.planned)
