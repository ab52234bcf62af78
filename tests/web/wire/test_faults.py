"""Faults on the wire, seen by a client that reads bytes from a socket."""

import contextlib
import errno
import json
import select
import socket
import struct
from collections.abc import Iterator
from itertools import count
from typing import Any

import httpx
import pytest

PATIENCE = 5.0  # seconds
NUMBERS = count()
PROMPT = {"prompt": "a red fox"}


class Client:
    """A key of its own, on one server, with raw connections."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.key = f"sk-mock-wire{next(NUMBERS)}"
        host, port = server.address
        self.origin = f"http://{host}:{port}"
        self.control = f"{self.origin}/_mock/accounts/{self.key}"
        self._open: list[socket.socket] = []

    def plan(self, fault: str, **words: Any) -> None:
        """Plan a fault."""
        reply = httpx.post(f"{self.control}/faults", json={"fault": fault, **words})
        assert reply.status_code == 200, reply.text

    def write(self, target: str, body: object = None) -> bytes:
        """A request as bytes."""
        raw = b"" if body is None else json.dumps(body).encode()
        head = (
            f"{'GET' if body is None else 'POST'} {target} HTTP/1.1\r\nHost: 127.0.0.1:8787\r\n"
            f"Authorization: Bearer {self.key}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(raw)}\r\n\r\n"
        )
        return head.encode() + raw

    def connect(self) -> socket.socket:
        """A raw connection."""
        self._open.append(socket.create_connection(self.server.address, timeout=PATIENCE))
        return self._open[-1]

    def submit(self) -> socket.socket:
        """A connection over which a submit was sent."""
        line = self.connect()
        line.sendall(self.write("/gptimage15/api/generate", PROMPT))
        return line

    def list_tasks(self) -> list[Any]:
        """The tasks of the account."""
        rows: list[Any] = httpx.get(f"{self.control}/tasks").json()["tasks"]
        return rows

    def list_faults(self) -> list[str | None]:
        """The faults that the journal tells of."""
        rows = httpx.get(f"{self.control}/requests").json()["requests"]
        return [row["fault"] for row in rows]

    def close(self) -> None:
        """Leave."""
        for line in self._open:
            line.close()


@pytest.fixture(params=["server", "long_server"])
def client(request: pytest.FixtureRequest) -> Iterator[Client]:
    """A client of a server that answers at once, and of one that goes through ASGI."""
    client = Client(request.getfixturevalue(request.param))
    yield client
    client.close()


def read_all(line: socket.socket) -> bytes:
    """Everything up to the end of the connection."""
    found = b""
    while piece := line.recv(65_536):
        found += piece
    return found


def read_one(line: socket.socket) -> tuple[dict[str, str], bytes]:
    """The headers and the body of one answer."""
    found = b""
    while b"\r\n\r\n" not in found:
        found += line.recv(1)
    headers = split(found)[0]
    body = b""
    while len(body) < int(headers["content-length"]):
        body += line.recv(int(headers["content-length"]) - len(body))
    return headers, body


def split(raw: bytes) -> tuple[dict[str, str], bytes]:
    """Headers and body of what came, however much of it."""
    head, _, body = raw.partition(b"\r\n\r\n")
    rows = (row.partition(": ") for row in head.decode().split("\r\n")[1:])
    return {name.lower(): value for name, _, value in rows}, body


def test_a_date_of_its_own_stands_alone(client: Client) -> None:
    """The reply has one header Date: that of the fault, and not the server's as well."""
    client.plan("extra-headers", headers={"Date": "{in -10m}"}, count=1)
    line = client.submit()
    found = b""
    while b"\r\n\r\n" not in found:
        found += line.recv(1)

    dates = [row for row in found.decode().split("\r\n") if row.lower().startswith("date:")]
    assert dates == ["Date: Wed, 31 Dec 2025 23:50:00 GMT"]


def test_a_reset_is_a_tcp_reset(client: Client) -> None:
    """The client's system reports a reset, and not a byte has come; the task was made."""
    client.plan("reset")
    line = client.submit()

    with pytest.raises(ConnectionResetError) as caught:
        line.recv(1)

    assert caught.value.errno == errno.ECONNRESET
    assert len(client.list_tasks()) == 1
    assert client.list_faults() == ["reset"]


def test_a_reset_may_come_before_anything_is_done(client: Client) -> None:
    """The client sees the same, and there is no task."""
    client.plan("reset", takes_effect=False)

    with pytest.raises(ConnectionResetError):
        client.submit().recv(1)

    assert client.list_tasks() == []


def test_a_reset_in_the_middle_of_the_body(client: Client) -> None:
    """The head and a half of the body come, then the reset."""
    client.plan("reset", part=0.5)
    line = client.submit()
    found = b""

    def read() -> None:
        nonlocal found
        while piece := line.recv(1):
            found += piece

    with pytest.raises(ConnectionResetError):
        read()

    headers, body = split(found)
    assert len(body) == int(headers["content-length"]) // 2


def test_an_empty_reply_is_the_end_of_the_connection(client: Client) -> None:
    """The connection is closed in order, without a byte."""
    client.plan("empty-reply")

    assert read_all(client.submit()) == b""
    assert len(client.list_tasks()) == 1


def test_a_body_is_cut(client: Client) -> None:
    """Less comes than the Content-Length says, and the connection is closed in order."""
    client.plan("cut-body", part=0.25)

    headers, body = split(read_all(client.submit()))

    assert 0 < len(body) == int(headers["content-length"]) // 4


