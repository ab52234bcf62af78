"""The fault `html-page`."""

from dataclasses import dataclass
from html import escape
from http import HTTPStatus
from typing import ClassVar

from mockserver.engine.call import Reply
from mockserver.engine.trouble.fault import CALL, FILE, Fault
from mockserver.engine.trouble.plan import Act
from mockserver.engine.visit import Refusal, Visit
from mockserver.faults.setting import FLAG, STATUS, setting


@dataclass(frozen=True)
class HtmlPage(Fault):
    """The reply is the HTML error page of a gateway."""

    meets: ClassVar = frozenset({CALL, FILE})
    status: int = setting(502, STATUS, "its HTTP status")
    takes_effect: bool = setting(False, FLAG, "whether the call has reached the provider")

    def refuse(self, visit: Visit, act: Act) -> Refusal | None:  # noqa: ARG002
        """Let nothing reach the provider, unless that is wanted."""
        return None if self.takes_effect else Refusal("server_error")

    def spoil(self, visit: Visit, reply: Reply, act: Act) -> Reply:  # noqa: ARG002
        """Put the page in the place of the reply to a call."""
        return self.spoil_file(reply, act)

    def spoil_file(self, reply: Reply, act: Act) -> Reply:  # noqa: ARG002
        """Put the page in the place of a file."""
        known = {status.value: status.phrase for status in HTTPStatus}
        title = escape(f"{self.status} {known.get(self.status, 'Error')}")
        page = (
            f"<!DOCTYPE html>\n<html><head><title>{title}</title></head>\n"
            f"<body><center><h1>{title}</h1></center><hr><center>gateway</center></body></html>\n"
        )
        return Reply(self.status, page.encode(), "text/html; charset=utf-8")
