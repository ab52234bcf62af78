"""The fault `callback-twice`."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.engine.callbacks.delivery import Delivery, Twist
from mockserver.engine.facts import Scene
from mockserver.engine.trouble.fault import CALLBACK, Fault
from mockserver.engine.trouble.plan import Act
from mockserver.faults.setting import ANY_SPAN, setting, whole


@dataclass(frozen=True)
class CallbackTwice(Fault):
    """The callback comes more than once, with the same body."""

    meets: ClassVar = frozenset({CALLBACK})
    copies: int = setting(1, whole(1, 100), "how often it is repeated")
    apart: int = setting("0s", ANY_SPAN, "how far they lie apart, on the account's clock")

    def twist(self, delivery: Delivery, scene: Scene, act: Act) -> Twist:  # noqa: ARG002
        """Repeat it."""
        return Twist(copies=self.copies, apart=self.apart)
