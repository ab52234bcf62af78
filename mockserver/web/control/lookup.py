"""Look-ups of control calls: what a path or a field names, or a clear refusal."""

import re
from collections.abc import Collection, Mapping
from typing import Final

from starlette.requests import Request

from mockserver.contract.model import Contract
from mockserver.engine.accounts.account import Account
from mockserver.engine.engine import Engine
from mockserver.engine.trouble.fault import FILE
from mockserver.errors import MockServerError
from mockserver.hint import suggest
from mockserver.web.control.fields import ControlError, read_part

_ID: Final = re.compile("[0-9a-f]{16}")


def open_account(engine: Engine, request: Request) -> Account:
    """The account of the key or id in a path, settled; a key that is new gets its account."""
    key = read_part(request, "key")
    account = engine.find_account(key)
    if account is None and _ID.fullmatch(key):
        raise ControlError(404, f"there is no account {key}", "GET /_mock/accounts lists them")
    try:
        account = account or engine.open_account(key)
    except MockServerError as error:
        raise ControlError(404, str(error)) from error
    account.settle()
    return account


def find_contract(contracts: Mapping[str, Contract], name: str | None) -> Contract:
    """The contract of a provider, which need not be named if only one is served."""
    if name is None and len(contracts) == 1:
        return next(iter(contracts.values()))
    if name is None:
        raise ControlError(400, "'provider' is missing", suggest("", contracts))
    if name not in contracts:
        raise ControlError(404, f"no provider {name!r} is served", suggest(name, contracts))
    return contracts[name]


def check_provider(contracts: Mapping[str, Contract], name: str) -> str:
    """A provider that is asked for among others; refused if no request could ever reach it."""
    if name not in contracts:
        raise ControlError(400, f"no provider {name!r} is served", suggest(name, contracts))
    return name


def find_operations(contracts: Mapping[str, Contract], name: str) -> Collection[str]:
    """The id of an operation that has a name, or the ids of those with a role; FILE is its own."""
    if name == FILE:
        return (FILE,)
    operations = [each for c in contracts.values() for each in c.operations.values()]
    ids = dict.fromkeys(each.id for each in operations if name in (each.id, each.role))
    if not ids:
        words = (str(word) for each in operations for word in (each.role, each.id))
        known = dict.fromkeys([*words, FILE])
        raise ControlError(400, f"there is no operation {name!r}", suggest(name, known))
    return ids


def check_scenario(engine: Engine, name: str) -> None:
    """Refuse a scenario that no provider knows."""
    near = engine.find_nearest_scenario(name)
    if near is not None:
        raise ControlError(400, f"no scenario {name!r}", f"did you mean {near!r}?")
