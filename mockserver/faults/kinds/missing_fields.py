"""The fault `missing-fields`."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.contract.places import GONE
from mockserver.engine.call import Reply
from mockserver.engine.trouble.fault import CALL, Fault
from mockserver.engine.trouble.plan import Act
from mockserver.engine.visit import Visit
from mockserver.faults.bodies import change_places, choose_paths
from mockserver.faults.setting import NAMES, maybe, setting


@dataclass(frozen=True)
class MissingFields(Fault):
    """Fields of the reply are missing."""

    meets: ClassVar = frozenset({CALL})
    fields: tuple[str, ...] | None = setting(
        None, maybe(NAMES), "names of fields, or facts such as task.id; null: one is drawn"
    )

    def spoil(self, visit: Visit, reply: Reply, act: Act) -> Reply | None:
        """Leave the fields out."""
        paths = choose_paths(visit, reply, self.fields, act.chance)
        return change_places(reply, paths, lambda _: GONE)
