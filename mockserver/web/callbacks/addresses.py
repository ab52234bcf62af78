"""Addresses of the network: whose they are, and which ones nobody should be sent to."""

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

Address = IPv4Address | IPv6Address

# In IPv6 only what is known to lead to one machine: global, private, and this very one.
_FIT: Final = [IPv6Network(text) for text in ("2000::/3", "fc00::/7", "::1/128")]
_NO_MACHINE: Final = IPv4Network("0.0.0.0/8")
_NAT64: Final = IPv6Network("64:ff9b::/96")


def read_address(text: str) -> Address | None:
    """The address that a text is, if it is one, and as IPv4 if it is only mapped into IPv6."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def is_fit(address: Address) -> bool:
    """Whether an address is one of a machine that may be meant.

    Unfit are those of no machine or of many (0.0.0.0, multicast, broadcast), those of the link,
    under which clouds keep their secrets (169.254.169.254), and IPv6 addresses that hide one of
    IPv4 which is not public.
    """
    if isinstance(address, IPv4Address):
        return not (
            address in _NO_MACHINE
            or address.is_multicast
            or address.is_reserved
            or address.is_link_local
        )
    hidden = _find_hidden(address)
    if hidden is not None:
        return is_fit(hidden) and not hidden.is_private
    return any(address in network for network in _FIT)


def is_own(address: Address) -> bool:
    """Whether an address is this machine's: only its own can be bound to."""
    if address.is_loopback:
        return True
    family = socket.AF_INET if isinstance(address, IPv4Address) else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(address), 0))
        except OSError:
            return False
    return True


def _find_hidden(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address to which an IPv6 one is translated on the way."""
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    return IPv4Address(address.packed[-4:]) if address in _NAT64 else None
