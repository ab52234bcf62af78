"""The recording proxy between a client and an API that listens: our own emulator, or a rude one."""

import contextlib
import gzip
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from math import inf
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver.clock import SystemClock
from mockserver.contract.model import Contract
from mockserver.engine.engine import Engine
from mockserver.engine.settings import Settings
from mockserver.record.exchange import Exchange, Kind
from mockserver.record.har import read_har
from mockserver.record.recording import Recording
from mockserver.record.spelling import list_spellings
from mockserver.web.app import build_app
from mockserver.web.callbacks.targets import Targets
from mockserver.web.options import Options
from mockserver.web.recorder.app import Plan, Recorder
from mockserver.web.recorder.stand_in import StandIn
from tests.web.listening import PATIENCE, Receiver, Server

CANARY = "canary-Key/9f8e7d6c5b4a+3210"
SUBMIT = {"model": "gpt-image-2-text-to-image", "input": {"prompt": "a fox", "aspect_ratio": "1:1"}}


class Session:
    """A recorder in front of an API, and the file that it makes."""

    def __init__(self, contract: Contract, upstream: str, path: Path, **plan: Any) -> None:
        self.path = path
        self.notices: list[str] = []
        self.seen: list[Exchange] = []
        self.recording = Recording(path, [contract])
        self.plan = Plan(contract, upstream, report=self.seen.append, **plan)
        self.server = Server(self._make)
        self.client = httpx.Client(
            base_url=self.server.url,
            headers={"Authorization": f"Bearer {CANARY}"},
            timeout=PATIENCE,
            trust_env=False,
        )

    def _make(self, port: int) -> Recorder:
        options = Options(own_ports=frozenset({port}), notice=self.notices.append)
        self.recorder = Recorder(self.plan, self.recording, SystemClock(), options)
        return self.recorder

    def stop(self) -> list[Exchange]:
        """End it; what the file holds."""
        self.client.close()
        self.server.stop()
        self.recording.close()
        for file in self.path.parent.rglob("*"):
            assert not file.is_file() or CANARY.encode() not in file.read_bytes()
        return list(read_har(self.path))


@pytest.fixture
def kie(contracts: Sequence[Contract]) -> Contract:
    """The contract that is recorded."""
    return next(contract for contract in contracts if contract.name == "kie")


@pytest.fixture
def emulator(contracts: Sequence[Contract]) -> Iterator[str]:
    """The address of an emulator whose tasks end at once."""
    engine = Engine(contracts, SystemClock(), Settings(speed=inf))
    server = Server(lambda port: build_app(engine, Options(own_ports=frozenset({port}))))
    yield server.url
    server.stop()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A client's server for callbacks."""
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def record(kie: Contract, tmp_path: Path) -> Iterator[Callable[..., Session]]:
    """Start a recorder in front of an address; whatever runs at the end is stopped."""
    with contextlib.ExitStack() as stack:

        def start(upstream: str, **plan: Any) -> Session:
            session = Session(kie, upstream, tmp_path / "x.har", **plan)
            stack.callback(session.recording.close)
            stack.callback(session.client.close)
            stack.callback(session.server.stop)
            return session

        yield start


def submit(session: Session, **more: Any) -> httpx.Response:
    return session.client.post("/kie/api/v1/jobs/createTask", json={**SUBMIT, **more})


def test_a_task_is_recorded_whole(
    record: Callable[..., Session], emulator: str, receiver: Receiver
) -> None:
    """Submit, poll, callback and result file are in the file, and the client notices nothing."""
    session = record(f"{emulator}/kie")
    made = submit(session, callBackUrl=receiver.url).json()
    task = made["data"]["taskId"]
    assert receiver.came.wait(PATIENCE)
    polled = session.client.get("/api/v1/jobs/recordInfo", params={"taskId": task}).json()
    kept = session.stop()

    assert json.loads(polled["data"]["param"])["callBackUrl"] == receiver.url
    kinds = {(e.kind, e.operation, e.task_id, e.status) for e in kept}
    assert kinds == {
        (Kind.CALL, "createTask", task, 200),
        (Kind.CALL, "recordInfo", task, 200),
        (Kind.CALLBACK, "createTask", task, 202),
        (Kind.FILE, None, task, 200),
    }
    by_kind = {exchange.kind: exchange for exchange in kept}
    told = by_kind[Kind.CALLBACK]
    assert (told.url, told.request_body, told.response_body) == (
        *(receiver.url, receiver.bodies[0]),
        b"taken",
    )
    assert b"_callbacks" not in session.path.read_bytes()
    file = by_kind[Kind.FILE]
    assert file.response_body.startswith(b"\x89PNG")
    assert file.url in polled["data"]["resultJson"]
    assert file.find_request_header("authorization") is None
    assert json.loads(kept[0].request_body) == {**SUBMIT, "callBackUrl": receiver.url}
    assert kept[0].url == f"{emulator}/kie/api/v1/jobs/createTask"


