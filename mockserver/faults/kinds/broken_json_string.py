"""The fault `broken-json-string`."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.contract.places import list_places
from mockserver.engine.call import Reply
from mockserver.engine.trouble.fault import CALL, Fault
from mockserver.engine.trouble.plan import Act
from mockserver.engine.visit import Visit
from mockserver.faults.bodies import change_places, list_shapes
from mockserver.faults.setting import NAMES, maybe, setting


@dataclass(frozen=True)
class BrokenJsonString(Fault):
    """The JSON that stands in a string of the reply is broken off."""

    meets: ClassVar = frozenset({CALL})
    fields: tuple[str, ...] | None = setting(
        None, maybe(NAMES), "names of fields that hold JSON; null: all of them"
    )

    def spoil(self, visit: Visit, reply: Reply, act: Act) -> Reply | None:  # noqa: ARG002
        """Break the strings off in the middle."""
        paths = dict.fromkeys(
            place.path
            for shape in list_shapes(visit)
            for place in list_places(shape)
            if place.holds_json and (self.fields is None or place.path[-1] in self.fields)
        )
        return change_places(reply, paths, _break)


def _break(value: object) -> object:
    return value[: max(1, len(value) // 2)] if isinstance(value, str) and value else value
