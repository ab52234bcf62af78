"""What the web layer is told: who may reach it, and where it reports what people should see."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

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
    # Ports of its own that are one provider's alone, who is served at the root there.
    homes: Mapping[int, str] = field(default_factory=dict)
    files_port: int | None = None  # the only one that serves result files, and nothing else

    @property
    def files_origin(self) -> str | None:
        """Where clients are sent for result files; None for where they came to."""
        return None if self.files_port is None else self.write_origin(self.files_port)

    def write_origin(self, port: int) -> str:
        """The address of one of its ports."""
        return f"http://[{self.host}]:{port}" if ":" in self.host else f"http://{self.host}:{port}"

    @property
    def beyond_loopback(self) -> bool:
        """Whether other machines can reach this server."""
        return not is_loopback(self.host if ":" not in self.host else f"[{self.host}]")