def test_a_result_is_fetched_once(record: Callable[..., Session], emulator: str) -> None:
    """However often a client polls, each result file is fetched a single time."""
    session = record(f"{emulator}/kie")
    task = submit(session).json()["data"]["taskId"]
    for _ in range(4):
        session.client.get("/api/v1/jobs/recordInfo", params={"taskId": task})

    assert [exchange.kind for exchange in session.stop()].count(Kind.FILE) == 1


def test_the_ceiling_stops_submits_before_they_are_sent(
    record: Callable[..., Session], emulator: str
) -> None:
    """A submit that would exceed the ceiling gets a clear 402, and everything else goes on."""
    session = record(f"{emulator}/kie", max_credits=7_000)
    answers = [submit(session) for _ in range(2)]
    balance = session.client.get("/api/v1/chat/credit").json()
    kept = session.stop()

    assert [answer.status_code for answer in answers] == [200, 402]
    assert "6 of 7 credits are spent" in answers[1].json()["error"]
    assert balance["data"] == 100_000 - 6
    assert [exchange.operation for exchange in kept] == ["createTask", "getCredits"]
    assert session.notices


def test_refusals_and_unknown_paths_are_recorded_as_they_come(
    record: Callable[..., Session], emulator: str
) -> None:
    """What the API refuses reaches the client, byte for byte, and the file."""
    session = record(f"{emulator}/kie")
    refused = session.client.post("/api/v1/jobs/createTask", json={"model": "nope", "input": {}})
    missing = session.client.get("/nope?a=1&b=%20")
    kept = session.stop()

    assert [exchange.response_body for exchange in kept] == [refused.content, missing.content]
    assert [exchange.status for exchange in kept] == [200, 404]
    assert kept[1].url == f"{emulator}/kie/nope?a=1&b=%20"


@pytest.mark.parametrize("host", ["evil.test", "127.0.0.1.nip.test", ""])
def test_foreign_hosts_reach_nothing(
    record: Callable[..., Session], emulator: str, host: str
) -> None:
    """A page that points its own name at the recorder gets no way to the API."""
    session = record(f"{emulator}/kie")
    answer = session.client.get("/api/v1/chat/credit", headers={"Host": host})

    assert answer.status_code in (400, 421)
    assert not session.stop()


def test_it_can_be_waited_for(record: Callable[..., Session], emulator: str) -> None:
    """The health address says that it serves; no other control call is there."""
    session = record(f"{emulator}/kie")

    assert session.client.get("/_mock/health").json()["status"] == "ok"
    assert session.client.get("/_mock/accounts").status_code == 404
    assert session.client.post("/_callbacks/0123", content=b"{}").status_code == 404
    assert not session.stop()


