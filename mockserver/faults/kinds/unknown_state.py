"""The fault `unknown-state`."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.engine.call import Reply
from mockserver.engine.trouble.fault import CALL, Fault
from mockserver.engine.trouble.plan import Act
from mockserver.engine.visit import Visit
from mockserver.faults.bodies import change_places, find_places
from mockserver.faults.setting import TEXT, setting


@dataclass(frozen=True)
class UnknownState(Fault):
    """The task is in a state that the contract does not know."""

    meets: ClassVar = frozenset({CALL})
    word: str = setting("under_review", TEXT, "the state's name")

    def may_spoil(self, visit: Visit) -> bool:
        """Where no reply tells of a state, there is nothing to change."""
        return any(True for _ in find_places(visit, "task.state"))

    def spoil(self, visit: Visit, reply: Reply, act: Act) -> Reply | None:  # noqa: ARG002
        """Write the word where the state stands."""
        paths = [place.path for place in find_places(visit, "task.state")]
        return change_places(reply, paths, lambda _: self.word)
