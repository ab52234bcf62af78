"""The repertoire of a provider: every scenario that its clients can be in, by name."""

from difflib import SequenceMatcher, get_close_matches
from functools import cached_property
from typing import Final, NamedTuple

from mockserver.contract.model import Contract
from mockserver.engine.scenarios.library import Library
from mockserver.engine.scenarios.scenario import DEFAULT, Scenario, list_scenarios

_MAX_NAME: Final = 100  # characters that are compared
_NEAR: Final = 0.6  # how alike two names are that may be one


class Choice(NamedTuple):
    """A scenario that somebody asked for, or the name of one that there is not."""

    scenario: Scenario | None
    name: str | None  # as it was asked for
    place: str  # where it was asked for: " in the prompt"; empty for the account's own
    is_chosen: bool = False  # for one call, not for all of its account


class Repertoire:
    """The scenarios of a contract, and those of files, which are read when first asked for.

    A file takes the place of the contract's own scenario of the same name.
    """

    def __init__(self, contract: Contract, library: Library) -> None:
        self._contract = contract
        self._library = library
        self._own = list_scenarios(contract)
        self._found: dict[str, Scenario] = {}

    @cached_property
    def default(self) -> Scenario:
        """What happens where nobody asks for anything else."""
        return self.find(DEFAULT) or self._own[DEFAULT]

    @cached_property
    def usual(self) -> Choice:
        """The choice where nobody asks for anything else."""
        return Choice(self.default, None, "")

    def find(self, name: str) -> Scenario | None:
        """The scenario with a name, dashed or with underscores; None if there is none."""
        found = self._found.get(name)
        if found is None:
            dashed = name.replace("_", "-")
            found = self._read(dashed) or self._own.get(dashed)
            if found is not None:
                self._found[name] = found
        return found

    def list_all(self) -> dict[str, Scenario]:
        """Every scenario by name, those of the contract first."""
        files = {name: found for name in self._library.files if (found := self._read(name))}
        return {**self._own, **files}

    def explain_miss(self, name: str) -> str:
        """What to say of a name that no scenario has: which one is near, or where all of them are.

        A name that another provider has need not look like any of this one.
        """
        asked, nearest = _write_as_known(name), self.find_nearest(name)
        is_near = asked in nearest or SequenceMatcher(None, asked, nearest).ratio() > _NEAR
        return f"nearest: {nearest!r}" if is_near else "mockserver scenarios lists them"

    def find_nearest(self, name: str) -> str:
        """The name that was probably meant."""
        dashed = _write_as_known(name)
        nearest = get_close_matches(dashed, self.list_all(), 1, 0.0)
        return nearest[0] if nearest else DEFAULT

    def _read(self, name: str) -> Scenario | None:
        draft = self._library.find(name)
        return None if draft is None else draft.apply(self._contract)


def _write_as_known(name: str) -> str:
    """A name in the form that names of scenarios have."""
    return name.replace("_", "-")[:_MAX_NAME].lower()
