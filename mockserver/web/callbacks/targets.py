"""Where callbacks may go: loopback, and hosts that were allowed; decided on addresses."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

from mockserver.errors import UsageError
from mockserver.web.callbacks.addresses import Address, is_fit, is_own, read_address
from mockserver.web.hosts import parse_host

Resolve = Callable[[str, int], Awaitable[list[str]]]

PORTS: Final = {"http": 80, "https": 443}

# Services that would take a POST for commands of their own; browsers refuse most of them too.
FORBIDDEN_PORTS: Final = frozenset(
    {1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95}
    | {101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179}
    | {389, 427, 445, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587}
    | {601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 2375, 3306, 3659, 4045, 4190}
    | {5060, 5061, 5432, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 9200}
    | {10080, 11211, 27017}
)

# Both, since a receiver that listens on "localhost" may have got either one.
_LOOPBACK: Final = (IPv4Address("127.0.0.1"), IPv6Address("::1"))
_UNRESERVED: Final = "!$%&'()*+,-./:;=?@_~"  # of ASCII, besides letters and digits, in a target


@dataclass(frozen=True, slots=True)
class Target:
    """A checked place to send a callback to: connect to its addresses and nowhere else."""

    scheme: str
    host: str  # as the URL names it, for the Host header and for TLS
    addresses: tuple[str, ...]  # those that were checked, to be tried in this order
    port: int
    path: str  # with the query, in ASCII

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
        self._allowed = frozenset(_read_allowed(host) for host in allowed)
        self._own_ports = frozenset(own_ports)
        self._resolve = resolve or resolve_host

    async def check(self, url: str) -> Target:
        """The target of a URL.

        Unless it was allowed, a host has to be this machine by its very name: nothing foreign is
        even looked up. An allowed name is resolved once, and only what was found is connected to.
        Raises Held if nothing may be sent there, OSError if an allowed name cannot be resolved.
        """
        parts = _split(url)
        host, port = _read_host(parts), parts.port or PORTS[parts.scheme]
        if port in FORBIDDEN_PORTS:
            raise Held(f"port {port} is that of a service which takes no callbacks")
        addresses = await self._find_addresses(host, port)
        if port in self._own_ports and any(is_own(address) for address in addresses):
            raise Held("it points at this server itself")
        path = quote(parts.path or "/", safe=_UNRESERVED)
        query = quote(parts.query, safe=_UNRESERVED)
        target = f"{path}?{query}" if query else path
        return Target(parts.scheme, host, tuple(str(each) for each in addresses), port, target)

    async def _find_addresses(self, host: str, port: int) -> Sequence[Address]:
        literal = read_address(host)
        if is_local_name(host):
            return _LOOPBACK
        if literal is not None and literal.is_loopback:
            return [literal]
        if host not in self._allowed:
            problem = "is neither localhost nor a loopback address such as 127.0.0.1"
            raise Held(f"{host} {problem}; allow it with --allow-callback-host {host}")
        names = await self._resolve(host, port) if literal is None else [host]
        found = (address for name in names if (address := read_address(name)) is not None)
        fit = [address for address in found if is_fit(address)]
        if not fit:
            raise Held(f"{host} has no address that a receiver can have")
        return fit


def _read_allowed(host: str) -> str:
    try:
        return _read_name(host)
    except ValueError as error:
        raise UsageError(
            f"--allow-callback-host {host!r}: {error}; give a name or an address, without scheme, "
            "port or path"
        ) from error


def _split(url: str) -> SplitResult:
    if any(ord(char) <= 32 or ord(char) == 127 for char in url):
        raise Held("it holds a blank or a control character")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Held(f"it is no address: {error}") from error
    if parts.scheme not in PORTS:
        raise Held(f"its scheme is {parts.scheme!r}, not http or https")
    if "@" in parts.netloc:
        raise Held("it holds a user name or a password")
    if port == 0:
        raise Held("its port is 0")
    return parts


def _read_host(parts: SplitResult) -> str:
    try:
        return _read_name(parts.netloc.removesuffix(f":{parts.port}"))
    except ValueError as error:
        raise Held(f"it names no host: {error}") from error


def _read_name(text: str) -> str:
    """A host in lower case and in ASCII, an address without brackets and in its usual form."""
    try:
        name = text.lower() if text.isascii() else text.encode("idna").decode().lower()
    except UnicodeError as error:
        raise ValueError(f"{text!r} is no name of a host") from error
    bare = name.removeprefix("[").removesuffix("]") if ":" in name else name
    address = read_address(bare)
    if address is not None and name in (bare, f"[{bare}]") and "%" not in name:
        return str(address)
    is_resolvable = all(0 < len(label) <= 63 for label in name.removesuffix(".").split("."))
    if parse_host(name) != name or name.startswith("[") or not is_resolvable:
        raise ValueError(f"{text!r} is no name of a host")
    return name


def is_local_name(host: str) -> bool:
    """Whether a name means this machine whatever a resolver says."""
    return host == "localhost" or host.endswith(".localhost")


async def resolve_host(host: str, port: int) -> list[str]:
    """Every address of a host, as the system knows it; those of IPv4 first.

    Raises OSError. The thread that waits for the system is one that no exit waits for.
    """
    loop = asyncio.get_running_loop()
    found: asyncio.Future[list[str]] = loop.create_future()

    def settle(addresses: list[str], error: OSError | None) -> None:
        if error is not None and not found.done():
            found.set_exception(error)
        elif not found.done():
            found.set_result(addresses)

    def look_up() -> None:
        addresses, problem = _look_up(host, port)
        with contextlib.suppress(RuntimeError):  # the loop is closed, so nobody waits any more
            loop.call_soon_threadsafe(settle, addresses, problem)

    threading.Thread(target=look_up, name="callback-host", daemon=True).start()
    return await found


def _look_up(host: str, port: int) -> tuple[list[str], OSError | None]:
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        return [], error
    rows.sort(key=lambda row: row[0] != socket.AF_INET)
    return [str(row[4][0]) for row in rows], None
