"""The fault `wrong-content-type`."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.engine.call import Reply
from mockserver.engine.trouble.fault import CALL, FILE, Fault
from mockserver.engine.trouble.plan import Act
from mockserver.engine.visit import Visit
from mockserver.faults.setting import HEADER, setting


@dataclass(frozen=True)
class WrongContentType(Fault):
    """The Content-Type of the reply is not that of its body."""

    meets: ClassVar = frozenset({CALL, FILE})
    says: str = setting("text/plain; charset=utf-8", HEADER, "what it says instead")

    def spoil(self, visit: Visit, reply: Reply, act: Act) -> Reply:  # noqa: ARG002
        """Say something else of the reply to a call."""
        return self.spoil_file(reply, act)

    def spoil_file(self, reply: Reply, act: Act) -> Reply:  # noqa: ARG002
        """Say something else of a file."""
        return replace(reply, media_type=self.says)
