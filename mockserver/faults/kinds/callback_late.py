"""The fault `callback-late`."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.engine.callbacks.delivery import Delivery, Twist
from mockserver.engine.facts import Scene
from mockserver.engine.trouble.fault import CALLBACK, Fault
from mockserver.engine.trouble.plan import Act
from mockserver.faults.setting import ANY_SPAN, setting


@dataclass(frozen=True)
class CallbackLate(Fault):
    """The callback comes late."""

    meets: ClassVar = frozenset({CALLBACK})
    span: int = setting("1m", ANY_SPAN, "how late, on the account's clock")

    def twist(self, delivery: Delivery, scene: Scene, act: Act) -> Twist:  # noqa: ARG002
        """Put it off."""
        return Twist(late=self.span)
