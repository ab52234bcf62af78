"""The fault `redirect`."""

from dataclasses import dataclass
from typing import ClassVar, Final

from mockserver.engine.call import Reply
from mockserver.engine.trouble.fault import CALL, FILE, Fault
from mockserver.engine.trouble.plan import Act
from mockserver.engine.visit import Refusal, Visit
from mockserver.faults.setting import HEADER, setting, whole

_STATUSES: Final = (301, 302, 303, 307, 308)


@dataclass(frozen=True)
class Redirect(Fault):
    """The reply sends the client to another address, and the call has no effect."""

    meets: ClassVar = frozenset({CALL, FILE})
    status: int = setting(307, whole(301, 308), "the HTTP status")
    to: str = setting(
        "{files}/elsewhere",
        HEADER,
        "where to; of a call '{files}' is the server of its result files, '{target}' its own path "
        "and query",
    )

    def __post_init__(self) -> None:
        if self.status not in _STATUSES:
            raise ValueError(f"{self.status} is no redirect; use one of {_STATUSES}")

    def refuse(self, visit: Visit, act: Act) -> Refusal:  # noqa: ARG002
        """Do nothing of what the call asks for."""
        return Refusal("server_error")

    def spoil(self, visit: Visit, reply: Reply, act: Act) -> Reply:  # noqa: ARG002
        """Send the client on."""
        to = self.to.replace("{files}", visit.call.origin).replace("{target}", visit.call.target)
        return self._send(to)

    def spoil_file(self, reply: Reply, act: Act) -> Reply | None:  # noqa: ARG002
        """Send a client that fetches a file on, if it can be said where to."""
        return None if "{" in self.to else self._send(self.to)

    def _send(self, to: str) -> Reply:
        return Reply(self.status, b"", "text/plain", (("location", to),))
