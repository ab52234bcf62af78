import sys
from collections.abc import Callable, Sequence
from typing import Any

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mockserver.contract.model import Contract, Role
from mockserver.engine.call import Call
from mockserver.web.asgi import read_headers
from mockserver.web.calls import Request, read_call
from mockserver.web.routes import Route
from mockserver.web.wire.heads import MAX_KNOWN, MAX_SIZE, Heads

POST = b"POST /a/b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nAccept: */*\r\n\r\n[1]"
GET = b"GET /a/b?id=7 HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n"
PLAIN = b"GET /a/b HTTP/1.1\r\nHost: x\r\n\r\n"
LOWER = POST.replace(b"Content-Length", b"content-length")
CHUNKED = PLAIN[:-2] + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
ODD = POST.replace(b"Content-Length: 3", b"Content-Length:3")
SENT = [POST, GET, PLAIN, LOWER, CHUNKED, ODD]

# What may become of known bytes: other lengths and bodies, ends that come early or late.
PIECES = [
    *[
        b"\r\n",
        b"\n",
        b" ",
        b"?",
        b"#",
        b"3",
        b"03",
        b"12",
        b"abc",
        b"[1]",
        b"\0",
        b"\xff",
        b"HTTP/1.0",
    ],
    *[b"Content-Length: 3\r\n", b"content-length: 0\r\n", b"Host: y\r\n", b"x", GET, POST],
]


Read = Callable[[bytes], Call]


@pytest.fixture(scope="session")
def read(contracts: Sequence[Contract]) -> Read:
    """Reads a call as the parser's way does: a POST is a submit, a GET asks how a task stands."""
    contract = contracts[0]
    submit, inspect = (contract.find_role(role)[0] for role in (Role.SUBMIT, Role.INSPECT))

    def read(data: bytes) -> Call:
        request = Parsed(data).build()
        route = Route(contract, submit if request.method == "POST" else inspect)
        if not route.takes_body:
            request.body = b""
        # Who remembers a head shares its strings with the calls after it: they cost nothing.
        return replace(read_call(route, request), head_size=0)

    return read


class Parsed:
    """What the parser makes of some bytes."""

    def __init__(self, data: bytes) -> None:
        self.url = self.body = b""
        self.pairs: list[tuple[bytes, bytes]] = []
        self.begun = self.ended = 0
        self._parser = httptools.HttpRequestParser(self)
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self.begun += 1

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.pairs.append((name.lower(), value))

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.ended += 1

    def build(self) -> Request:
        path, _, query = self.url.partition(b"?")
        method = self._parser.get_method().decode()
        place, target = path.decode("latin-1"), self.url.decode("latin-1")
        headers = read_headers(self.pairs)
        return Request(method, place, target, query, headers, "http://x", self.body)


def teach(heads: Heads, data: bytes, read: Read) -> None:
    heads.learn(data, read(data))


@st.composite
def draw_alike(draw: Any) -> bytes:
    """Bytes like those that are known: cut, with something put in or taken out."""
    data: bytes = draw(st.sampled_from(SENT))
    for _ in range(draw(st.integers(0, 2))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 4)))
        data = data[:start] + draw(st.sampled_from([b"", *PIECES])) + data[end:]
    return data


@given(data=draw_alike())
def test_what_is_recognised_is_what_the_parser_would_read(data: bytes, read: Read) -> None:
    """Whatever the bytes are, a known head never says anything else than the parser."""
    heads = Heads()
    for sent in SENT:
        teach(heads, sent, read)
    known = heads.recognise(data)

    if known is not None:
        parsed = Parsed(data)
        assert (parsed.begun, parsed.ended) == (1, 1)
        assert known == read(data)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (POST, POST),
        (LOWER, LOWER),
        (POST, POST.replace(b": 3", b": 12").replace(b"[1]", b"%12d" % 7)),
        (GET, GET.replace(b"id=7", b"id=%41&x=?")),
        (PLAIN, PLAIN),
    ],
)
def test_a_head_is_known_again(first: bytes, second: bytes, read: Read) -> None:
    """The same request, one with another body, and one with another query are recognised."""
    heads = Heads()
    teach(heads, first, read)

    assert heads.recognise(second) == read(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (POST, POST[:-1]),
        (POST, POST + b"d"),
        (POST, POST.replace(b"\r\n\r\n[1]", b"\r\n\r\n")),
        (POST, POST.replace(b"/a/b", b"/a/c")),
        (POST, POST.replace(b"Accept", b"accept")),
        (POST, POST.replace(b"Content-Length: 3", b"Content-Length: 03")),
        (GET, GET + GET),
        (GET, GET.replace(b"HTTP/1.1", b"HTTP/1.0")),
        (GET, GET.replace(b"id=7", b"id=7#a")),
        (GET, GET.replace(b"id=7", b"id=\xc3\xa9")),
        (PLAIN, GET),
        (PLAIN, b"GET /a/b\r\nHost: x\r\n\r\n"),
        (CHUNKED, CHUNKED),
        (ODD, ODD),
        (ODD, ODD[:-3]),
    ],
)
def test_any_other_head_is_left_to_the_parser(first: bytes, second: bytes, read: Read) -> None:
    """What differs in a byte, is not whole, or is more than one request is not recognised."""
    heads = Heads()
    teach(heads, first, read)

    assert heads.recognise(second) is None


def test_what_came_with_other_bytes_is_not_learnt(read: Read) -> None:
    """A request whose bytes began before, or go on, tells nothing about a head."""
    heads = Heads()
    heads.learn(GET + GET, read(GET))
    heads.learn(POST[:-1], read(POST))
    heads.learn(POST[:-3], read(POST))
    heads.learn(b"Accept: */*\r\n\r\n", read(GET))

    assert [heads.recognise(data) for data in (GET, POST, POST[:-1], POST[:-3])] == [None] * 4


def test_only_a_few_short_heads_are_kept(read: Read) -> None:
    """A client cannot fill the memory with its headers."""
    heads = Heads()
    long = POST.replace(b"*/*", b"x" * MAX_SIZE)
    teach(heads, long, read)
    assert heads.recognise(long) is None
    several = [POST.replace(b"*/*", b"%d" % number) for number in range(5 * MAX_KNOWN)]
    for data in several:
        teach(heads, data, read)

    known = [data for data in several if heads.recognise(data) is not None]
    assert known == several[-MAX_KNOWN:]


def test_no_body_is_kept_with_a_head(read: Read) -> None:
    """Of the call that taught a head, only what the next ones share stays in memory."""
    heads, call = Heads(), read(POST)
    before = sys.getrefcount(call.raw), sys.getrefcount(call.body)
    heads.learn(POST, call)

    assert (sys.getrefcount(call.raw), sys.getrefcount(call.body)) == before
    assert heads.recognise(POST) == call
