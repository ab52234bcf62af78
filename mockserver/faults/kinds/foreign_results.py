"""The fault `foreign-results`."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.contract.moments import Phase
from mockserver.contract.places import Way
from mockserver.engine.call import Reply
from mockserver.engine.trouble.fault import Fault
from mockserver.engine.trouble.plan import Act
from mockserver.engine.visit import Visit
from mockserver.faults.bodies import change_places, find_places
from mockserver.faults.setting import HEADER, setting


@dataclass(frozen=True)
class ForeignResults(Fault):
    """The addresses of the results lead elsewhere, as into the client's own machine."""

    meets: ClassVar = frozenset({"inspect", "collect"})
    phases: ClassVar = frozenset({Phase.SUCCEEDED})
    to: str = setting("file:///etc/hosts", HEADER, "the address that stands in their place")

    def spoil(self, visit: Visit, reply: Reply, act: Act) -> Reply | None:  # noqa: ARG002
        """Replace every address."""
        places = find_places(visit, "task.results")
        paths = [(*place.path, Way.OPEN) if place.holds_json else place.path for place in places]
        return change_places(reply, paths, self._replace)

    def _replace(self, value: object) -> object:
        if isinstance(value, list):
            return [self._replace(each) for each in value]
        return self.to if isinstance(value, str) else value
