"""Fetching result files: where it goes, how far it follows, how much it takes."""

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from mockserver.clock import SystemClock
from mockserver.record.exchange import Exchange, Kind
from mockserver.web.recorder.collector import Collector


class Files(BaseHTTPRequestHandler):
    """A file host that redirects, too."""

    seen: list[dict[str, str]]

    def do_GET(self) -> None:
        self.seen.append({name.lower(): value for name, value in self.headers.items()})
        where = {
            "/moved": "/1.png",
            "/away": "http://169.254.169.254/",
            "/loop": "/loop",
            "/astray": "http://[bad",
        }
        to = where.get(self.path)
        self.send_response(302 if to else 404 if self.path == "/gone" else 200)
        if to:
            self.send_header("location", to)
        self.send_header("content-length", "0" if to else "10")
        self.end_headers()
        self.wfile.write(b"" if to else b"0123456789")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def host() -> Iterator[str]:
    """The address of a file host on this machine."""
    Files.seen = []
    server = HTTPServer(("127.0.0.1", 0), Files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def fetch(url: str, *, is_local: bool = True, **given: Any) -> Exchange:
    """Fetch one file."""

    async def run() -> Exchange:
        collector = Collector(SystemClock(), is_local=is_local, **given)
        try:
            return await collector.fetch(url)
        finally:
            await collector.close()

    return asyncio.run(run())


def test_a_file_is_fetched_without_a_key(host: str) -> None:
    """The request says who asks and carries nothing else."""
    found = fetch(f"{host}/1.png")

    assert (found.status, found.response_body, found.error) == (200, b"0123456789", None)
    assert (found.kind, found.url) == (Kind.FILE, f"{host}/1.png")
    assert set(Files.seen[0]) == {"host", "user-agent", "accept"}


def test_redirects_are_followed_as_far_as_they_may(host: str) -> None:
    """The file is recorded under the address that was told; forbidden places and loops end it."""
    names = ("moved", "away", "loop", "astray")
    moved, away, loop, astray = (fetch(f"{host}/{name}") for name in names)

    assert (moved.url, moved.response_body) == (f"{host}/moved", b"0123456789")
    assert [found.error for found in (away, loop, astray)] == ["held"] * 3
    assert "leads on" in loop.notes[0]
    assert "leads on to what is no address" in astray.notes[0]


def test_every_address_of_a_name_is_tried(host: str) -> None:
    """A file host that listens at the second of its addresses is found."""
    port = host.rpartition(":")[2]

    async def resolve(*_: object) -> list[str]:
        return ["127.0.0.9", "127.0.0.1"]

    found = fetch(f"http://files.test:{port}/1.png", resolve=resolve)

    assert (found.status, Files.seen[0]["host"]) == (200, f"files.test:{port}")


def test_a_missing_file_is_an_answer(host: str) -> None:
    """A 404 is recorded like any other status."""
    found = fetch(f"{host}/gone")

    assert (found.status, found.error) == (404, None)


@pytest.mark.parametrize(("limit", "error"), [(10, None), (9, "too-large")])
def test_a_file_has_a_largest_size(host: str, limit: int, error: str | None) -> None:
    """What is larger is not kept, not even in part."""
    found = fetch(f"{host}/1.png", max_bytes=limit)

    assert (found.error, len(found.response_body)) == (error, 0 if error else 10)


@pytest.mark.parametrize("place", ["127.0.0.1", "localhost", "10.0.0.1", "[::1]", "files.test"])
def test_a_live_api_has_no_files_in_this_network(place: str) -> None:
    """An API elsewhere that names an address of this machine, or of its network, gets nothing."""

    async def resolve(name: str, port: int) -> list[str]:
        assert (name, port) == ("files.test", 80)
        return ["192.168.0.7"]

    found = fetch(f"http://{place}/1.png", is_local=False, resolve=resolve)

    assert (found.error, found.status) == ("held", None)
    assert "network of this machine" in found.notes[0]


@pytest.mark.parametrize(
    "url", ["http://", "http://[", "http://a b/", "http://x:0/", "http://ä\0/"]
)
def test_what_is_no_address_is_held(url: str) -> None:
    """Nonsense in a reply is a note, not an exception."""
    assert fetch(url).error == "held"
