"""The fault `callback-odd-spelling`."""

import json
from dataclasses import dataclass
from typing import ClassVar

from mockserver.engine.callbacks.delivery import Delivery, Twist
from mockserver.engine.facts import Scene
from mockserver.engine.trouble.fault import CALLBACK, Fault
from mockserver.engine.trouble.plan import Act


@dataclass(frozen=True)
class CallbackOddSpelling(Fault):
    """The callback says the same in odd JSON, with spaces and escapes, and is signed so."""

    meets: ClassVar = frozenset({CALLBACK})

    def twist(self, delivery: Delivery, scene: Scene, act: Act) -> Twist:  # noqa: ARG002
        """Spell the body otherwise."""
        text = json.dumps(json.loads(delivery.body), indent=3, separators=(" ,", " : "))
        # A slash stands in texts only, where it may be escaped.
        return Twist(spelling=text.replace("/", "\\/").encode())
