"""The fault `empty-results`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from mockserver.contract.moments import Phase
from mockserver.contract.places import Place, Step, Way
from mockserver.engine.call import Reply
from mockserver.engine.trouble.fault import Fault
from mockserver.engine.trouble.plan import Act
from mockserver.engine.visit import Visit
from mockserver.faults.bodies import change_places, find_places
from mockserver.faults.setting import choice, setting

_EMPTY: Final[Mapping[type[object], object]] = {list: [], dict: {}, str: ""}


@dataclass(frozen=True)
class EmptyResults(Fault):
    """The task has succeeded, and there are no results."""

    meets: ClassVar = frozenset({"inspect", "collect"})
    phases: ClassVar = frozenset({Phase.SUCCEEDED})
    left: str = setting("empty", choice("empty", "null"), "what stands in their place")

    def spoil(self, visit: Visit, reply: Reply, act: Act) -> Reply | None:  # noqa: ARG002
        """Take the results out."""
        changed: Reply | None = None
        for place in find_places(visit, "task.results", "task.data"):
            found = change_places(changed or reply, [_find_list(place)], self._empty(place))
            changed = found or changed
        return changed

    def _empty(self, place: Place) -> "_Emptying":
        return _Emptying(place.holds_json, self.left == "null")


@dataclass(frozen=True)
class _Emptying:
    """What is left of a value."""

    holds_json: bool
    is_null: bool

    def __call__(self, value: object) -> object:
        if not value:
            return value
        if self.holds_json:
            return "null" if self.is_null else "[]"
        return None if self.is_null else _EMPTY.get(type(value))


def _find_list(place: Place) -> tuple[Step, ...]:
    """The array around results that are told of one by one."""
    path = place.path
    return path[: path.index(Way.EACH)] if Way.EACH in path else path
