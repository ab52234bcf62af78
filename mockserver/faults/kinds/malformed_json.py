"""The fault `malformed-json`."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.engine.call import Reply
from mockserver.engine.trouble.fault import CALL, Fault
from mockserver.engine.trouble.plan import Act
from mockserver.engine.visit import Visit
from mockserver.faults.setting import choice, setting


@dataclass(frozen=True)
class MalformedJson(Fault):
    """The body of the reply is no JSON, though its head says so."""

    meets: ClassVar = frozenset({CALL})
    how: str = setting(
        "cut", choice("cut", "comma", "quotes"), "cut in the middle, a comma too many, or ' for \""
    )

    def spoil(self, visit: Visit, reply: Reply, act: Act) -> Reply:  # noqa: ARG002
        """Break the body."""
        body = reply.body
        if self.how == "comma":
            body = body[:-1] + b"," + body[-1:]
        elif self.how == "quotes" and b'"' in body:
            body = body.replace(b'"', b"'")
        else:
            body = body[: max(1, len(body) // 2)]
        return replace(reply, body=body)