@pytest.mark.parametrize("by", [7, -7])
def test_a_wrong_length(client: Client, by: int) -> None:
    """The whole body comes behind a length that is not its own, and then the end."""
    client.plan("wrong-length", by=by)

    headers, body = split(read_all(client.submit()))

    assert json.loads(body)["code"] == 200
    assert int(headers["content-length"]) == len(body) + by


def test_nothing_comes_while_it_hangs(client: Client) -> None:
    """The connection ends without a byte, once the hang does."""
    client.plan("hang", lasts="20ms")

    assert read_all(client.submit()) == b""
    assert client.list_faults() == ["hang"]


def test_a_client_that_leaves_ends_its_hang(client: Client) -> None:
    """The server gives up the connection, and nothing of it stays behind."""
    client.plan("hang")
    line = client.submit()
    line.shutdown(socket.SHUT_WR)

    assert line.recv(1) == b""
    assert client.server.comes_to_rest()


@pytest.mark.parametrize(
    "words",
    [{"fault": "hang"}, {"fault": "latency", "span": "1h"}, {"fault": "drip", "pause": "1h"}],
)
def test_a_client_that_is_gone_leaves_nothing_behind(client: Client, words: dict[str, Any]) -> None:
    """A connection breaks in the middle of a late answer, and the server waits no longer."""
    client.plan(**words)
    line = client.submit()
    assert any(client.list_tasks() for _ in range(1_000))
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    line.close()

    assert client.server.comes_to_rest()


def test_a_client_that_sends_no_more_gets_its_late_answer(client: Client) -> None:
    """Half a connection is enough for an answer, if there will be one."""
    client.plan("latency", span="20ms")
    line = client.submit()
    line.shutdown(socket.SHUT_WR)

    headers, body = split(read_all(line))

    assert len(body) == int(headers["content-length"])


def test_a_body_drips(client: Client) -> None:
    """The head comes first and the body in pieces, which are the whole of it in the end."""
    client.plan("drip", pieces=4, pause="20ms")
    line = client.submit()
    pieces = [line.recv(65_536)]
    headers = split(pieces[0])[0]
    length = int(headers["content-length"])

    while len(split(b"".join(pieces))[1]) < length:
        pieces.append(line.recv(65_536))

    assert len(pieces) > 2
    assert json.loads(split(b"".join(pieces))[1])["code"] == 200


def test_later_answers_wait_behind_a_late_one(client: Client) -> None:
    """Requests that were sent together are answered in their order, over one connection."""
    client.plan("latency", span="20ms", operation="submit", nth=1)
    line = client.connect()
    submit = client.write("/gptimage15/api/generate", PROMPT)
    line.sendall(submit + client.write("/gptimage15/api/status?task_id=no") + submit)

    bodies = [json.loads(read_one(line)[1]) for _ in range(3)]

    assert [body["code"] == 200 for body in bodies] == [True, False, True]
    assert client.list_faults() == ["latency", None, None]
    line.sendall(submit)
    assert json.loads(read_one(line)[1])["code"] == 200, "the connection has ended"


def test_a_fault_reaches_connections_that_are_open_already(client: Client) -> None:
    """What is planned between two requests of a connection acts on the second."""
    line = client.submit()
    read_one(line)
    client.plan("reset")

    line.sendall(client.write("/gptimage15/api/generate", PROMPT))

    with pytest.raises(ConnectionResetError):
        line.recv(1)


def test_nobody_else_meets_a_fault(client: Client) -> None:
    """Another key, the health of the server and control calls are answered as ever."""
    client.plan("reset")
    other = Client(client.server)

    assert json.loads(read_one(other.submit())[1])["code"] == 200
    assert client.server.is_well()
    assert httpx.get(client.control).status_code == 200
    other.close()


@pytest.mark.parametrize("words", [{"fault": "hang"}, {"fault": "latency", "span": "1h"}])
def test_a_server_stops_while_it_hangs(
    serve: Any, caplog: pytest.LogCaptureFixture, words: dict[str, Any]
) -> None:
    """The connection ends without a byte, and nobody complains of anything."""
    server = serve()
    client = Client(server)
    client.plan(**words)
    line = client.submit()
    assert any(client.list_tasks() for _ in range(1_000))

    server.stop()

    with contextlib.suppress(ConnectionResetError):
        assert line.recv(1) == b""
    assert not caplog.records
    client.close()


def test_a_callback_comes_before_the_reply(client: Client) -> None:
    """The receiver is asked while nothing of the reply has come; it comes after the answer."""
    client.plan("callback-too-early")
    with socket.create_server(("127.0.0.1", 0)) as receiver:
        receiver.settimeout(PATIENCE)
        url = f"http://127.0.0.1:{receiver.getsockname()[1]}/hook"
        line = client.connect()
        line.sendall(client.write("/gptimage15/api/generate", {**PROMPT, "callback_url": url}))
        caller, _ = receiver.accept()
        is_answered = select.select([line], [], [], 0)[0]
        caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        body = json.loads(read_one(line)[1])
        caller.close()

    assert not is_answered
    assert body["data"]["task_id"] == client.list_tasks()[0]["id"]


def test_a_download_is_cut(client: Client) -> None:
    """A result file meets what is planned for files: the connection ends before its length."""
    client.plan("cut-body", operation="file", part=0.5)
    read_one(client.submit())
    task = client.list_tasks()[0]["id"]
    line = client.connect()
    line.sendall(client.write(f"/gptimage15/api/status?task_id={task}"))
    found = json.loads(read_one(line)[1])["data"]["response"]
    address = json.loads(found)[0] if isinstance(found, str) else found[0]

    line.sendall(client.write(httpx.URL(address).path))
    headers, body = split(read_all(line))

    assert 0 < len(body) == int(headers["content-length"]) // 2
    assert client.list_faults()[-1] == "cut-body"
