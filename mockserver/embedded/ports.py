"""The ports of a server in this process: one for everything, one per provider."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from socket import socket
from typing import Final

from mockserver.server import bind, close

HOST: Final = "127.0.0.1"


@dataclass(frozen=True)
class Ports:
    """Bound sockets: one for everything, one for each provider, perhaps one for files alone."""

    sockets: Sequence[socket]
    providers: Sequence[str]

    @property
    def numbers(self) -> list[int]:
        """The port of each socket."""
        return [bound.getsockname()[1] for bound in self.sockets]

    @property
    def homes(self) -> dict[int, str]:
        """The ports that belong to one provider, who is served at the root there."""
        return dict(zip(self.numbers[1:], self.providers, strict=False))

    @property
    def files(self) -> int | None:
        """The port for result files alone."""
        return self.numbers[-1] if len(self.sockets) > 1 + len(self.providers) else None

    @property
    def origins(self) -> list[str]:
        """The address of each socket."""
        return [f"http://{HOST}:{number}" for number in self.numbers]


def bind_ports(providers: Iterable[str], undo: ExitStack, *, for_files: bool) -> Ports:
    """Bind free ports, which `undo` gives back; raises UsageError if there are none."""
    names = list(providers)
    sockets: list[socket] = []
    for _ in range(1 + len(names) + for_files):
        (bound,) = bind(HOST, 0)
        undo.callback(close, [bound])
        sockets.append(bound)
    return Ports(sockets, names)
