"""The two transports: what an httpx client says is recorded in its own process."""

import asyncio
import json
from collections.abc import Iterator
from math import inf
from pathlib import Path

import httpx
import pytest

from mockserver.clock import ManualClock
from mockserver.contract.load import load
from mockserver.data import contracts_dir
from mockserver.engine.engine import Engine
from mockserver.engine.settings import Settings
from mockserver.errors import UsageError
from mockserver.record.exchange import Exchange, Kind
from mockserver.record.har import read_har
from mockserver.transports import AsyncRecordingTransport, RecordingTransport
from mockserver.web.app import build_app
from mockserver.web.options import Options

API = "http://127.0.0.1:8787/kie/api/v1"
KEY = "canary-0123456789abcdef"
HEADERS = {"Authorization": f"Bearer {KEY}"}
SUBMIT = {"model": "gpt-image-2-text-to-image", "input": {"prompt": "a fox", "aspect_ratio": "1:1"}}


class Bridge(httpx.BaseTransport):
    """The emulator behind a transport for clients that do not wait."""

    def __init__(self) -> None:
        contract = load(contracts_dir() / "kie")
        engine = Engine([contract], ManualClock(), Settings(speed=inf))
        self.app = httpx.ASGITransport(app=build_app(engine, Options()))
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return asyncio.run(self._ask(request))

    async def _ask(self, request: httpx.Request) -> httpx.Response:
        asked = httpx.Request(
            request.method, request.url, headers=request.headers, content=request.content
        )
        response = await self.app.handle_async_request(asked)
        content = await response.aread()
        return httpx.Response(response.status_code, headers=response.headers, content=content)


class Cut(httpx.SyncByteStream):
    """A body that breaks off."""

    def __iter__(self) -> Iterator[bytes]:
        yield b"ha"
        raise httpx.ReadError("reset") from ConnectionResetError()


class Broken(httpx.BaseTransport):
    """Refuses, or sends two bytes and then no more."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/refused":
            raise httpx.ConnectError("refused") from ConnectionRefusedError()
        return httpx.Response(200, stream=Cut())


def check(path: Path) -> list[Exchange]:
    """What a file holds; the key is not in it, nor beside it."""
    for file in path.parent.rglob("*"):
        assert not file.is_file() or KEY.encode() not in file.read_bytes()
    return list(read_har(path))


def test_a_client_is_recorded_in_its_own_process(tmp_path: Path) -> None:
    """Calls are in the file, and the result that the client did not fetch is fetched at the end."""
    bridge = Bridge()
    transport = RecordingTransport(tmp_path / "x.har", provider="kie", transport=bridge)
    with httpx.Client(transport=transport, headers=HEADERS) as client:
        task = client.post(f"{API}/jobs/createTask", json=SUBMIT).json()["data"]["taskId"]
        reply = client.get(f"{API}/jobs/recordInfo", params={"taskId": task}).json()
    kept = check(tmp_path / "x.har")

    assert [exchange.operation for exchange in kept] == ["createTask", "recordInfo", None]
    assert {exchange.task_id for exchange in kept} == {task}
    assert json.loads(kept[1].response_body) == reply
    assert (kept[2].kind, kept[2].response_body[:4]) == (Kind.FILE, b"\x89PNG")
    assert "authorization" not in bridge.requests[-1].headers


def test_a_result_that_the_client_fetched_is_not_fetched_again(tmp_path: Path) -> None:
    """The client's own download is the recorded one."""
    transport = RecordingTransport(tmp_path / "x.har", provider="kie", transport=Bridge())
    with httpx.Client(transport=transport) as client:
        task = client.post(f"{API}/jobs/createTask", json=SUBMIT, headers=HEADERS).json()
        id_ = task["data"]["taskId"]
        reply = client.get(f"{API}/jobs/recordInfo", params={"taskId": id_}, headers=HEADERS)
        url = json.loads(reply.json()["data"]["resultJson"])["resultUrls"][0]
        assert client.get(url).content.startswith(b"\x89PNG")

    assert [exchange.kind for exchange in check(tmp_path / "x.har")].count(Kind.FILE) == 1


