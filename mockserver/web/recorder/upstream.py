"""The live API behind a recorder: requests go there as they came, errors get a name."""

import socket
import ssl
from collections.abc import AsyncIterator, Iterable
from typing import Final
from urllib.parse import urlsplit

import httpx

from mockserver.errors import UsageError
from mockserver.record.exchange import Headers, find_header
from mockserver.web.hosts import is_loopback

Pairs = Iterable[tuple[str, str]]

TIMEOUT: Final = httpx.Timeout(120.0, connect=15.0)  # seconds between two signs of life
HOP_BY_HOP: Final = frozenset(
    {
        *("connection", "keep-alive", "proxy-connection", "proxy-authenticate"),
        *("proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade", "expect"),
    }
)
CODINGS: Final = ("gzip", "deflate")  # of bodies that can be looked into for secrets


class Upstream:
    """One base address. Nothing is followed, nothing tried twice, no cookie kept."""

    def __init__(self, url: str) -> None:
        host = check_address("--upstream", url)
        self.url = url.rstrip("/")
        self.is_local = is_loopback(f"[{host}]" if ":" in host else host)
        self._base = httpx.URL(self.url)
        self.host = self._base.netloc.decode("ascii")  # as the Host header has it
        # A proxy of the environment is for the world outside, not for this machine.
        self._client = httpx.AsyncClient(trust_env=not self.is_local)

    def write_url(self, target: str) -> str:
        """The address of a path with its query."""
        return self.url + target

    async def send(
        self, method: str, target: str, headers: Pairs, content: bytes | AsyncIterator[bytes]
    ) -> httpx.Response:
        """The head of the answer; its body is still to be read. Raises httpx.TransportError."""
        path = self._base.raw_path.rstrip(b"/") + target.encode("latin-1")
        request = httpx.Request(
            method,
            self._base.copy_with(raw_path=path),
            headers=list(list_forwarded(headers)),
            content=content,
            extensions={"timeout": TIMEOUT.as_dict()},
        )
        return await self._client.send(request, stream=True)

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()


def check_address(flag: str, url: str) -> str:
    """The host in a base address; raises UsageError if it is none, or holds a password."""
    try:
        parts = urlsplit(url)
        host, is_one = parts.hostname, parts.scheme in ("http", "https") and not parts.query
    except ValueError:
        host, is_one, parts = None, False, urlsplit("")
    if parts.username or parts.password:
        raise UsageError(f"{flag} holds a password; keys are sent by the client")
    if not host or not is_one:
        raise UsageError(f"{flag} {url}: write a base address such as https://api.host.test")
    return host


def list_forwarded(headers: Pairs) -> Iterable[tuple[str, str]]:
    """The headers that go on: not those of this connection, no coding that cannot be undone."""
    for name, value in headers:
        lower = name.lower()
        if lower == "accept-encoding":
            wanted = [each for each in CODINGS if each in value.lower()]
            yield name, ", ".join(wanted) or "identity"
        elif lower != "host" and lower not in HOP_BY_HOP:
            yield name, value


def read_headers(response: httpx.Response) -> Headers:
    """The headers of an answer in their order, as they were spelled."""
    return tuple(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw
    )


def name_error(error: Exception) -> str:
    """One word for what kept an answer from coming."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, socket.gaierror):
            return "unresolved"
        if isinstance(cause, ssl.SSLError):
            return "tls"
        if isinstance(cause, ConnectionRefusedError):
            return "refused"
        if isinstance(cause, ConnectionResetError | BrokenPipeError):
            return "reset"
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return "timeout"
    if isinstance(error, httpx.ProtocolError):
        return "closed" if "disconnected" in str(error) or "closed" in str(error) else "broken"
    return "refused" if isinstance(error, httpx.ConnectError) else "reset"


def unpack(headers: Headers, raw: bytes) -> bytes:
    """A body before its content coding; as it is if the coding is unknown or broken."""
    coding = find_header(headers, "content-encoding")
    if not raw or coding is None:
        return raw
    try:
        return httpx.Response(200, headers=[("content-encoding", coding)], content=raw).content
    except httpx.DecodingError:
        return raw
