"""The fault `wrong-file-type`."""

import base64
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from mockserver.engine.call import Reply
from mockserver.engine.trouble.fault import FILE, Fault
from mockserver.engine.trouble.plan import Act
from mockserver.faults.setting import HEADER, choice, maybe, setting

_PAGE: Final = b"<!DOCTYPE html>\n<html><body><h1>Not found</h1></body></html>\n"
_BODIES: Final = {
    # The smallest GIF: one pixel.
    "gif": base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"),
    "html": _PAGE,
    "json": b'{"error":"internal"}',
    "empty": b"",
}


@dataclass(frozen=True)
class WrongFileType(Fault):
    """The result file is something else than its Content-Type and its address say."""

    meets: ClassVar = frozenset({FILE})
    holds: str = setting("html", choice(*_BODIES), "what it is")
    says: str | None = setting(
        None, maybe(HEADER), "its Content-Type; null: that of the file it should be"
    )

    def spoil_file(self, reply: Reply, act: Act) -> Reply | None:  # noqa: ARG002
        """Give another file."""
        if reply.status != 200:
            return None
        return replace(reply, body=_BODIES[self.holds], media_type=self.says or reply.media_type)
