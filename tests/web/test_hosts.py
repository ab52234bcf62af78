"""Only names that cannot be pointed at us by a stranger open the door."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.errors import UsageError
from mockserver.web.hosts import Hosts, is_loopback, parse_host

LOOPBACK = [
    "127.0.0.1",
    "127.0.0.1:8787",
    "localhost",
    "LocalHost:80",
    "[::1]",
    "[::1]:1",
    "127.9.9.9",
]
FOREIGN = ["evil.test", "127.0.0.1.nip.io", "localhost.evil", "localhost.", "0x7f.1", "10.0.0.1"]
NO_HOSTS = [
    *["", " ", "a b", "foo?", "foo/x#", "a@b", "127.0.0.1:x", "127.0.0.1:", ":80", "[::1", "::1"],
    *["a, b", "127.0.0.1:123456", "h\x00", "h\r\n", "é", "127.0.0.1\\", "a" * 300],
]


@pytest.mark.parametrize("host", LOOPBACK)
def test_loopback_is_always_admitted(host: str) -> None:
    """Every name of this very machine is served, at any port."""
    name = parse_host(host)

    assert name is not None
    assert Hosts((), beyond_loopback=False).admits(name)


@pytest.mark.parametrize("host", FOREIGN)
def test_foreign_names_are_not_admitted(host: str) -> None:
    """A name that DNS could point at loopback opens nothing."""
    name = parse_host(host)

    assert name is not None
    assert not Hosts(("friend",), beyond_loopback=False).admits(name)


@pytest.mark.parametrize("host", NO_HOSTS)
def test_what_is_no_host_is_told_apart(host: str) -> None:
    """A Host header with anything but a name and a port names no host."""
    assert parse_host(host) is None


@given(st.text(max_size=60))
def test_judging_a_host_never_fails(host: str) -> None:
    """Any text at all is either no host, or a name that is judged; junk is never loopback."""
    name = parse_host(host)

    assert name is None or not is_loopback(name) or name[0] in "l1["


@pytest.mark.parametrize("host", ["http://mock.internal", "mock.internal:80", "mock internal", ""])
def test_an_allowed_host_must_be_a_name(host: str) -> None:
    """What no Host header could ever match is refused rather than kept in vain."""
    with pytest.raises(UsageError, match="--allowed-host"):
        Hosts((host,), beyond_loopback=False)


def test_an_allowed_host_is_admitted_whatever_its_case() -> None:
    """A name from --allowed-host is served."""
    assert Hosts(("Mock.Internal",), beyond_loopback=False).admits("mock.internal")


@pytest.mark.parametrize(("name", "is_admitted"), [("172.17.0.2", True), ("evil.test", False)])
def test_beyond_loopback_addresses_are_names_enough(name: str, is_admitted: bool) -> None:
    """A server for other machines is reached by its address; names still have to be allowed."""
    assert Hosts((), beyond_loopback=True).admits(name) == is_admitted
