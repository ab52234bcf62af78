"""The fault `drip`."""

from dataclasses import dataclass

from mockserver.engine.carriage import Carriage
from mockserver.engine.trouble.plan import Act
from mockserver.faults.setting import SPAN, setting, whole
from mockserver.faults.wire_fault import WireFault


@dataclass(frozen=True)
class Drip(WireFault):
    """The body comes in small pieces with pauses between them."""

    pieces: int = setting(5, whole(1, 10_000), "how many")
    pause: int = setting("200ms", SPAN, "before each piece")

    def carry(self, act: Act) -> Carriage:  # noqa: ARG002
        """Send piece by piece."""
        return Carriage(pieces=self.pieces, pause=self.pause)
