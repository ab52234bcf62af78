"""Sockets are bound before anything else, and a taken port is told in one line."""

import socket
from collections.abc import Iterator

import pytest

from mockserver.errors import MockServerError, PortInUse, UsageError
from mockserver.server import bind, close, make_room


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def test_port_zero_takes_any_free_port() -> None:
    """Two servers with port 0 get two ports."""
    one, two = bind("127.0.0.1", 0), bind("127.0.0.1", 0)

    ports = {bound.getsockname()[1] for bound in [*one, *two]}
    close([*one, *two])

    assert len(ports) == 2


def test_a_bound_port_already_takes_connections() -> None:
    """Whoever connects while the server loads waits, and is not turned away."""
    (bound,) = bind("127.0.0.1", 0)

    with socket.create_connection(bound.getsockname(), timeout=5):
        close([bound])


def test_by_default_nobody_else_can_connect() -> None:
    """The default address is loopback and nothing more."""
    (bound,) = bind("127.0.0.1", 0)

    address = bound.getsockname()[0]
    close([bound])

    assert address == "127.0.0.1"


def test_localhost_means_both_loopbacks_at_one_port() -> None:
    """A client that tries ::1 first finds the same server there, where IPv6 exists."""
    sockets = bind("localhost", 0)

    ports = {bound.getsockname()[1] for bound in sockets}
    addresses = {bound.getsockname()[0] for bound in sockets}
    close(sockets)

    assert len(ports) == 1
    assert addresses <= {"127.0.0.1", "::1"}


def test_a_taken_port_is_named_with_a_way_out(taken: int) -> None:
    """The complaint names the port and --port 0."""
    with pytest.raises(PortInUse, match=rf"port {taken} is in use.*--port 0"):
        bind("127.0.0.1", taken)


@pytest.mark.parametrize("host", ["203.0.113.1", "no such host", "", "é" * 70, "a" * 300])
def test_an_address_of_another_machine_is_refused(host: str) -> None:
    """An address that is not ours is a wrong flag, not a crash."""
    with pytest.raises(UsageError, match="--host"):
        close(bind(host, 0))


def test_a_port_that_is_taken_on_one_loopback_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that tries ::1 first must not reach another server."""
    both = [(socket.AF_INET, 1, 6, "", ("127.0.0.1", 0)), (socket.AF_INET6, 1, 6, "", ("::1", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    try:
        other = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with other, pytest.raises(PortInUse):
        close(bind("localhost", other.getsockname()[1]))


def test_a_refused_bind_keeps_no_socket(taken: int) -> None:
    """After a failure the other ports are as free as before."""
    with pytest.raises(MockServerError):
        bind("localhost", taken)

    with socket.socket(socket.AF_INET6) as probe:
        if socket.has_ipv6:
            probe.bind(("::1", taken))


@pytest.mark.parametrize(
    ("soft", "hard", "asked", "room"),
    [
        (1_024, 4_096, 2_256, 2_000),
        (1_024, 1_024, 1_024, 768),
        (1_024, -1, 2_256, 2_000),
        (256, 256, 256, 1),
        (20_000, 20_000, None, 2_000),
        (-1, -1, None, 2_000),
    ],
)
def test_connections_leave_room_for_other_files(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, asked: int | None, room: int
) -> None:
    """As many files are asked for as the connections need, and never fewer are left than that."""
    resource = pytest.importorskip("resource")
    set_to: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "RLIM_INFINITY", -1)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: set_to.append(limits))

    assert make_room(2_000) == room
    assert set_to == ([] if asked is None else [(asked, hard)])
