"""The fault `callback-wrong-content-type`."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.engine.callbacks.delivery import Delivery, Twist
from mockserver.engine.facts import Scene
from mockserver.engine.trouble.fault import CALLBACK, Fault
from mockserver.engine.trouble.plan import Act
from mockserver.faults.setting import HEADER, setting


@dataclass(frozen=True)
class CallbackWrongContentType(Fault):
    """The Content-Type of the callback is not that of its body."""

    meets: ClassVar = frozenset({CALLBACK})
    says: str = setting("text/plain; charset=utf-8", HEADER, "what it says instead")

    def twist(self, delivery: Delivery, scene: Scene, act: Act) -> Twist:  # noqa: ARG002
        """Say something else."""
        return Twist(media_type=self.says)
