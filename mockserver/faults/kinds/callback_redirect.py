"""The fault `callback-redirect`."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.engine.callbacks.delivery import Delivery, Twist
from mockserver.engine.facts import Scene
from mockserver.engine.trouble.fault import CALLBACK, Fault
from mockserver.engine.trouble.plan import Act


@dataclass(frozen=True)
class CallbackRedirect(Fault):
    """The callback comes as a redirect leaves it: a GET without a body."""

    meets: ClassVar = frozenset({CALLBACK})

    def twist(self, delivery: Delivery, scene: Scene, act: Act) -> Twist:  # noqa: ARG002
        """Lose the method and the body."""
        return Twist(method="GET", body=b"")
