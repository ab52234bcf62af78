"""The fault `truncated-file`."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.engine.call import Reply
from mockserver.engine.trouble.fault import FILE, Fault
from mockserver.engine.trouble.plan import Act
from mockserver.faults.setting import PART, setting


@dataclass(frozen=True)
class TruncatedFile(Fault):
    """The result file breaks off, in a reply that is whole: its length is that of the part."""

    meets: ClassVar = frozenset({FILE})
    part: float = setting(0.5, PART, "how much of the file there is")

    def spoil_file(self, reply: Reply, act: Act) -> Reply | None:  # noqa: ARG002
        """Leave the rest out."""
        if reply.status != 200:
            return None
        return replace(reply, body=reply.body[: int(len(reply.body) * self.part)])