class Rude:
    """An API that answers each connection with the same bytes, and then ends it in some way."""

    def __init__(self, answer: bytes, *, resets: bool = False) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.heard = b""
        self._answer = answer
        self._resets = resets
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self._thread.join(PATIENCE)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self.socket.accept()
                with line:
                    heard = line.recv(65_536)
                    while b"chunked" in heard and not heard.endswith(b"0\r\n\r\n"):
                        heard += line.recv(65_536)
                    self.heard += heard
                    line.sendall(self._answer)
                    if self._resets:
                        linger = struct.pack("ii", 1, 0)
                        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def answer(body: bytes, *headers: str, length: int | None = None) -> bytes:
    head = ["HTTP/1.1 200 OK", f"Content-Length: {length or len(body)}", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


RUDE = {
    "reset": (b"", True, None, {"reset", "closed"}),
    "closed": (b"", False, None, {"closed"}),
    "garbage": (b"hello\r\n\r\n", False, None, {"broken", "closed"}),
    "cut": (answer(b"half", length=100), False, 200, {"closed"}),
}


@pytest.fixture
def be_rude() -> Iterator[Callable[..., Rude]]:
    """Start an API that answers everything with the same bytes."""
    with contextlib.ExitStack() as stack:

        def start(reply: bytes, *, resets: bool = False) -> Rude:
            rude = Rude(reply, resets=resets)
            stack.callback(rude.close)
            return rude

        yield start


@pytest.mark.parametrize("name", RUDE)
def test_errors_of_the_api_are_recorded(
    record: Callable[..., Session], be_rude: Callable[..., Rude], name: str
) -> None:
    """A reset, a closed connection, garbage and a cut answer are exchanges with an error."""
    reply, resets, status, errors = RUDE[name]
    session = record(be_rude(reply, resets=resets).url)
    if status is None:
        assert session.client.get("/api/v1/chat/credit").status_code == 502
    else:
        with pytest.raises(httpx.RemoteProtocolError):
            session.client.get("/api/v1/chat/credit")
    (kept,) = session.stop()

    assert kept.error in errors
    assert (kept.status, kept.response_body) == (status, b"half" if status else b"")
    entry = json.loads(session.path.read_bytes())["log"]["entries"][0]
    assert entry["_error"] == {"kind": kept.error, "after_bytes": len(kept.response_body)}


def test_a_closed_port_is_recorded(record: Callable[..., Session]) -> None:
    """An API that does not listen is an exchange with the error refused."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        url = f"http://127.0.0.1:{gone.getsockname()[1]}"
    session = record(url)
    reply = session.client.get("/api/v1/chat/credit")
    (kept,) = session.stop()

    assert (reply.status_code, kept.error, kept.status) == (502, "refused", None)


def test_a_silent_api_is_recorded(
    record: Callable[..., Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An API that takes the request and says nothing is an exchange with the error timeout."""
    monkeypatch.setattr("mockserver.web.recorder.upstream.TIMEOUT", httpx.Timeout(0.05))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        session = record(f"http://127.0.0.1:{silent.getsockname()[1]}")
        reply = session.client.get("/api/v1/chat/credit")
        (kept,) = session.stop()

    assert (reply.status_code, kept.error, kept.status) == (504, "timeout", None)


def test_packed_answers_pass_unchanged_and_are_kept_unpacked(
    record: Callable[..., Session], be_rude: Callable[..., Rude]
) -> None:
    """The client gets the bytes that came; the file holds what they say, so no key hides there."""
    text = json.dumps({"code": 200, "msg": CANARY, "data": 1}).encode()
    coded = ("Content-Encoding: gzip", "Content-Type: application/octet", "Set-Cookie: a=b")
    rude = be_rude(answer(gzip.compress(text), *coded))
    session = record(rude.url)
    reply = session.client.get("/api/v1/chat/credit", headers={"Accept-Encoding": "br, gzip"})
    (kept,) = session.stop()

    assert reply.content == text
    assert json.loads(kept.response_body)["msg"] == "redacted-1"
    assert b"accept-encoding: gzip\r\n" in rude.heard.lower()
    assert CANARY.encode() in rude.heard  # the live API does get the key


def test_uploads_stream_through(
    record: Callable[..., Session], be_rude: Callable[..., Rude]
) -> None:
    """A body that the contract does not know is passed on as it comes, and kept."""
    rude = be_rude(answer(b"{}", "Content-Type: application/json"))
    session = record(rude.url)
    pieces = iter([b"one,", b"two"])
    assert session.client.post("/upload", content=pieces).status_code == 200
    (kept,) = session.stop()

    assert kept.request_body == b"one,two"


def test_answers_stream_through(record: Callable[..., Session]) -> None:
    """The client reads the beginning of an answer before the API has sent its end."""
    has_begun = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            line, _ = server.accept()
            with line:
                line.recv(65_536)
                line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
                assert has_begun.wait(PATIENCE)
                line.sendall(b"\0last")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        session = record(f"http://127.0.0.1:{server.getsockname()[1]}")
        with session.client.stream("GET", "/events") as response:
            chunks = response.iter_raw()
            assert next(chunks) == b"first"
            has_begun.set()
            assert b"".join(chunks) == b"\0last"
        thread.join(PATIENCE)
        (kept,) = session.stop()

    assert kept.response_body == b"first\0last"


def test_headers_pass_both_ways(
    record: Callable[..., Session], be_rude: Callable[..., Rude]
) -> None:
    """Each header arrives once, those of one connection and our own address do not."""
    rude = be_rude(answer(b"{}", "Date: yesterday", "Set-Cookie: a=1", "Set-Cookie: b=2"))
    session = record(rude.url)
    reply = session.client.get("/x", headers={"X-Mine": "1", "Connection": "keep-alive"})
    (kept,) = session.stop()

    assert len(reply.headers.get_list("date")) == 1
    assert kept.find_response_header("date") == "yesterday"
    assert reply.headers.get_list("set-cookie") == ["a=1", "b=2"]
    host = rude.url.removeprefix("http://").encode()
    assert rude.heard.lower().count(b"host:") == 1
    assert b"host: " + host in rude.heard.lower()
    assert kept.find_request_header("host") == host.decode()


REDIRECTS = [("{}/next?a=1", "/next?a=1"), ("{}", "/"), ("/x", "/x"), ("{}1/x", "{}1/x")]


@pytest.mark.parametrize(("told", "heard"), REDIRECTS)
def test_a_client_that_is_sent_on_stays_with_the_recorder(
    record: Callable[..., Session], be_rude: Callable[..., Rude], told: str, heard: str
) -> None:
    """A redirect to the API itself is a path here; the file holds what the API said."""
    rude = be_rude(b"")
    rude._answer = answer(b"", f"Location: {told.format(rude.url)}").replace(b"200 OK", b"307 Go")
    session = record(rude.url)
    reply = session.client.get("/x")
    (kept,) = session.stop()

    assert (reply.status_code, reply.headers["location"]) == (307, heard.format(rude.url))
    assert kept.find_response_header("location") == told.format(rude.url)


RESULT = "https://{}/r/1.png"


@pytest.mark.parametrize("host", ["169.254.169.254", "0.0.0.0", "[fe80::1]", "127.0.0.1:22"])  # noqa: S104
def test_results_in_forbidden_places_are_not_fetched(
    record: Callable[..., Session], be_rude: Callable[..., Rude], host: str
) -> None:
    """Where a result's address leads to a service of the machine, nothing is sent there."""
    results = json.dumps({"resultUrls": [RESULT.format(host)]})
    body = {"code": 200, "msg": "success", "data": {"taskId": "t", "resultJson": results}}
    rude = be_rude(answer(json.dumps(body).encode(), "Content-Type: application/json"))
    session = record(rude.url)
    session.client.get("/api/v1/jobs/recordInfo", params={"taskId": "t"})
    kept = session.stop()

    assert [exchange.error for exchange in kept] == [None, "held"]
    assert "not fetched" in kept[1].notes[0]


def test_a_callback_that_may_not_be_passed_on_is_recorded_with_the_reason(
    record: Callable[..., Session], emulator: str
) -> None:
    """A callback for a foreign host comes to the recorder and stops there."""
    session = record(f"{emulator}/kie")
    submit(session, callBackUrl="https://client.example.test/hook")
    for _ in range(2_000):
        if any(exchange.kind is Kind.CALLBACK for exchange in session.seen):
            break
        session.client.get("/_mock/health")
    kept = session.stop()

    told = next(exchange for exchange in kept if exchange.kind is Kind.CALLBACK)
    assert (told.url, told.error) == ("https://client.example.test/hook", "held")
    assert "--allow-callback-host client.example.test" in told.notes[0]


def test_without_a_public_address_callbacks_go_straight_on(
    record: Callable[..., Session],
) -> None:
    """A live API elsewhere cannot reach this machine: the submit stays as it is, with a notice."""
    session = record("https://api.invalid")
    reply = submit(session, callBackUrl="https://client.example.test/hook")
    (kept,) = session.stop()

    assert reply.status_code == 502
    assert (kept.error, kept.url) == ("unresolved", "https://api.invalid/api/v1/jobs/createTask")
    assert "--public-url" in session.notices[0]


def test_a_submit_under_way_is_recorded_when_the_recorder_stops(
    record: Callable[..., Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody knows whether the API took it, so it is in the file, and its price is spent."""
    monkeypatch.setattr("mockserver.server.GRACE", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        session = record(f"http://127.0.0.1:{silent.getsockname()[1]}")

        def order() -> None:
            with contextlib.suppress(httpx.HTTPError):
                submit(session)

        client = threading.Thread(target=order, daemon=True)
        client.start()
        line, _ = silent.accept()
        assert line.recv(65_536)
        session.server.stop()
        client.join(PATIENCE)
        line.close()
        (kept,) = session.stop()

    assert (kept.operation, kept.error, kept.status) == ("createTask", "stopped", None)
    assert json.loads(kept.request_body) == SUBMIT
    assert session.recorder.purse.spent == 6_000


def test_an_endless_answer_is_not_held_whole(
    record: Callable[..., Session],
    be_rude: Callable[..., Rude],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """JSON that is too large to be looked into for our addresses is passed on as it comes."""
    monkeypatch.setattr("mockserver.web.recorder.relay.MAX_WHOLE", 1_000)
    body = json.dumps({"data": ["x" * 50_000]}).encode()
    session = record(be_rude(answer(body, "Content-Type: application/json")).url)
    assert submit(session, callBackUrl="http://127.0.0.1:9/hook").content == body
    reply = session.client.get("/api/v1/chat/credit")
    kept = session.stop()

    assert reply.content == body
    assert [exchange.response_body for exchange in kept] == [body, body]
    assert "not looked into" in kept[1].notes[0]


def test_the_oldest_address_makes_room(kie: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many submits name an address for callbacks, those of the last ones are recorded."""
    monkeypatch.setattr("mockserver.web.recorder.stand_in.MAX_PLACES", 2)
    stand_in = StandIn("http://127.0.0.1:1", Targets(), SystemClock())
    ours = []
    for number in range(3):
        body = json.dumps({**SUBMIT, "callBackUrl": f"http://127.0.0.1:9/{number}"}).encode()
        sent = stand_in.replace("kie", kie.operations["createTask"], body)
        ours.append(json.loads(sent)["callBackUrl"].removeprefix("http://127.0.0.1:1"))
    found = [stand_in.find(path) for path in ours]

    assert [place and place.client_url[-1] for place in found] == [None, "1", "2"]


def test_a_file_that_breaks_the_recorder_is_told(
    record: Callable[..., Session], emulator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake of ours while a result is fetched costs that file, with a line in the log."""

    async def fail(*_: object) -> Exchange:
        raise KeyError("a mistake")

    monkeypatch.setattr("mockserver.web.recorder.collector.Collector.fetch", fail)
    session = record(f"{emulator}/kie")
    task = submit(session).json()["data"]["taskId"]
    session.client.get("/api/v1/jobs/recordInfo", params={"taskId": task})
    kept = session.stop()

    assert [exchange.kind for exchange in kept] == [Kind.CALL] * 2
    assert any(line.endswith("was not recorded: KeyError: 'a mistake'") for line in session.notices)


@pytest.mark.parametrize("slash", ["/", "\\/", "\\\\/", "\\\\\\/"])
def test_our_address_is_found_however_it_is_spelled(kie: Contract, slash: str) -> None:
    """Slashes may be escaped, also in JSON within a string; the client sees its own address."""
    stand_in = StandIn("http://127.0.0.1:1", Targets(), SystemClock())
    theirs = "http://127.0.0.1:9/hook"
    body = json.dumps({**SUBMIT, "callBackUrl": theirs}).encode()
    sent = stand_in.replace("kie", kie.operations["createTask"], body)
    ours = json.loads(sent)["callBackUrl"]

    told = stand_in.restore(f'{{"param": "{ours}"}}'.replace("/", slash).encode())

    assert told.decode() == f'{{"param": "{theirs}"}}'.replace("/", slash)


def test_only_the_addresses_in_an_answer_are_looked_for(
    kie: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many addresses were given out, an answer costs what it repeats of them."""
    stand_in = StandIn("http://127.0.0.1:1", Targets(), SystemClock())
    sent = b""
    for number in range(50):
        body = json.dumps({**SUBMIT, "callBackUrl": f"http://127.0.0.1:9/{number}"}).encode()
        sent = stand_in.replace("kie", kie.operations["createTask"], body)
    asked: list[str] = []

    def spell(ours: str, theirs: str) -> Iterator[tuple[bytes, bytes]]:
        asked.append(theirs)
        return list_spellings(ours, theirs)

    monkeypatch.setattr("mockserver.web.recorder.stand_in.list_spellings", spell)

    assert json.loads(stand_in.restore(sent))["callBackUrl"] == "http://127.0.0.1:9/49"
    assert asked == ["http://127.0.0.1:9/49"]
