"""The fault `status`."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.engine.call import Reply
from mockserver.engine.roles import refuse
from mockserver.engine.scenarios.pretence import pretend
from mockserver.engine.trouble.fault import CALL, Fault
from mockserver.engine.trouble.plan import Act
from mockserver.engine.visit import Refusal, Visit
from mockserver.faults.bodies import change_places, find_places
from mockserver.faults.conditions import OTHERWISE, find_condition
from mockserver.faults.setting import FLAG, STATUS, setting


@dataclass(frozen=True)
class Status(Fault):
    """The reply has an HTTP status of its own, and the body that the contract has for it."""

    meets: ClassVar = frozenset({CALL})
    status: int = setting(503, STATUS, "the HTTP status")
    takes_effect: bool = setting(False, FLAG, "whether the call has its effect nevertheless")

    def refuse(self, visit: Visit, act: Act) -> Refusal | None:  # noqa: ARG002
        """Do nothing of what the call asks for, unless that is wanted."""
        return None if self.takes_effect else self._pretend(visit)

    def spoil(self, visit: Visit, reply: Reply, act: Act) -> Reply:  # noqa: ARG002
        """Give the reply its status."""
        if self.takes_effect:
            reply = refuse(visit, self._pretend(visit))
        if self.status < 500 and find_condition(visit, self.status) == OTHERWISE:
            # The contract has no words for it, and those of a server error have another code.
            paths = [place.path for place in find_places(visit, "reply.code")]
            reply = change_places(reply, paths, lambda _: self.status) or reply
        return replace(reply, status=self.status)

    def _pretend(self, visit: Visit) -> Refusal:
        return pretend(visit, find_condition(visit, self.status))
