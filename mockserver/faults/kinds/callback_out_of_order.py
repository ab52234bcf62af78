"""The fault `callback-out-of-order`."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.engine.callbacks.delivery import Delivery, Twist
from mockserver.engine.facts import Scene
from mockserver.engine.trouble.fault import CALLBACK, Fault
from mockserver.engine.trouble.plan import Act
from mockserver.faults.setting import ANY_SPAN, setting


@dataclass(frozen=True)
class CallbackOutOfOrder(Fault):
    """The callback is overtaken by the next one of its account."""

    meets: ClassVar = frozenset({CALLBACK})
    span: int = setting("10s", ANY_SPAN, "how long it waits for one, on the account's clock")

    def twist(self, delivery: Delivery, scene: Scene, act: Act) -> Twist:  # noqa: ARG002
        """Let it wait for another one."""
        return Twist(is_overtaken=True, late=self.span)
