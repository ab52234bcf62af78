"""What a server answers to bytes that no well-behaved client sends."""

import os
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.web.wire.conftest import BuildApp, Serve, Server

HOST = b"Host: 127.0.0.1:8787\r\n"
GET = b"GET /_mock/health HTTP/1.1\r\n"
GOOD = GET + HOST + b"\r\n"
KEY = b"Authorization: Bearer sk-mock-smuggler\r\n"
POST = b"POST /gptimage15/api/generate HTTP/1.1\r\n" + HOST + KEY
JSON = POST + b"Content-Type: application/json\r\n"
CHUNKED = JSON + b"Transfer-Encoding: chunked\r\n\r\n"
BODY = b'{"prompt": "a fox"}'
CHUNK = b"13\r\n" + BODY + b"\r\n"


Table = dict[str, tuple[bytes, list[int]]]


def ask(target: bytes) -> bytes:
    return b"GET " + target + b" HTTP/1.1\r\n" + HOST + b"\r\n"


def ask_with(*fields: bytes) -> bytes:
    return GET + HOST + b"".join(field + b"\r\n" for field in fields) + b"\r\n"


def submit_with(*fields: bytes, body: bytes = BODY) -> bytes:
    return JSON + b"".join(field + b"\r\n" for field in fields) + b"\r\n" + body


def ask_host(host: bytes) -> bytes:
    return GET + b"Host: " + host + b"\r\n\r\n"


