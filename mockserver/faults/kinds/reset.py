"""The fault `reset`."""

from dataclasses import dataclass

from mockserver.engine.carriage import Carriage, End
from mockserver.engine.trouble.plan import Act
from mockserver.faults.setting import FLAG, PART, maybe, setting
from mockserver.faults.wire_fault import LOST, LossyFault


@dataclass(frozen=True)
class Reset(LossyFault):
    """The connection is torn down with a TCP reset."""

    part: float | None = setting(
        None, maybe(PART), "how much of the body is sent before; null: not even the head"
    )
    takes_effect: bool = setting(True, FLAG, LOST)

    def carry(self, act: Act) -> Carriage:  # noqa: ARG002
        """Tear the connection down."""
        return Carriage(is_silent=self.part is None, sent=self.part, end=End.RESET)
