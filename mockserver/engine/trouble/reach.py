"""The reach of fault rules: what there is at a provider that a rule could act on."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mockserver.contract.model import Contract, Role
from mockserver.engine.trouble.fault import CALL, CALLBACK, FILE, FaultRule


class Spot(NamedTuple):
    """Where occasions come from: an operation, one of its callbacks, or the result files."""

    kinds: tuple[str, ...]  # of its occasions, in the words of a fault
    names: tuple[str, ...]  # under which a rule may speak of it


def list_spots(contract: Contract) -> Iterator[Spot]:
    """Everything at a provider that may meet a fault."""
    yield Spot((FILE,), (FILE,))
    for operation in contract.operations.values():
        own = operation.id, operation.role
        yield Spot((CALL, operation.role), (*own, CALL))
        for form in operation.callbacks:
            yield Spot((CALLBACK,), (CALLBACK, form.name, *own))


def list_targets(contracts: Iterable[Contract]) -> list[str]:
    """Every word by which a rule may name an operation, a callback or the files."""
    spots = [spot for contract in contracts for spot in list_spots(contract)]
    names = [name for spot in spots for name in spot.names]
    return list(dict.fromkeys(map(str, [*names, *Role, CALL, FILE, CALLBACK])))


def can_reach(rule: FaultRule, contracts: Iterable[Contract]) -> bool:
    """Whether a provider has something that the fault can meet and that the rule is meant for."""
    wanted = rule.target.operation
    return any(
        not rule.fault.meets.isdisjoint(spot.kinds) and wanted in (None, *spot.names)
        for contract in contracts
        for spot in list_spots(contract)
    )


def explain_reach(rule: FaultRule) -> str:
    """Why a rule reaches nothing: what its fault meets."""
    target = rule.target.operation
    asked = "" if target is None else f" there with 'operation': {target!r}"
    met = ", ".join(sorted(rule.fault.meets))
    return f"{rule.name!r} can act on nothing{asked}; it meets {met}"
