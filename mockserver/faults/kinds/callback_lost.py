"""The fault `callback-lost`."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.engine.callbacks.delivery import Delivery, Twist
from mockserver.engine.facts import Scene
from mockserver.engine.trouble.fault import CALLBACK, Fault
from mockserver.engine.trouble.plan import Act


@dataclass(frozen=True)
class CallbackLost(Fault):
    """The callback is never sent."""

    meets: ClassVar = frozenset({CALLBACK})

    def twist(self, delivery: Delivery, scene: Scene, act: Act) -> Twist:  # noqa: ARG002
        """Lose it."""
        return Twist(is_lost=True)
