"""The replaying server as clients meet it: their calls, their files, their callbacks."""

import asyncio
import base64
import contextlib
import hmac
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from math import inf
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver.clock import SystemClock
from mockserver.contract.delivery import DeliveryTerms
from mockserver.contract.model import Contract
from mockserver.engine.engine import Engine
from mockserver.engine.settings import Settings
from mockserver.record.har import Place, read_har, write_har
from mockserver.record.replay.answer import Notification
from mockserver.record.replay.play import Play, ReplayPace
from mockserver.record.replay.reel import Frame, Reel
from mockserver.record.replay.tape import Tape, read_tape
from mockserver.web.app import build_app
from mockserver.web.callbacks.targets import Targets
from mockserver.web.options import Options
from mockserver.web.replayer.app import Replayer, Show
from mockserver.web.replayer.callbacks import Messenger
from tests.record.replayed import CONTRACT
from tests.web.listening import PATIENCE, Receiver, Server

RECORDINGS = Path(__file__).parents[3] / "fixtures" / "recordings"
SECRET = "whsec-of-ours"
BODY = {
    "model": "gpt-image-2-text-to-image",
    "input": {"prompt": "A red fox in the snow, watercolour", "aspect_ratio": "1:1"},
}


REEL = Reel(0, CONTRACT, "t", Frame(Place(RECORDINGS, 0, 0, 0), 0, "createTask"))


class Stage:
    """A replaying server that listens, and a client with a key."""

    def __init__(self, tape: Tape, contracts: Sequence[Contract], *, emulates: bool) -> None:
        self.notices: list[str] = []
        self._tape = tape
        self._contracts = tuple(contracts)
        self._emulates = emulates
        self.server = Server(self._make)
        self.client = httpx.Client(
            base_url=self.server.url,
            headers={"Authorization": "Bearer sk-mock-viewer"},
            timeout=PATIENCE,
            trust_env=False,
        )

    def _make(self, port: int) -> Replayer:
        options = Options(own_ports=frozenset({port}), notice=self.notices.append)
        emulator = None
        if self._emulates:
            engine = Engine(self._contracts, SystemClock(), Settings(speed=inf))
            emulator = build_app(engine, options)
        show = Show(self._tape, self._contracts, secret=SECRET, emulator=emulator)
        return Replayer(show, SystemClock(), options)

    def submit(self, **more: Any) -> str:
        reply = self.client.post("/kie/api/v1/jobs/createTask", json={**BODY, **more})
        return str(reply.json()["data"]["taskId"])

    def poll(self, task_id: str) -> Any:
        query = {"taskId": task_id}
        return self.client.get("/kie/api/v1/jobs/recordInfo", params=query).json()["data"]

    def finish(self, task_id: str) -> Any:
        """Poll a task to its end; its last reply."""
        return [self.poll(task_id) for _ in range(3)][-1]


Open = Callable[..., Stage]


@pytest.fixture
def stage(contracts: Sequence[Contract]) -> Iterator[Open]:
    """Serve some recordings; whatever runs at the end is stopped."""
    with contextlib.ExitStack() as stack:

        def start(*paths: Path, emulates: bool = False) -> Stage:
            tape = read_tape(paths, contracts)
            served = [contract for contract in contracts if contract.name in tape.providers]
            made = Stage(tape, served, emulates=emulates)
            stack.callback(made.client.close)
            stack.callback(made.server.stop)
            return made

        yield start


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A client's server for callbacks."""
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


def find_file(path: Path) -> bytes:
    return next(each.response_body for each in read_har(path) if each.kind == "file")


def test_a_task_with_its_file(stage: Open) -> None:
    """What was recorded is served, the result file byte by byte, whole and in part."""
    recording = RECORDINGS / "emulator" / "kie.har"
    show = stage(recording)
    task_id = show.submit()

    assert [show.poll(task_id)["state"] for _ in range(3)] == ["generating", "success", "success"]
    (address,) = show.poll(task_id)["response"]["resultUrls"]
    assert address.startswith(show.server.url)
    whole = httpx.get(address, trust_env=False)
    assert (whole.headers["content-type"], whole.content) == ("image/png", find_file(recording))
    part = httpx.get(address, headers={"Range": "bytes=1-3"}, trust_env=False)
    assert (part.status_code, part.content) == (206, b"PNG")
    assert httpx.delete(address, trust_env=False).status_code == 405


