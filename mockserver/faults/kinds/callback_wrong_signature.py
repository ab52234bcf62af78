"""The fault `callback-wrong-signature`."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.contract.model import Contract
from mockserver.engine.callbacks.delivery import Delivery, Twist
from mockserver.engine.facts import Scene
from mockserver.engine.trouble.fault import CALLBACK, Fault
from mockserver.engine.trouble.plan import Act
from mockserver.faults.signing import can_sign, is_signed


@dataclass(frozen=True)
class CallbackWrongSignature(Fault):
    """The callback is signed with another secret than the account's."""

    meets: ClassVar = frozenset({CALLBACK})

    def is_for(self, contract: Contract) -> bool:
        """Whether a provider signs its callbacks."""
        return can_sign(contract)

    def twist(self, delivery: Delivery, scene: Scene, act: Act) -> Twist | None:  # noqa: ARG002
        """Forge the signature, if there is one."""
        return Twist(is_forged=True) if is_signed(delivery, scene) else None
