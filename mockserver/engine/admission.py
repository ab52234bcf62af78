"""Admission: a key opens its account and a scenario is chosen, or the call is turned away."""

from typing import Final

from mockserver.contract.facts import Facts
from mockserver.engine.accounts.account import Account
from mockserver.engine.accounts.key import read_key
from mockserver.engine.accounts.store import Accounts
from mockserver.engine.call import Call
from mockserver.engine.provider import Provider
from mockserver.engine.scenarios.catalogue import Choice
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
            return Refusal("unauthorized")
        key = NOBODY
    elif settings.keys is not None and key not in settings.keys:
        return Refusal("unauthorized")
    account = accounts.find(key)
    if account is None:
        opened = _open(key, provider, accounts)
        if isinstance(opened, Refusal):
            return opened
        account = opened
    choice = choose_scenario(call, provider, account)
    if choice.scenario is None:
        return _refuse_scenario(provider, choice)
    return account, choice.scenario, choice.is_chosen


def _open(key: str, provider: Provider, accounts: Accounts) -> Account | Refusal:
    """Make the account of a key; one whose key names no scenario that there is, is not made."""
    wish = read_key(key)
    if wish.problem is not None:
        return _refuse(wish.problem)
    if wish.scenario is not None and provider.catalogue.find(wish.scenario) is None:
        return _refuse_scenario(provider, Choice(None, wish.scenario, ""))
    return accounts.open(wish)


def _refuse_scenario(provider: Provider, choice: Choice) -> Refusal:
    asked = f"unknown scenario {choice.name!r}{choice.place} for this provider"
    return _refuse(f"{asked}; {provider.catalogue.explain_miss(choice.name or '')}")


def _refuse(message: str) -> Refusal:
    facts: Facts = {"reply.message": message}
    return Refusal("unauthorized", facts)
