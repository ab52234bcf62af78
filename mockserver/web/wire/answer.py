"""An answer of the short way as bytes: status line, headers and body in one piece."""

from typing import Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from mockserver.engine.call import Reply

_JSON: Final = b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%b"

Pairs = list[tuple[bytes, bytes]]


class Defaults:
    """The headers that every answer has; uvicorn makes a new list of them each second."""

    __slots__ = ("_given", "_text")

    def __init__(self) -> None:
        self._given: Pairs | None = None
        self._text = b""

    def write(self, given: Pairs) -> bytes:
        """The headers as lines; the list of the last call is not read again."""
        if given is not self._given:
            self._given = given
            self._text = b"".join(b"%b: %b\r\n" % pair for pair in given)
        return self._text


def write_answer(reply: Reply, defaults: bytes, *, keeps: bool) -> bytes:
    """A reply behind the default headers; `keeps` tells whether the connection goes on."""
    body = reply.body
    if keeps and not reply.headers and reply.media_type == "application/json":
        return STATUS_LINE[reply.status] + defaults + _JSON % (len(body), body)
    return write_head(reply, defaults, len(body), keeps=keeps) + body


def write_head(reply: Reply, defaults: bytes, length: int, *, keeps: bool) -> bytes:
    """The head of a reply whose body is told to be so long."""
    head = [STATUS_LINE[reply.status], defaults]
    headers = [("content-type", reply.media_type), ("content-length", length), *reply.headers]
    head += (f"{name}: {value}\r\n".encode("latin-1") for name, value in headers)
    if not keeps:
        head.append(b"connection: close\r\n")
    return b"".join((*head, b"\r\n"))
