"""Faults of the wire: the reply is what it should be, but its way to the client is not."""

from dataclasses import replace
from typing import ClassVar

from mockserver.engine.call import Reply
from mockserver.engine.carriage import Carriage
from mockserver.engine.trouble.fault import CALL, FILE, Fault
from mockserver.engine.trouble.plan import Act
from mockserver.engine.visit import Refusal, Visit

LOST = "Whether the call has its effect, though its reply is lost."


class WireFault(Fault):
    """A fault that says how a reply travels."""

    meets: ClassVar = frozenset({CALL, FILE})

    def carry(self, act: Act) -> Carriage:
        """The way of the reply."""
        raise NotImplementedError

    def spoil(self, visit: Visit, reply: Reply, act: Act) -> Reply:  # noqa: ARG002
        """Send the reply to a call on its way."""
        return self.spoil_file(reply, act)

    def spoil_file(self, reply: Reply, act: Act) -> Reply:
        """Send the reply to a request for a file on its way."""
        return replace(reply, carriage=self.carry(act))


class LossyFault(WireFault):
    """A fault whose victim cannot know whether the call had an effect."""

    takes_effect: bool

    def refuse(self, visit: Visit, act: Act) -> Refusal | None:  # noqa: ARG002
        """Do nothing of what the call asks for, if that is wanted."""
        return None if self.takes_effect else Refusal("server_error")
