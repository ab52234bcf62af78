"""The fault `callback-wrong-signature`."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.contract.model import Contract
from mockserver.engine.callbacks.delivery import Delivery, Twist
from mockserver.engine.facts import Scene
from mockserver.engine.trouble.fault import CALLBACK, Fault
from mockserver.engine.trouble.plan import Act
from mockserver.faults.setting import ANY_TEXT, maybe, setting
from mockserver.faults.signing import can_sign, is_signed


@dataclass(frozen=True)
class CallbackWrongSignature(Fault):
    """The callback is signed with another secret than the account's."""

    meets: ClassVar = frozenset({CALLBACK})
    secret: str | None = setting(
        None, maybe(ANY_TEXT), "the secret that it is signed with, or ''; null: a wrong one"
    )

    def is_for(self, contract: Contract) -> bool:
        """Whether a provider signs its callbacks."""
        return can_sign(contract)

    def twist(self, delivery: Delivery, scene: Scene, act: Act) -> Twist | None:  # noqa: ARG002
        """Forge the signature, if there is one."""
        if not is_signed(delivery, scene):
            return None
        wrong = f"{scene.account.webhook_secret}x"
        return Twist(secret=wrong if self.secret is None else self.secret)
