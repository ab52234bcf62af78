"""The choice of a scenario for a call: who asks for one, and who is heard first.

1. A wish, put to the account by a control call; it is about submits alone, and used up by one that
   makes a task or meets the trouble that was wished for.
2. The address: `/_/<scenario>/` between a base URL and the provider's own path.
3. The account: its key, or what a control call changed that to.
4. A directive in the prompt of a submit: `[mock: <scenario>]`.
5. The default.

A task keeps the scenario in which it was submitted. A poll obeys its address first. Then it obeys
the task, if its scenario was chosen for it alone (1, 2, 4), then the account, then the task again.
"""

import re
from typing import Final

from mockserver.contract.model import Role
from mockserver.engine.accounts.account import Account
from mockserver.engine.call import Call
from mockserver.engine.provider import Provider
from mockserver.engine.scenarios.pretence import pretend
from mockserver.engine.scenarios.repertoire import Choice
from mockserver.engine.scenarios.wish import find_wish
from mockserver.engine.task import Task
from mockserver.engine.visit import Refusal, Visit

MARK: Final = b"[mock:"  # how a directive begins
_DIRECTIVE: Final = re.compile(r"\[mock:\s{0,9}([\w.-]{1,100})\s{0,9}\]", re.ASCII)


def choose_scenario(call: Call, provider: Provider, account: Account) -> Choice:
    """The scenario that a call is in."""
    repertoire = provider.repertoire
    if not (account.wishes or call.scenario or account.scenario or MARK in call.raw):
        return repertoire.usual
    is_submit = call.operation.role is Role.SUBMIT
    if is_submit and account.wishes:
        name = find_wish(account.wishes, call.contract.name, repertoire.find)
        if name is not None:
            return Choice(repertoire.find(name), name, " in the control call", is_chosen=True)
    if call.scenario is not None:
        named = repertoire.find(call.scenario)
        return Choice(named, call.scenario, " in the address", is_chosen=True)
    if account.scenario is not None:
        return Choice(repertoire.find(account.scenario), account.scenario, "")
    if is_submit and MARK in call.raw and (name := read_directive(call)) is not None:
        return Choice(repertoire.find(name), name, " in the prompt", is_chosen=True)
    return repertoire.usual


def read_directive(call: Call) -> str | None:
    """The scenario that the prompt of a submit names, where the contract marks a prompt."""
    body = call.operation.body
    variant = None if body is None else body.choose(call.body)
    prompt = None if variant is None else variant.read(call.body).get("input.prompt")
    found = _DIRECTIVE.search(prompt) if isinstance(prompt, str) else None
    return None if found is None else found[1]


def obey_task(visit: Visit, task: Task) -> Refusal | None:
    """Let a call be in the scenario of the task that it asks for, if that comes first.

    What the calls of that scenario are refused with, the call is refused with from here on.
    """
    if visit.is_chosen or not (task.is_chosen or visit.account.scenario is None):
        return None
    visit.scenario = task.scenario
    condition = task.scenario.condition
    if condition is None or not visit.procedure.can_meet(condition):
        return None
    return pretend(visit, condition)