# Each with the statuses of the answers. A refusal of the wire ends the connection.
REQUEST_LINES = {
    "empty method": (b" /_mock/health HTTP/1.1\r\n" + HOST + b"\r\n", [400]),
    "small method": (b"get /_mock/health HTTP/1.1\r\n" + HOST + b"\r\n", [400]),
    "unknown method": (b"FOO /_mock/health HTTP/1.1\r\n" + HOST + b"\r\n", [400]),
    "space in front": (b" " + GOOD, [400]),
    "tabs between": (GOOD.replace(b" ", b"\t", 2), [400]),
    "space behind": (b"GET /_mock/health HTTP/1.1 \r\n" + HOST + b"\r\n", [400]),
    "space within": (ask(b"/_mock /health"), [400]),
    "no version": (b"GET /_mock/health\r\n\r\n", [400]),
    "HTTP/0.9": (GOOD.replace(b"1.1", b"0.9", 1), [400]),
    "HTTP/1.2": (GOOD.replace(b"1.1", b"1.2", 1), [400]),
    "HTTP/2.0": (GOOD.replace(b"1.1", b"2.0", 1), [400]),
    "HTTP/2.0 to a provider": (
        submit_with(b"Content-Length: 19").replace(b"1.1", b"2.0", 1),
        [400],
    ),
    "HTTP/11": (GOOD.replace(b"1.1", b"11", 1), [400]),
    "small protocol": (GOOD.replace(b"HTTP", b"http", 1), [400]),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400]),
    "TLS hello": (bytes([22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3]) + bytes(194), [400]),
    "CONNECT": (b"CONNECT 127.0.0.1:80 HTTP/1.1\r\n" + HOST + b"\r\n", [400]),
    "CONNECT of a path": (b"CONNECT / HTTP/1.1\r\n" + HOST + b"\r\n", [400]),
    "absolute form": (ask(b"http://127.0.0.1:8787/_mock/health"), [200]),
    "absolute form of another host": (ask(b"http://evil.test/_mock/health"), [400]),
    "absolute form with a user": (ask(b"http://me@127.0.0.1:8787/_mock/health"), [400]),
    "absolute form without a path": (ask(b"http://127.0.0.1:8787"), [400]),
    "absolute form of another scheme": (ask(b"file:///etc/passwd"), [400]),
    "no slash in front": (ask(b"_mock/health"), [400]),
    "query only": (ask(b"?x=1"), [400]),
    "asterisk": (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", [404]),
    "fragment": (ask(b"/_mock/health#x"), [400]),
    "fragment behind a query": (ask(b"/gptimage15/api/status?task_id=1#x"), [400]),
    "NUL in the path": (ask(b"/_mock\0/health"), [400]),
    "bytes above ASCII": (ask(b"/_mock/\xff"), [400]),
}
PATHS = {
    "%00": (ask(b"/%00"), [404]),
    "%ff": (ask(b"/%ff"), [404]),
    "%": (ask(b"/%"), [404]),
    "%zz": (ask(b"/%zz"), [404]),
    "%0d%0a": (ask(b"/a%0d%0aX:%20y"), [404]),
    "two slashes": (ask(b"//_mock/health"), [404]),
    "two slashes and a host": (ask(b"//evil.test/_mock/health"), [404]),
    "dots": (ask(b"/_files/../_mock/health"), [404]),
    "encoded dots": (ask(b"/_files/%2e%2e/_mock/health"), [404]),
    "encoded slash": (ask(b"/_files/a%2fb%2f..%2f..%2fpasswd"), [404]),
    "backslashes": (ask(b"/_files/..\\..\\passwd"), [404]),
    "%00 in a file's path": (ask(b"/_files/a/b/c/1.png%00"), [404]),
    "60 KiB": (ask(b"/" + b"a" * 60 * 1024), [404]),
    "200 KiB": (ask(b"/" + b"a" * 200 * 1024), [431]),
    "query of 60 KiB": (ask(b"/gptimage15/api/status?task_id=" + b"a" * 60 * 1024), [401]),
    "query of bytes above ASCII": (ask(b"/gptimage15/api/status?task_id=\xff"), [400]),
}
HEADERS = {
    "space in a name": (ask_with(b"X y: a"), [400]),
    "space in front of the colon": (ask_with(b"X : a"), [400]),
    "no colon": (ask_with(b"X"), [400]),
    "no name": (ask_with(b": a"), [400]),
    "no value": (ask_with(b"X:"), [200]),
    "name above ASCII": (ask_with(b"\xff: a"), [400]),
    "value above ASCII": (ask_with(b"X: \xff"), [200]),
    "NUL": (ask_with(b"X: a\0b"), [400]),
    "control character": (ask_with(b"X: \x01"), [400]),
    "DEL": (ask_with(b"X: \x7f"), [400]),
    "bare CR": (ask_with(b"X: a\rb"), [400]),
    "bare LF": (GOOD.replace(b"\r\n", b"\n"), [400]),
    "bare LF behind the request line": (GOOD.replace(b"\r\n", b"\n", 1), [400]),
    "bare LF at the end": (GOOD[:-2] + b"\n", [400]),
    "folded": (ask_with(b"X: a", b" b"), [400]),
    "folded at once": (GET + b" X: a\r\n" + HOST + b"\r\n", [400]),
    "value of 63 KiB": (ask_with(b"X: " + b"a" * 63 * 1024), [200]),
    "value of 64 KiB": (ask_with(b"X: " + b"a" * 64 * 1024), [431]),
    "value of 4 MiB": (ask_with(b"X: " + b"a" * 4 * 1024 * 1024), [431]),
    "name of 64 KiB": (ask_with(b"X" * 64 * 1024 + b": a"), [431]),
    "100 headers": (ask_with(*[b"X: a"] * 99), [200]),
    "101 headers": (ask_with(*[b"X: a"] * 100), [431]),
    "5,000 headers": (ask_with(*[b"X: a"] * 5_000), [431]),
    "100,000 headers": (ask_with(*[b"X: a"] * 100_000), [431]),
    "no Host": (GET + b"\r\n", [400]),
    "no Host in HTTP/1.0": (GET.replace(b"1.1", b"1.0") + b"\r\n", [400]),
    "two Hosts": (GET + HOST + HOST + b"\r\n", [400]),
    "two different Hosts": (GET + HOST + b"Host: evil.test\r\n\r\n", [400]),
    "absolute form and two Hosts": (
        b"GET http://127.0.0.1:8787/_mock/health HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
        [400],
    ),
}
BODIES = {
    "length +19": (submit_with(b"Content-Length: +19"), [400]),
    "length 1_9": (submit_with(b"Content-Length: 1_9"), [400]),
    "length -19": (submit_with(b"Content-Length: -19"), [400]),
    "length 0x13": (submit_with(b"Content-Length: 0x13"), [400]),
    "length 19.0": (submit_with(b"Content-Length: 19.0"), [400]),
    "length of 40 digits": (submit_with(b"Content-Length: " + b"9" * 40), [400]),
    "length 2 to the power of 64": (submit_with(b"Content-Length: 18446744073709551616"), [400]),
    "length 19 19": (submit_with(b"Content-Length: 19 19"), [400]),
    "length 19, 19": (submit_with(b"Content-Length: 19, 19"), [400]),
    "empty length": (submit_with(b"Content-Length:"), [400]),
    "no length": (submit_with(b"X: y"), [400, 400]),
    "two lengths": (submit_with(b"Content-Length: 19", b"Content-Length: 20"), [400]),
    "one length twice": (submit_with(b"Content-Length: 19", b"Content-Length: 19"), [400]),
    "length and chunks": (submit_with(b"Content-Length: 4", b"Transfer-Encoding: chunked"), [400]),
    "chunks and length": (submit_with(b"Transfer-Encoding: chunked", b"Content-Length: 4"), [400]),
    "xchunked": (submit_with(b"Transfer-Encoding: xchunked"), [400]),
    "identity": (submit_with(b"Transfer-Encoding: identity"), [400]),
    "gzip, chunked": (submit_with(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"), [400]),
    "chunked, gzip": (submit_with(b"Transfer-Encoding: chunked, gzip"), [400]),
    "chunked twice": (submit_with(*[b"Transfer-Encoding: chunked"] * 2), [400]),
    "chunked behind VT": (submit_with(b"Transfer-Encoding: \x0bchunked"), [400]),
    "chunks in HTTP/1.0": ((CHUNKED + CHUNK + b"0\r\n\r\n").replace(b"1.1", b"1.0", 1), [400]),
    "chunk size 0x13": (CHUNKED + b"0x" + CHUNK, [400]),
    "chunk size +13": (CHUNKED + b"+" + CHUNK, [400]),
    "chunk size -13": (CHUNKED + b"-" + CHUNK, [400]),
    "chunk size with a space": (CHUNKED + b"13 \r\n" + BODY, [400]),
    "chunk size of 40 digits": (CHUNKED + b"f" * 40 + b"\r\n", [400]),
    "no chunk size": (CHUNKED + b"\r\n" + BODY, [400]),
    "chunk too short": (CHUNKED + b"12\r\n" + BODY + b"\r\n", [400]),
    "chunk too long": (CHUNKED + b"14\r\n" + BODY + b"\r\n0\r\n\r\n", [400]),
    "letters for the end of a chunk": (CHUNKED + b"13\r\n" + BODY + b"XX0\r\n\r\n", [400]),
    "LF behind a chunk size": (CHUNKED + b"13\n" + BODY + b"\r\n", [400]),
    "LF behind a chunk": (CHUNKED + b"13\r\n" + BODY + b"\n0\r\n\r\n", [400]),
    "LF in an extension": (CHUNKED + b"13;\n" + BODY + b"\r\n0\r\n\r\n", [400]),
    "trailer without a colon": (CHUNKED + CHUNK + b"0\r\nX\r\n\r\n", [400]),
}
# Where the parser is kinder than RFC 9112 and nothing has two meanings.
LENIENT = {
    "two spaces": (GOOD.replace(b" ", b"  ", 1), [200]),
    "empty lines in front": (b"\r\n\r\n" + GOOD, [200]),
    "length 00019": (submit_with(b"Content-Length: 00019"), [200]),
    "length between tabs": (submit_with(b"Content-Length:\t19\t"), [200]),
    "chunk extension": (CHUNKED + b"13;a=b\r\n" + BODY + b"\r\n0\r\n\r\n", [200]),
    "chunked in capitals": (
        submit_with(b"Transfer-Encoding: CHUNKED", body=CHUNK) + b"0\r\n\r\n",
        [200],
    ),
    "chunk size with zeros": (CHUNKED + b"000" + CHUNK + b"0\r\n\r\n", [200]),
    "trailer": (CHUNKED + CHUNK + b"0\r\nX: y\r\n\r\n", [200]),
    "HTTP/1.0": (GOOD.replace(b"1.1", b"1.0", 1), [200]),
    "unusual method": (b"PROPFIND /_mock/health HTTP/1.1\r\n" + HOST + b"\r\n", [405]),
}
# Clients that leave in the middle get nothing.
CUT_OFF: Table = {
    "nothing": (b"", []),
    "half a line": (b"GET /_mock", []),
    "half a head": (GET + HOST, []),
    "half a body": (submit_with(b"Content-Length: 20"), []),
    "half a chunk": (CHUNKED + b"13\r\n" + BODY[:5], []),
    "no last chunk": (CHUNKED + CHUNK, []),
}
TABLE = REQUEST_LINES | PATHS | HEADERS | BODIES | LENIENT | CUT_OFF

FOREIGN = [
    *[b"evil.test", b"127.0.0.1.nip.io", b"localhost.evil", b"localhost.", b"169.254.169.254"],
    *[b"0.0.0.0", b"[::2]", b"2130706433", b"0x7f.1", b"xn--lcalhost-54a"],
]
NO_HOSTS = [
    *[b"", b"foo?", b"foo/x#", b"me@127.0.0.1", b"127.0.0.1 x", b"127.0.0.1, evil.test", b"[::1"],
    *[b"127.0.0.1:x", b"127.0.0.1:123456", b"localhost/_mock", b"\xe4.test", b"a" * 300, b"*"],
]

# What stands in front of a second request so that two parsers might not agree where it begins.
DISGUISES = {
    "length and chunks": JSON + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": JSON + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": JSON + b"Content-Length: 0\r\nContent-Length: 999\r\n\r\n",
    "length 0x0": JSON + b"Content-Length: 0x0\r\n\r\n",
    "xchunked": JSON + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked in HTTP/1.0": CHUNKED.replace(b"1.1", b"1.0", 1) + b"0\r\n\r\n",
    "gzip, chunked": JSON + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "space in front of the colon": JSON + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "folded": JSON + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "letters behind a chunk": CHUNKED + CHUNK[:-2] + b"XX0\r\n\r\n",
}


# Calls with the heads of the table, so that a server which knows heads knows them.
KNOWN = [ask(b"/gptimage15/api/status?task_id=1"), submit_with(b"Content-Length: 19")] * 2


def list_cases(table: Table) -> list[object]:
    return [pytest.param(*row, id=name) for name, row in table.items()]


@pytest.mark.parametrize("front", [[], KNOWN], ids=["new", "known"])
@pytest.mark.parametrize(("payload", "statuses"), list_cases(TABLE))
def test_each_payload_gets_its_answer(
    server: "Server", front: list[bytes], payload: bytes, statuses: list[int]
) -> None:
    """Strange bytes get the status of the table and nothing behind it; then all goes on."""
    with server.connect() as line:
        for request in front:
            assert line.ask(request).status in {200, 401}
        line.send(payload)
        answers = [line.read() for _ in statuses]
        rest = line.end().read_rest()

    assert [answer.status for answer in answers] == statuses
    assert rest == b""
    assert all(answer.closes for answer in answers[-1:] if answer.status in {400, 431})
    assert server.is_well()


@pytest.mark.parametrize("host", FOREIGN, ids=repr)
def test_a_foreign_host_opens_nothing(server: "Server", host: bytes) -> None:
    """A name or an address that is not ours is misdirected."""
    with server.connect() as line:
        assert line.ask(ask_host(host)).status == 421
    assert server.is_well()


@pytest.mark.parametrize("host", NO_HOSTS, ids=repr)
def test_what_is_no_host_is_refused(server: "Server", host: bytes) -> None:
    """A Host header that names no host is a bad request."""
    with server.connect() as line:
        answer = line.ask(ask_host(host))
        assert line.read_rest() == b""

    assert (answer.status, answer.closes) == (400, True)
    assert server.is_well()


@pytest.mark.parametrize("disguise", DISGUISES.values(), ids=DISGUISES)
def test_a_second_request_in_disguise_is_never_answered(server: "Server", disguise: bytes) -> None:
    """If one parser may see one request where another sees two, the first is refused."""
    hidden = b"GET /gptimage15/hidden HTTP/1.1\r\n" + HOST + KEY + b"\r\n"
    with server.connect() as line:
        answer = line.ask(disguise + hidden)
        rest = line.end().read_rest()

    assert (answer.status, answer.closes, rest) == (400, True, b"")
    targets = [entry.target for entry in server.app.engine.strays.entries]
    assert "/gptimage15/hidden" not in targets


def test_tls_is_noticed(serve: "Serve", build_emulator: "BuildApp") -> None:
    """A client that was given an https address can show nobody why it fails: the log says it."""
    notices: list[str] = []
    server = serve(build_emulator(notice=notices.append))
    context = ssl.create_default_context()
    with pytest.raises(ssl.SSLError), server.connect() as line:
        context.wrap_socket(line.socket, server_hostname="127.0.0.1")

    assert notices == ["somebody speaks TLS to this port; use http://"]
    with server.connect() as line:
        assert line.ask(b"\x00\x01\x02").status == 400
    assert len(notices) == 1


def test_no_path_leaves_the_file_store(server: "Server", tmp_path: Path) -> None:
    """Whatever a path says, no file of this machine is served."""
    canary = tmp_path / "canary.png"
    canary.write_bytes(b"canary")
    places = [os.fspath(canary), os.path.relpath(canary), f"..{canary}", f"/..//{canary}"]
    dots = [
        "../",
        "%2e%2e/",
        "..%2f",
        "%2e%2e%2f",
        "%252e%252e/",
        "..%00/",
        "..;/",
        "%c0%ae%c0%ae/",
    ]
    targets = [f"/_files/{place}" for place in places]
    targets += [f"/_files/a/b/c/{up * 12}{os.fspath(canary)[1:]}" for up in dots]

    with server.connect() as line:
        answers = [line.ask(ask(target.encode())) for target in targets]

    assert {answer.status for answer in answers} == {404}
    assert not any(b"canary.png" in answer.body or answer.body == b"canary" for answer in answers)


def test_an_unknown_upgrade_is_passed_over(server: "Server") -> None:
    """A client that offers HTTP/2 or a WebSocket is answered as if it had not, body included."""
    offer = [b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk"]
    socket = [b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13"]
    submit = submit_with(*offer, b"Content-Length: 19")
    with server.connect() as line:
        line.send(submit + ask_with(*offer) + ask_with(*socket), submit[:-5], submit[-5:])
        answers = [line.read() for _ in range(4)]
        rest = line.end().read_rest()

    assert [answer.status for answer in answers] == [200, 200, 200, 200]
    assert [b"task_id" in answer.body for answer in answers] == [True, False, False, True]
    assert rest == b""
