"""The fault `duplicate-keys`."""

from dataclasses import dataclass, replace
from typing import ClassVar, Final

import orjson

from mockserver.engine.call import Reply
from mockserver.engine.trouble.fault import CALL, Fault
from mockserver.engine.trouble.plan import Act
from mockserver.engine.visit import Visit
from mockserver.faults.bodies import change_places, choose_paths
from mockserver.faults.setting import NAMES, maybe, setting

_MARK: Final = "(the same key once more)"


@dataclass(frozen=True)
class DuplicateKeys(Fault):
    """A key stands twice in one object of the reply, the second time with null."""

    meets: ClassVar = frozenset({CALL})
    fields: tuple[str, ...] | None = setting(
        None, maybe(NAMES), "names of fields, or facts such as task.state; null: one is drawn"
    )

    def spoil(self, visit: Visit, reply: Reply, act: Act) -> Reply | None:
        """Repeat a key behind the others of its object."""
        for path in choose_paths(visit, reply, self.fields, act.chance):
            name = path[-1]
            if not isinstance(name, str) or any(not isinstance(step, str) for step in path):
                continue  # in a string it would be written with other quotes

            def repeat(value: object, name: str = name) -> object:
                has_it = isinstance(value, dict) and name in value
                return {**value, _MARK: None} if has_it else value  # type: ignore[dict-item]

            changed = change_places(reply, [path[:-1]], repeat)
            if changed is not None:
                body = changed.body.replace(orjson.dumps(_MARK), orjson.dumps(name))
                return replace(changed, body=body)
        return None