def test_errors_reach_the_client_and_the_file(tmp_path: Path) -> None:
    """What the inner transport raises is raised, and recorded with its name."""
    transport = RecordingTransport(tmp_path / "x.har", provider="kie", transport=Broken())
    with httpx.Client(transport=transport, headers=HEADERS) as client:
        with pytest.raises(httpx.ConnectError):
            client.get("https://x.test/refused")
        with pytest.raises(httpx.ReadError):
            client.get("https://x.test/cut")
    kept = check(tmp_path / "x.har")

    assert [(e.error, e.status, e.response_body) for e in kept] == [
        ("refused", None, b""),
        ("reset", 200, b"ha"),
    ]


def test_an_answer_that_is_not_read_is_recorded_as_far_as_it_came(tmp_path: Path) -> None:
    """A client that looks at the head only leaves an exchange with a note."""
    transport = RecordingTransport(tmp_path / "x.har", provider="kie", transport=Bridge())
    with (
        httpx.Client(transport=transport, headers=HEADERS) as client,
        client.stream("GET", f"{API}/chat/credit") as response,
    ):
        assert response.status_code == 200
    (kept,) = check(tmp_path / "x.har")

    assert (kept.operation, kept.response_body) == ("getCredits", b"")
    assert "not read to its end" in kept.notes[0]


def test_the_ceiling_is_kept(tmp_path: Path) -> None:
    """A submit that would exceed the ceiling is answered with 402, and not sent."""
    bridge = Bridge()
    transport = RecordingTransport(
        tmp_path / "x.har", provider="kie", max_credits=6, transport=bridge
    )
    with httpx.Client(transport=transport, headers=HEADERS) as client:
        codes = [client.post(f"{API}/jobs/createTask", json=SUBMIT).status_code for _ in range(2)]

    assert codes == [200, 402]
    assert [request.url.path.rpartition("/")[2] for request in bridge.requests] == ["createTask"]
    assert transport.tape.summary.exchanges == 1


def test_an_async_client_is_recorded_too(tmp_path: Path) -> None:
    """The same holds for clients that wait."""

    async def talk() -> None:
        inner = Bridge().app
        transport = AsyncRecordingTransport(tmp_path / "x.har", provider="kie", transport=inner)
        async with httpx.AsyncClient(transport=transport, headers=HEADERS) as client:
            made = await client.post(f"{API}/jobs/createTask", json=SUBMIT)
            task = made.json()["data"]["taskId"]
            await client.get(f"{API}/jobs/recordInfo", params={"taskId": task})

    asyncio.run(talk())

    kinds = [exchange.kind for exchange in check(tmp_path / "x.har")]
    assert kinds == [Kind.CALL, Kind.CALL, Kind.FILE]


def test_a_contract_may_be_a_folder(tmp_path: Path) -> None:
    """Besides a name, a provider is the folder of its contract; an unknown mode is named."""
    transport = RecordingTransport(tmp_path / "x.har", provider=contracts_dir() / "kie")
    transport.close()
    with pytest.raises(UsageError, match="no mode 'sometimes'"):
        RecordingTransport(tmp_path / "x.har", provider="kie", mode="sometimes")


class Silent(httpx.AsyncBaseTransport):
    """Takes a request and says nothing."""

    def __init__(self) -> None:
        self.has_begun = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.has_begun.set()
        await asyncio.Event().wait()
        return httpx.Response(200, request=request)


def test_a_submit_that_is_given_up_is_recorded(tmp_path: Path) -> None:
    """Whoever cancels the task that waits may have paid: the call is in the file, and counts."""
    path = tmp_path / "x.har"

    async def give_up() -> None:
        silent = Silent()
        transport = AsyncRecordingTransport(path, provider="kie", transport=silent, max_credits=7)
        async with httpx.AsyncClient(transport=transport) as client:
            order = asyncio.create_task(client.post(f"{API}/jobs/createTask", json=SUBMIT))
            await silent.has_begun.wait()
            order.cancel()
            with pytest.raises(asyncio.CancelledError):
                await order
            refused = await client.post(f"{API}/jobs/createTask", json=SUBMIT)
            assert refused.status_code == 402

    asyncio.run(give_up())
    (kept,) = check(path)

    assert (kept.operation, kept.error, kept.status) == ("createTask", "left", None)
