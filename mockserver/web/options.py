"""What the web layer is told: who may reach it, and where it reports what people should see."""

from collections.abc import Callable
from dataclasses import dataclass

from mockserver.web.hosts import is_loopback


def ignore_notice(text: str) -> None:
    """Report nothing."""


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of one server; the defaults are those of a developer's own machine."""

    host: str = "127.0.0.1"  # the address it listens on
    allowed_hosts: tuple[str, ...] = ()
    admin_token: str | None = None  # asked for by the control API if it is set
    callback_hosts: tuple[str, ...] = ()  # that callbacks may go to, besides loopback
    own_ports: frozenset[int] = frozenset()  # that it listens on itself
    notice: Callable[[str], None] = ignore_notice  # takes one line for the log

    @property
    def beyond_loopback(self) -> bool:
        """Whether other machines can reach this server."""
        return not is_loopback(self.host if ":" not in self.host else f"[{self.host}]")
