"""Admission: a key opens its account and a scenario is chosen, or the call is turned away."""

from collections.abc import Callable
from typing import Final

from mockserver.contract.facts import Facts
from mockserver.engine.accounts.account import Account
from mockserver.engine.accounts.key import read_key
from mockserver.engine.accounts.store import Accounts
from mockserver.engine.call import Call
from mockserver.engine.provider import Provider
from mockserver.engine.scenarios.choice import choose_scenario
from mockserver.engine.scenarios.scenario import Scenario
from mockserver.engine.settings import Settings
from mockserver.engine.visit import Refusal

NOBODY: Final = "sk-mock-nobody"  # stands for no key where none is asked for


def admit(
    call: Call, provider: Provider, accounts: Accounts, settings: Settings
) -> tuple[Account, Scenario, bool] | Refusal:
    """The account of a call, made at its first use, and the scenario that the call is in.

    The last tells whether that was chosen for this call alone, not for all of the account.

    A scenario that does not exist is refused as a wrong key is, with a message that names the
    nearest: so people see it in the error of whatever client they use, and no client tries again.
    """
    key = call.key
    if key is None or not key.strip():
        if call.operation.keyed:
            return Refusal("unauthorized", note="no API key came where the contract asks for it")
        key = NOBODY
    elif settings.keys is not None and not settings.admits(key):
        note = f"{read_key(key).label} is none of the keys that this server lets in"
        return Refusal("unauthorized", note=note)
    account = accounts.find(key)
    if account is None:
        opened = open_account(key, accounts, settings, lambda name: _explain_miss(provider, name))
        if isinstance(opened, str):
            return _refuse(opened)
        account = opened
    choice = choose_scenario(call, provider, account)
    if choice.scenario is None:
        return _refuse(_explain_miss(provider, choice.name or "", choice.place) or "")
    return account, choice.scenario, choice.is_chosen


def open_account(
    key: str, accounts: Accounts, settings: Settings, find_miss: Callable[[str], str | None]
) -> Account | str:
    """Make the account of a key, or say why not; `find_miss` says so of its scenario."""
    wish = read_key(key)
    if wish.problem is not None:
        return wish.problem
    if key != NOBODY and not settings.admits(key):
        return "it is none of the keys that this server lets in"
    missed = None if wish.scenario is None else find_miss(wish.scenario)
    return missed or accounts.open(wish)


def _explain_miss(provider: Provider, name: str, place: str = "") -> str | None:
    """What to say of a scenario that somebody asked for somewhere; None if there is one."""
    repertoire = provider.repertoire
    if repertoire.find(name) is not None:
        return None
    asked = f"unknown scenario {name!r}{place} for this provider"
    return f"{asked}; {repertoire.explain_miss(name)}"


def _refuse(message: str) -> Refusal:
    facts: Facts = {"reply.message": message}
    return Refusal("unauthorized", facts)
