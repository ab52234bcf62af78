"""The fault `cut-body`."""

from dataclasses import dataclass

from mockserver.engine.carriage import Carriage, End
from mockserver.engine.trouble.plan import Act
from mockserver.faults.setting import PART, setting
from mockserver.faults.wire_fault import WireFault


@dataclass(frozen=True)
class CutBody(WireFault):
    """The connection is closed in the middle of the body, before its announced length."""

    part: float = setting(0.5, PART, "how much of the body is sent")

    def carry(self, act: Act) -> Carriage:  # noqa: ARG002
        """Send a part, and close."""
        return Carriage(sent=self.part, end=End.CLOSE)
