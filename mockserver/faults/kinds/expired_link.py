"""The fault `expired-link`."""

from dataclasses import dataclass
from typing import ClassVar

import orjson

from mockserver.engine.call import Reply
from mockserver.engine.trouble.fault import FILE, Fault
from mockserver.engine.trouble.plan import Act
from mockserver.faults.setting import STATUS, setting


@dataclass(frozen=True)
class ExpiredLink(Fault):
    """The address of a result file is no longer good."""

    meets: ClassVar = frozenset({FILE})
    status: int = setting(404, STATUS, "the HTTP status")

    def spoil_file(self, reply: Reply, act: Act) -> Reply:  # noqa: ARG002
        """Say that there is no file any more."""
        return Reply(self.status, orjson.dumps({"error": "the address is no longer good"}))
