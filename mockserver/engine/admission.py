"""Admission: a key opens its account, or is turned away."""

from typing import Final

from mockserver.contract.facts import Facts
from mockserver.engine.account import Account
from mockserver.engine.accounts import Accounts
from mockserver.engine.call import Call
from mockserver.engine.key import read_key
from mockserver.engine.provider import Provider
from mockserver.engine.scenario import Scenario, choose, find_nearest
from mockserver.engine.settings import Settings
from mockserver.engine.visit import Refusal

NOBODY: Final = "sk-mock-nobody"  # stands for no key where none is asked for


def admit(
    call: Call, provider: Provider, accounts: Accounts, settings: Settings
) -> tuple[Account, Scenario] | Refusal:
    """The account of a call, made at its first use, and the scenario that it is in."""
    key = call.key
    if key is None or not key.strip():
        if call.operation.keyed:
            return Refusal("unauthorized")
        key = NOBODY
    elif settings.keys is not None and key not in settings.keys:
        return Refusal("unauthorized")
    account = accounts.find(key)
    if account is not None:
        scenario = choose(provider.scenarios, account.scenario)
        return _refuse_scenario(provider, account.scenario) if not scenario else (account, scenario)
    wish = read_key(key)
    if wish.problem is not None:
        return _refuse(wish.problem)
    scenario = choose(provider.scenarios, wish.scenario)
    if scenario is None:
        return _refuse_scenario(provider, wish.scenario)
    return accounts.open(wish), scenario


def _refuse_scenario(provider: Provider, name: str | None) -> Refusal:
    nearest = find_nearest(provider.scenarios, name or "")
    return _refuse(f"unknown scenario {name!r} for this provider; nearest: {nearest!r}")


def _refuse(message: str) -> Refusal:
    facts: Facts = {"reply.message": message}
    return Refusal("unauthorized", facts)
