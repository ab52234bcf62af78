"""Checks of a request's head beyond the parser's: ambiguity, smuggling, foreign addresses."""

from typing import Final
from urllib.parse import urlsplit

from httptools import HttpRequestParser

from mockserver.engine.call import Reply
from mockserver.web.asgi import build_error

Pairs = list[tuple[bytes, bytes]]

NO_ADDRESS: Final = build_error(400, "the address of the request cannot be read")
LATE: Final = build_error(408, "the request did not come to its end in time")
LONG_BODY: Final = build_error(413, "the body is far too long")
FAILURE: Final = Reply(500, b"Internal Server Error", "text/plain; charset=utf-8")
FULL: Final = build_error(503, "too many connections are open", "come again in a second")
FULL.headers = (("retry-after", "1"),)


class HeadRefused(Exception):
    """Ends a connection with a last answer, from within the parser's callbacks."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def check_count(pairs: Pairs, most: int) -> None:
    """Raise HeadRefused if there are more headers than may be."""
    if len(pairs) > most:
        raise HeadRefused(build_error(431, f"the request has more than {most} headers"))


def check_head(parser: HttpRequestParser, url: bytes, pairs: Pairs) -> bytes | None:
    """A head without its offer to change the protocol, if it has one.

    Raises HeadRefused for a flaw.
    """
    method, version = parser.get_method(), parser.get_http_version()
    flaw = find_flaw(version, method, url, pairs)
    if flaw is not None:
        raise HeadRefused(build_error(400, flaw))
    return write_again(method, url, version, pairs) if parser.should_upgrade() else None


def find_flaw(version: str, method: bytes, url: bytes, pairs: Pairs) -> str | None:
    """What has two meanings, or none here; None if all is well."""
    if version not in {"1.0", "1.1"}:
        return f"HTTP/{version} is not spoken here; HTTP/1.1 and HTTP/1.0 are"
    codings = [value for name, value in pairs if name == b"transfer-encoding"]
    if codings and version == "1.0":
        return "HTTP/1.0 knows no Transfer-Encoding; send a Content-Length"
    if codings and b",".join(codings).lower() != b"chunked":
        return "the Transfer-Encoding is not understood; chunked is"
    if method == b"CONNECT":
        return "this is no proxy"
    if b"#" in url:
        return "the address has a fragment; that is for the client alone"
    return None if url.startswith(b"/") or url == b"*" else _find_foreign_part(url, pairs)


def _find_foreign_part(url: bytes, pairs: Pairs) -> str | None:
    """An address with a host in it must name the one of the Host header, and a path."""
    try:
        address = urlsplit(url)
    except ValueError:
        return "the address cannot be read"
    if address.scheme not in {b"http", b"https"} or not address.path.startswith(b"/"):
        return "the address has no path; begin it with a slash"
    if [address.netloc.lower()] != [value.lower() for name, value in pairs if name == b"host"]:
        return "the address and the Host header name two hosts"
    return None


def write_again(method: bytes, url: bytes, version: str, headers: Pairs) -> bytes:
    """A request's head without its offer to change the protocol."""
    lines = [b"%s %s HTTP/%s" % (method, url, version.encode("ascii"))]
    lines += (b"%s: %s" % pair for pair in headers if pair[0] != b"upgrade")
    return b"\r\n".join((*lines, b"", b""))


class IgnoredHeaders(Pairs):
    """Headers behind a body: what mattered was said in front of it."""

    def append(self, pair: tuple[bytes, bytes]) -> None:
        """Keep nothing."""


IGNORED: Final = IgnoredHeaders()
