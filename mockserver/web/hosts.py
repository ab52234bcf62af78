"""Host names: which ones this server answers to, so that no foreign page can reach it by a name."""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final

from mockserver.errors import UsageError

_HOST: Final = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(?::\d{1,5})?", re.ASCII)
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})


def parse_host(host: str) -> str | None:
    """The name in a Host header in lower case, without its port; None if it is no host."""
    match = _HOST.fullmatch(host.lower())
    return match[1] if match else None


def parse_port(host: str) -> int | None:
    """The port in a Host header that names a host; None if it has none."""
    digits = host.rpartition("]")[2].rpartition(":")[2] if ":" in host else ""
    return int(digits) if digits.isdecimal() else None


def is_loopback(name: str) -> bool:
    """Whether a name means this machine whatever a resolver says: localhost, 127.*, ::1."""
    return name in _LOOPBACK or _is_address(name, of_loopback=True)


class Hosts:
    """The names that a server answers to; every other one is foreign.

    Raises UsageError for an allowed name that no Host header can have.
    """

    def __init__(self, allowed: Iterable[str], *, beyond_loopback: bool) -> None:
        self._allowed = frozenset(map(_read_allowed, allowed))
        self._beyond_loopback = beyond_loopback

    def admits(self, name: str) -> bool:
        """Whether everything, the control API included, is served under a name."""
        if is_loopback(name) or name in self._allowed:
            return True
        # Whoever listens beyond loopback is reached by its address, and no DNS answer can point
        # an address elsewhere. On loopback no honest request carries a foreign address.
        return self._beyond_loopback and _is_address(name, of_loopback=False)


def _read_allowed(text: str) -> str:
    """A name from --allowed-host, as a Host header has it without its port."""
    name = text.lower()
    if parse_host(name) != name:
        problem = f"--allowed-host {text!r} is no name of a host"
        raise UsageError(f"{problem}; give a name or an address, without scheme, port or path")
    return name


def _is_address(name: str, *, of_loopback: bool) -> bool:
    try:
        address = ip_address(name.strip("[]"))
    except ValueError:
        return False
    return address.is_loopback or not of_loopback
