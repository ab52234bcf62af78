"""The fault `callback-changed-body`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Final

import orjson

from mockserver.contract.model import Contract
from mockserver.contract.places import change, find_paths
from mockserver.engine.callbacks.delivery import Delivery, Twist
from mockserver.engine.facts import Scene
from mockserver.engine.packing import pack
from mockserver.engine.trouble.fault import CALLBACK, Fault
from mockserver.engine.trouble.plan import Act
from mockserver.faults.signing import can_sign

_ELSEWHERE: Final = "https://changed-on-the-way.invalid/1.png"
_CHANGES: Final[Mapping[str, object]] = {
    "task.results": _ELSEWHERE,
    "task.failure.message": "changed on the way",
    "task.state": "changed",
}


@dataclass(frozen=True)
class CallbackChangedBody(Fault):
    """The signature is right for the body that should have come; another one comes."""

    meets: ClassVar = frozenset({CALLBACK})

    def is_for(self, contract: Contract) -> bool:
        """Whether a provider signs its callbacks."""
        return can_sign(contract)

    def twist(self, delivery: Delivery, scene: Scene, act: Act) -> Twist:  # noqa: ARG002
        """Change the results, or why there are none, behind the signature."""
        forms = scene.task.operation.callbacks
        shape = next(f for f in forms if f.name == delivery.callback).shapes[scene.phase]
        body = before = orjson.loads(delivery.body)
        for fact, text in _CHANGES.items():
            for path in find_paths(shape, fact):
                body = change(body, path, partial(_replace, text))
            if body is not before:
                return Twist(body=pack(body))
        return Twist(body=pack({"changed": "on the way", "instead": body}))


def _replace(text: object, value: object) -> object:
    return [text for _ in value] if isinstance(value, list) else text
