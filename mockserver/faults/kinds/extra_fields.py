"""The fault `extra-fields`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.engine.call import Reply
from mockserver.engine.packing import pack
from mockserver.engine.trouble.fault import CALL, Fault
from mockserver.engine.trouble.plan import Act
from mockserver.engine.visit import Visit
from mockserver.faults.bodies import NOTHING, read_body
from mockserver.faults.setting import MEMBERS, setting


@dataclass(frozen=True)
class ExtraFields(Fault):
    """Every object of the reply has fields that the contract does not know."""

    meets: ClassVar = frozenset({CALL})
    fields: Mapping[str, object] = setting(
        {"unexpected": {"nested": [1, "two", None]}}, MEMBERS, "what is added to each object"
    )

    def spoil(self, visit: Visit, reply: Reply, act: Act) -> Reply | None:  # noqa: ARG002
        """Add the fields behind the others."""
        body = read_body(reply)
        if body is NOTHING:
            return None
        return replace(reply, body=pack(self._add(body)))

    def _add(self, value: object) -> object:
        if isinstance(value, list):
            return [self._add(item) for item in value]
        if not isinstance(value, dict):
            return value
        return {**{name: self._add(child) for name, child in value.items()}, **self.fields}
