"""Where callbacks may go: loopback, and hosts that were allowed; decided on resolved addresses."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

Resolve = Callable[[str, int], Awaitable[list[str]]]

PORTS: Final = {"http": 80, "https": 443}

# Services that would take a POST for commands of their own; browsers refuse these ports too.
FORBIDDEN_PORTS: Final = frozenset(
    {1, 7, 9, 13, 19, 20, 21, 22, 23, 25, 37, 53, 69, 79, 110, 111, 119, 135, 139, 143, 389, 445}
    | {465, 512, 513, 514, 587, 636, 993, 995, 2049, 3306, 5432, 6379, 9200, 11211, 27017}
)


@dataclass(frozen=True, slots=True)
class Target:
    """A checked place to send a callback to: connect to `address` and nowhere else."""

    scheme: str
    host: str  # as the URL names it, for the Host header and for TLS
    address: str  # the resolved address that was checked
    port: int
    path: str  # with the query

    @property
    def authority(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


class Held(Exception):
    """A callback is held back; the text says why, and which flag would let it go."""


class Targets:
    """The policy of one server."""

    def __init__(
        self,
        allowed: Iterable[str] = (),
        own_ports: Iterable[int] = (),
        resolve: Resolve | None = None,
    ) -> None:
        self._allowed = frozenset(host.lower() for host in allowed)
        self._own_ports = frozenset(own_ports)
        self._resolve = resolve or resolve_host

    async def check(self, url: str) -> Target:
        """The target of a URL; raises Held if nothing may be sent there.

        Unless it was allowed, a host has to be this machine by its very name: nothing foreign is
        even looked up. An allowed name is resolved once, and that address is connected to.
        """
        parts = _split(url)
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        if port in FORBIDDEN_PORTS:
            raise Held(f"port {port} belongs to another protocol than HTTP")
        if host not in self._allowed and not is_local_name(host):
            raise Held(f"{host} is not this machine; allow it with --allow-callback-host {host}")
        addresses = await self._find_addresses(host, port)
        if host not in self._allowed:
            addresses = [address for address in addresses if is_loopback(address)]
            if not addresses:
                raise Held(f"{host} does not lead to this machine")
        if port in self._own_ports and any(is_loopback(address) for address in addresses):
            raise Held("it points at this server itself")
        path = parts.path or "/"
        target = f"{path}?{parts.query}" if parts.query else path
        return Target(parts.scheme, host, addresses[0], port, target)

    async def _find_addresses(self, host: str, port: int) -> list[str]:
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise Held(f"{host} cannot be resolved: {error}") from error
        if not addresses:
            raise Held(f"{host} has no address")
        return addresses


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Held(f"it is no address: {error}") from error
    if any(ord(char) <= 32 or ord(char) == 127 for char in url):
        raise Held("it holds a blank or a control character")
    if parts.scheme not in PORTS:
        raise Held(f"its scheme is {parts.scheme!r}, not http or https")
    if not parts.hostname:
        raise Held("it names no host")
    if parts.username is not None or parts.password is not None:
        raise Held("it holds a user name or a password")
    if port == 0:
        raise Held("its port is 0")
    return parts


def is_local_name(host: str) -> bool:
    """Whether a host means this machine whatever a resolver says."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return is_loopback(host)
    except ValueError:
        return False


def is_loopback(address: str) -> bool:
    """Whether an address is this machine's own, also written as an IPv4-mapped one."""
    found: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return found.is_loopback


async def resolve_host(host: str, port: int) -> list[str]:
    """Every address of a host, as the system knows it; those of IPv4 first."""
    loop = asyncio.get_running_loop()
    rows = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(row[4][0]) for row in sorted(rows, key=lambda row: row[0] != socket.AF_INET)]
