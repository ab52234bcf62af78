"""The fault `hang`."""

from dataclasses import dataclass

from mockserver.engine.carriage import Carriage, End
from mockserver.engine.trouble.plan import Act
from mockserver.faults.setting import FLAG, SPAN, maybe, setting
from mockserver.faults.wire_fault import LOST, LossyFault


@dataclass(frozen=True)
class Hang(LossyFault):
    """The request is read, and nothing ever comes back."""

    lasts: int | None = setting(
        None, maybe(SPAN), "after how long the connection is closed; null: when the client leaves"
    )
    takes_effect: bool = setting(True, FLAG, LOST)

    def carry(self, act: Act) -> Carriage:  # noqa: ARG002
        """Send nothing."""
        return Carriage(is_silent=True, end=End.NEVER, lasts=self.lasts)
