"""Wishes: scenarios asked for in advance, for the next submits of an account."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mockserver.contract.model import Role

if TYPE_CHECKING:
    from mockserver.engine.visit import Visit


@dataclass(slots=True)
class Wish:
    """A scenario for so many submits."""

    scenario: str
    count: int  # submits that it is still for
    provider: str | None = None  # whose submits; None for those of any that knows the scenario


def find_wish(wishes: list[Wish], provider: str, is_known: Callable[[str], object]) -> str | None:
    """The scenario of the first wish for a submit at a provider; nothing is used up."""
    for wish in wishes:
        if wish.provider in (None, provider) and is_known(wish.scenario):
            return wish.scenario
    return None


def use_wish(visit: "Visit") -> None:
    """Use up one of the wish that a submit is in the scenario of, if a wish put it there.

    So it goes when the submit makes its task, or meets the trouble that was wished for. A submit
    that is refused for another reason leaves it to the next one.
    """
    wishes = visit.account.wishes
    for wish in wishes if visit.procedure.operation.role is Role.SUBMIT else ():
        name = wish.scenario.replace("_", "-")
        if name == visit.scenario.name and wish.provider in (None, visit.call.contract.name):
            wish.count -= 1
            if wish.count == 0:
                wishes.remove(wish)
            return
