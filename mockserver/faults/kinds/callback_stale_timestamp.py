"""The fault `callback-stale-timestamp`."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.contract.model import Contract
from mockserver.engine.callbacks.delivery import Delivery, Twist
from mockserver.engine.facts import Scene
from mockserver.engine.trouble.fault import CALLBACK, Fault
from mockserver.engine.trouble.plan import Act
from mockserver.faults.setting import ANY_SPAN, setting
from mockserver.faults.signing import can_sign, is_signed


@dataclass(frozen=True)
class CallbackStaleTimestamp(Fault):
    """The callback is signed rightly, but long ago: it may be one that is sent again."""

    meets: ClassVar = frozenset({CALLBACK})
    age: int = setting("1h", ANY_SPAN, "how old the signed time is")

    def is_for(self, contract: Contract) -> bool:
        """Whether a provider signs its callbacks."""
        return can_sign(contract)

    def twist(self, delivery: Delivery, scene: Scene, act: Act) -> Twist | None:  # noqa: ARG002
        """Let the signed time be old, if there is one."""
        return Twist(age=self.age) if is_signed(delivery, scene) else None
