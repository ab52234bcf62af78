"""The fault `body-code`."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.engine.call import Reply
from mockserver.engine.roles import refuse
from mockserver.engine.scenarios.pretence import pretend
from mockserver.engine.trouble.fault import CALL, Fault
from mockserver.engine.trouble.plan import Act
from mockserver.engine.visit import Refusal, Visit
from mockserver.faults.bodies import change_places, find_places
from mockserver.faults.conditions import find_condition
from mockserver.faults.setting import FLAG, setting, whole


@dataclass(frozen=True)
class BodyCode(Fault):
    """The HTTP status is 200, and the code in the body says that something went wrong."""

    meets: ClassVar = frozenset({CALL})
    code: int = setting(500, whole(1, 99_999), "the code in the body")
    takes_effect: bool = setting(False, FLAG, "whether the call has its effect nevertheless")

    def refuse(self, visit: Visit, act: Act) -> Refusal | None:  # noqa: ARG002
        """Do nothing of what the call asks for, unless that is wanted."""
        return self._pretend(visit) if _has_code(visit) and not self.takes_effect else None

    def spoil(self, visit: Visit, reply: Reply, act: Act) -> Reply | None:  # noqa: ARG002
        """Write the code; where replies carry none, there is nothing to do."""
        if not _has_code(visit):
            return None
        if self.takes_effect:
            reply = refuse(visit, self._pretend(visit))
        paths = [place.path for place in find_places(visit, "reply.code")]
        changed = change_places(reply, paths, lambda _: self.code)
        return replace(changed or reply, status=200)

    def _pretend(self, visit: Visit) -> Refusal:
        return pretend(visit, find_condition(visit, self.code))


def _has_code(visit: Visit) -> bool:
    return any(True for _ in find_places(visit, "reply.code"))
