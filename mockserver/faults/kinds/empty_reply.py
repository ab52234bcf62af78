"""The fault `empty-reply`."""

from dataclasses import dataclass

from mockserver.engine.carriage import Carriage, End
from mockserver.engine.trouble.plan import Act
from mockserver.faults.setting import FLAG, setting
from mockserver.faults.wire_fault import LOST, LossyFault


@dataclass(frozen=True)
class EmptyReply(LossyFault):
    """The connection is closed without a byte of a reply."""

    takes_effect: bool = setting(True, FLAG, LOST)

    def carry(self, act: Act) -> Carriage:  # noqa: ARG002
        """Send nothing, and close."""
        return Carriage(is_silent=True, end=End.CLOSE)
