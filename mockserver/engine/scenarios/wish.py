"""Wishes: scenarios asked for in advance, for the next submits of an account."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Wish:
    """A scenario for so many submits."""

    scenario: str
    count: int  # submits that it is still for
    provider: str | None = None  # whose submits; None for those of any that knows the scenario


def take_wish(wishes: list[Wish], provider: str, is_known: Callable[[str], object]) -> str | None:
    """The scenario of the first wish for a submit at a provider, which is used up by one."""
    for wish in wishes:
        if wish.provider in (None, provider) and is_known(wish.scenario):
            wish.count -= 1
            if wish.count == 0:
                wishes.remove(wish)
            return wish.scenario
    return None