def test_a_callback_is_signed_anew(stage: Open, receiver: Receiver) -> None:
    """The recorded callback comes to the client's own address, signed with the secret given."""
    show = stage(RECORDINGS / "emulator" / "kie.har")
    task_id = show.submit(callBackUrl=receiver.url)
    show.poll(task_id)

    assert receiver.came.wait(PATIENCE)
    assert receiver.url.encode() in receiver.bodies[0]
    assert task_id.encode() in receiver.bodies[0]
    headers = receiver.headers[0]
    signed = f"{task_id}.{headers['x-webhook-timestamp']}".encode()
    wanted = base64.b64encode(hmac.digest(SECRET.encode(), signed, sha256)).decode()
    assert headers["x-webhook-signature"] == wanted


class Moody:
    """A receiver that takes the second attempt at the first callback, and nothing else."""

    def __init__(self) -> None:
        self.came: list[bytes] = []
        self.given_up = asyncio.Event()
        self.notice = ""

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().split(b"content-length: ")[1][:1])
        self.came.append(await reader.readexactly(size))
        status = b"200 OK" if len(self.came) == 2 else b"500 No"
        writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    def hear(self, notice: str) -> None:
        self.notice = notice
        self.given_up.set()


def test_a_callback_is_tried_again() -> None:
    """One that is not taken is sent again as often as the contract says, before the next one."""
    moody = Moody()

    async def run() -> None:
        receiver = await asyncio.start_server(moody.take, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{receiver.sockets[0].getsockname()[1]}/hook"
        terms = DeliveryTerms(None, 5_000, 2, (0,))
        told = [Notification(n, url, b"%d" % n, "text/plain", terms, "t") for n in (1, 2)]
        messenger = Messenger(Targets(), SystemClock(), notice=moody.hear)
        play = Play(REEL, "t", ReplayPace(), 0, {})
        messenger.send(play, told[:1])
        messenger.send(play, told[1:])
        await asyncio.wait_for(moody.given_up.wait(), PATIENCE)
        await messenger.close()
        receiver.close()

    asyncio.run(run())

    assert moody.came == [b"1", b"1", b"2", b"2"]
    assert moody.notice.endswith("/hook was answered with 500")


def test_a_foreign_callback_is_held_back(stage: Open) -> None:
    """Callbacks go where those of the emulator go, and nowhere else."""
    show = stage(RECORDINGS / "emulator" / "kie.har")
    task_id = show.submit(callBackUrl="https://client.example/hook?token=1")
    for _ in range(3):
        show.poll(task_id)
    show.server.stop()

    (notice,) = [line for line in show.notices if "held back" in line]
    assert "--allow-callback-host client.example" in notice
    assert "token" not in notice


def test_what_is_missed(stage: Open) -> None:
    """Without the emulator a miss is an error with a hint, and a line in the log."""
    show = stage(RECORDINGS / "reconstructed" / "kie-2026-09.har")
    unknown = show.client.get("/api/v1/jobs/recordInfo", params={"taskId": "x"})
    stray = show.client.get("/kie/api/v1/nothing")
    told = show.finish(show.submit())
    file = httpx.get(told["response"]["resultUrls"][0], trust_env=False)

    assert (unknown.status_code, stray.status_code, file.status_code) == (404, 404, 404)
    assert "createTask (2)" in unknown.json()["hint"]
    assert "createTask" in stray.json()["hint"]
    assert "does not hold it" in file.json()["error"]
    assert any("no task 'x'" in line for line in show.notices)


def test_the_emulator_answers_the_rest(stage: Open) -> None:
    """With the emulator behind it, what is not recorded is emulated, files included."""
    show = stage(RECORDINGS / "emulator" / "kie.har", emulates=True)
    recorded = [show.submit(), show.submit()]
    others = [show.submit(input={"prompt": "a bee", "aspect_ratio": "1:1"})]
    told = show.poll(others[0])

    assert show.client.get("/kie/api/v1/chat/credit").json()["code"] == 200
    assert told["state"] == "success"
    (address,) = told["response"]["resultUrls"]
    assert httpx.get(address, trust_env=False).content.startswith(b"\x89PNG")
    assert [show.poll(each)["state"] for each in recorded] == ["generating", "generating"]
    assert show.client.get("/_mock/accounts").is_success


def test_a_file_that_was_not_recorded_is_drawn(stage: Open) -> None:
    """The emulator stands in for a result that a recording only names."""
    show = stage(RECORDINGS / "reconstructed" / "kie-2026-09.har", emulates=True)
    told = show.finish(show.submit())

    reply = httpx.get(told["response"]["resultUrls"][0], trust_env=False)
    assert (reply.status_code, reply.content[:4]) == (200, b"\x89PNG")


def test_the_report_is_served(stage: Open) -> None:
    """The control API tells what was asked for; pages of other origins are refused."""
    show = stage(RECORDINGS / "emulator" / "kie.har")
    task_id = show.submit()
    for _ in range(4):
        show.poll(task_id)
    report = show.client.get("/_mock/replay").json()
    foreign = show.client.get("/_mock/replay", headers={"origin": "https://page.example"})

    assert (report["recorded"], report["played"], len(report["unvisited_tasks"])) == (2, 1, 1)
    assert [each["polls"] for each in report["over_polled"]] == [2]
    assert foreign.status_code == 403
    assert show.client.get("/_mock/health").json()["status"] == "ok"


def test_keys_do_not_share(stage: Open) -> None:
    """What one key has polled is new to another one."""
    show = stage(RECORDINGS / "emulator" / "aigptimage.har")
    body = {**BODY, "input": {**BODY["input"], "resolution": "1K"}}  # type: ignore[dict-item]
    told = []
    for key in ("one", "one", "two"):
        headers = {"Authorization": f"Bearer sk-mock-{key}"}
        client = httpx.Client(base_url=show.server.url, headers=headers, trust_env=False)
        made = client.post("/api/v1/jobs/createTask", json=body).json()["data"]["taskId"]
        query = {"taskId": made}
        replies = [client.get("/api/v1/jobs/recordInfo", params=query).json() for _ in range(2)]
        told.append(replies[-1]["data"]["state"])
        client.close()

    assert told == ["success", "fail", "success"]


def test_a_recording_that_is_changed_meanwhile(stage: Open, tmp_path: Path) -> None:
    """Whoever overwrites the file gets an error that says so, not half an answer."""
    path = tmp_path / "x.har"
    write_har(path, read_har(RECORDINGS / "reconstructed" / "kie-2026-09.har"))
    show = stage(path)
    path.write_bytes(b"{}")

    reply = show.client.post("/kie/api/v1/jobs/createTask", json=BODY)

    assert reply.status_code == 500
    assert "x.har: entry" in reply.json()["error"]


BROKEN = {
    "reset": (httpx.ReadError, {}),
    "closed": (httpx.RemoteProtocolError, {}),
    "timeout": (httpx.ReadTimeout, {}),
    "cut": (
        httpx.RemoteProtocolError,
        {"status": 200, "response_body": b'{"co', "error": "closed"},
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_network_error_happens_again(stage: Open, tmp_path: Path, name: str) -> None:
    """The client meets what the recorded one met, and its next try gets the answer."""
    kind, more = BROKEN[name]
    tape = [
        replace(each, started=each.started + 5_000)
        for each in read_har(RECORDINGS / "reconstructed" / "kie-2026-09.har")
    ]
    lost: dict[str, Any] = {"status": None, "response_body": b"", "error": name, **more}
    made = next(each for each in tape if each.url.endswith("createTask"))
    write_har(tmp_path / "x.har", [replace(made, started=0, task_id=None, **lost), *tape])
    show = stage(tmp_path / "x.har")
    body = made.request_body
    with pytest.raises(kind):
        show.client.post("/kie/api/v1/jobs/createTask", content=body, timeout=0.2)
    again = show.client.post("/kie/api/v1/jobs/createTask", content=body)

    assert again.json()["data"]["taskId"]
    error = lost["error"]
    assert show.client.get("/_mock/replay").json()["errors"] == {error: 1}


def test_rubbish_in_recorded_headers_stays_there(stage: Open, tmp_path: Path) -> None:
    """What no header may hold is left out: it would be another header, or no answer at all."""
    told = (
        ("content-type", "text/\u043f\u043b\u0430\u0438\u043d"),
        ("x-split", "a\r\nset-cookie: b=c"),
        ("x split", "a"),
        ("x-letters", "\u043f"),
        ("", "empty"),
        ("x-fine", "yes"),
    )
    tape = [
        replace(each, response_headers=told) if each.url.endswith("createTask") else each
        for each in read_har(RECORDINGS / "reconstructed" / "kie-2026-09.har")
    ]
    write_har(tmp_path / "x.har", tape)
    reply = stage(tmp_path / "x.har").client.post("/kie/api/v1/jobs/createTask", json=BODY)

    assert reply.json()["data"]["taskId"]
    assert reply.headers["content-type"] == "application/json"
    assert (reply.headers["x-fine"], {"set-cookie", "x-split"} & set(reply.headers)) == (
        *("yes", set()),
    )


def test_the_busiest_key_is_forgotten_last(stage: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """When there are too many keys, the one that has asked for nothing since longest goes."""
    monkeypatch.setattr("mockserver.web.replayer.app.MAX_DECKS", 2)
    show = stage(RECORDINGS / "emulator" / "kie.har")
    mine = show.submit()
    for key in ("one", "two"):
        headers = {"Authorization": f"Bearer sk-mock-{key}"}
        show.client.post("/kie/api/v1/jobs/createTask", json=BODY, headers=headers)
        assert show.poll(mine)
