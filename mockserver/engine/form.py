"""A form: a shape made ready to be filled with facts."""

from typing import Final

import orjson

from mockserver.contract.facts import Facts
from mockserver.contract.leaf import MISSING
from mockserver.contract.shape import Shape
from mockserver.engine.call import Reply
from mockserver.engine.facts import TASK_FACTS, Scene
from mockserver.engine.packing import pack

_SOME_ID: Final = "[the id of a task]"
_STEADY: Final = TASK_FACTS.keys() | {"reply.code"}


class Form:
    """One shape of a contract, with the finders of the facts that it needs."""

    __slots__ = (
        "_code",
        "_finders",
        "_headers",
        "_media_type",
        "_render",
        "_statuses",
        "is_steady",
        "needs",
        "pieces",
        "shape",
    )

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.needs = shape.needs
        # Whether all of it is about a task on one step of its timeline, and so stays the same.
        self.is_steady = not shape.headers and shape.needs <= _STEADY
        self._render = shape.render
        self._media_type = shape.media_type
        self._headers = tuple((name, x.render) for name, x in shape.header_lenses.items())
        code = shape.code
        self._code = (code or shape.status) if "reply.code" in shape.needs else None
        # By an account's wish for HTTP statuses: none, the code in the body only, or both.
        self._statuses = {
            None: shape.status,
            "envelope": shape.status if code is None else 200,
            "code": code if code is not None and 200 <= code <= 599 else shape.status,
        }
        self._finders = tuple(
            (name, find) for name, find in TASK_FACTS.items() if name in shape.needs
        )
        # The body without the id of a task, if that is all that it needs.
        self.pieces = self._cut() if self.is_steady and shape.needs == {"task.id"} else []

    def fill(self, facts: Facts, scene: Scene | None, http_status: str | None) -> Reply:
        """The reply: the given facts, and those of a task where there is one."""
        if scene is not None:
            for name, find in self._finders:
                value = find(scene)
                if value is not None:
                    facts[name] = value
        if self._code is not None:
            facts["reply.code"] = self._code
        body = pack(self._render(facts))
        headers = self._fill_headers(facts) if self._headers else ()
        return Reply(self._statuses[http_status], body, self._media_type, headers)

    def name(self, task_id: str, http_status: str | None) -> Reply:
        """The reply of a form in pieces, which needs nothing but the id of a task."""
        body = orjson.dumps(task_id).join(self.pieces)
        return Reply(self._statuses[http_status], body, self._media_type)

    def repeat(self, body: bytes, http_status: str | None) -> Reply:
        """The reply of a steady form with the body that it was filled with before."""
        return Reply(self._statuses[http_status], body, self._media_type)

    def _cut(self) -> list[bytes]:
        """The body cut where the id of a task belongs, if nothing else is to be filled in."""
        body = orjson.dumps(self._render({"task.id": _SOME_ID}))
        pieces = body.split(orjson.dumps(_SOME_ID))
        # It may stand elsewhere, too, within a text.
        return [] if any(_SOME_ID.encode() in piece for piece in pieces) else pieces

    def _fill_headers(self, facts: Facts) -> tuple[tuple[str, str], ...]:
        """The headers that are not empty."""
        filled = ((name, render(facts)) for name, render in self._headers)
        return tuple((name, str(value)) for name, value in filled if value is not MISSING)
