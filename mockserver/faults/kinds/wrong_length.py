"""The fault `wrong-length`."""

from dataclasses import dataclass

from mockserver.engine.carriage import Carriage, End
from mockserver.engine.trouble.plan import Act
from mockserver.faults.setting import setting, whole
from mockserver.faults.wire_fault import WireFault


@dataclass(frozen=True)
class WrongLength(WireFault):
    """The Content-Length is not that of the body, which is sent whole before the end."""

    by: int = setting(10, whole(-1_000_000, 1_000_000), "how many bytes are added to the length")

    def carry(self, act: Act) -> Carriage:  # noqa: ARG002
        """Tell another length."""
        return Carriage(length=self.by, end=End.CLOSE)
