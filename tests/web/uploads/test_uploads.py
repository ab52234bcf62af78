"""Files that are lent: in base64, as a form, or by their address."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from random import Random
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver import MockServer
from mockserver.clock import ManualClock
from mockserver.contract.model import Contract, Limit, UploadTerms
from mockserver.engine.call import Attachment, Malformed
from mockserver.engine.engine import Engine
from mockserver.engine.settings import Settings
from mockserver.web.app import build_app
from mockserver.web.asgi import App, Message
from mockserver.web.callbacks.targets import Target, Targets
from mockserver.web.options import Options
from mockserver.web.uploads.fetch import fetch_file
from mockserver.web.uploads.form import MultipartForm
from mockserver.web.uploads.room import Room

Ask = Callable[..., httpx.Response]

BASE64, STREAM, URL = (f"/kie/api/file-{way}-upload" for way in ("base64", "stream", "url"))
HOST = "kieai.redpandaai.co"
PNG = b"\x89PNG\r\n\x1a\n and so on"
DAY = 86_400_000


def tell(reply: httpx.Response) -> tuple[int, bool, int, str]:
    body = reply.json()
    return reply.status_code, body["success"], body["code"], body["msg"]


def lend(ask: Ask, content: bytes = PNG, **fields: str) -> dict[str, Any]:
    given = {"base64Data": b64encode(content).decode(), "uploadPath": "images", **fields}
    reply = ask("POST", BASE64, json=given)
    assert tell(reply) == (200, True, 200, "File uploaded successfully")
    data: dict[str, Any] = reply.json()["data"]
    return data


def fetch(ask: Ask, address: str, **given: Any) -> httpx.Response:
    return ask("GET", urlsplit(address).path, key=None, **given)


def list_violations(ask: Ask) -> list[str]:
    (entry,) = ask("GET", "/_mock/accounts/sk-mock-test/requests").json()["requests"][-1:]
    return [violation["message"] for violation in entry["violations"]]


def test_a_file_in_base64_is_kept(ask: Ask, clock: ManualClock) -> None:
    """The answer has the fields that were recorded, in their order; the file is kept three days."""
    data = lend(ask, fileName="fox.png")

    assert list(data) == [
        *("success", "fileName", "filePath", "downloadUrl", "fileSize", "mimeType", "uploadedAt")
    ]
    assert (data["filePath"], data["fileSize"], data["mimeType"]) == (
        *("images/fox.png", len(PNG), "image/png"),
    )
    assert data["uploadedAt"].endswith("Z")
    assert fetch(ask, data["downloadUrl"]).content == PNG
    clock.advance(3 * DAY)
    assert fetch(ask, data["downloadUrl"]).status_code == 404


def test_a_form_is_kept(ask: Ask) -> None:
    """A file as a part of a form; without a name it gets one, as the pages say."""
    files = {"file": ("fox.png", PNG, "image/png")}
    named = ask("POST", STREAM, files=files, data={"uploadPath": "a/b", "fileName": "x.png"})
    unnamed = ask("POST", STREAM, files=files, data={"uploadPath": "a/b"})

    assert tell(named)[:2] == tell(unnamed)[:2] == (200, True)
    assert named.json()["data"]["filePath"] == "a/b/x.png"
    assert unnamed.json()["data"]["fileName"].endswith(".png")
    assert unnamed.json()["data"]["fileName"] != "fox.png"
    assert fetch(ask, unnamed.json()["data"]["downloadUrl"]).content == PNG


def test_the_upload_host_has_uploads_and_nothing_else(ask: Ask) -> None:
    """By its name, the upload host has its own operations at their real paths."""
    body = {"base64Data": "AAEC", "uploadPath": "x"}
    host, other = {"host": HOST}, {"host": "api.kie.ai"}

    here = ask("POST", "/api/file-base64-upload", json=body, headers=host)
    there = ask("POST", "/api/file-base64-upload", json=body, headers=other)
    credit = ask("GET", "/api/v1/chat/credit", headers=host)

    assert (here.status_code, there.status_code, credit.status_code) == (200, 404, 404)
    assert urlsplit(here.json()["data"]["downloadUrl"]).hostname == HOST
    served = ask("GET", urlsplit(here.json()["data"]["downloadUrl"]).path, headers=host)
    assert served.content == b"\0\1\2"


def test_a_file_that_was_lent_is_an_input(ask: Ask) -> None:
    """Its address goes where models take pictures."""
    address = lend(ask)["downloadUrl"]
    given = {"prompt": "a fox", "input_urls": [address]}
    body = {"model": "gpt-image-2-image-to-image", "input": given}

    assert ask("POST", "/kie/api/v1/jobs/createTask", json=body).json()["code"] == 200


REFUSALS: dict[str, tuple[str, dict[str, Any], str]] = {
    "no path": (BASE64, {"json": {"base64Data": "AAEC"}}, "Missing required parameter: uploadPath"),
    "no data": (BASE64, {"json": {"uploadPath": "x"}}, "Missing required parameter: base64Data"),
    "no base64": (
        *(BASE64, {"json": {"base64Data": "a picture!", "uploadPath": "x"}}),
        "Base64 decoding failed: Invalid Base64 format",
    ),
    "an empty file": (BASE64, {"json": {"base64Data": "", "uploadPath": "x"}}, "The file is empty"),
    "too large": (
        *(BASE64, {"json": {"base64Data": "A" * 13_981_020, "uploadPath": "x"}}),
        "The file is larger than 10485760 bytes",
    ),
    "no form": (STREAM, {"json": {"file": "x", "uploadPath": "x"}}, "Invalid parameter: body"),
    "no file": (STREAM, {"data": {"uploadPath": "x"}, "files": {"other": b"x"}}, "file"),
    "a file that is none": (
        *(STREAM, {"files": {"file": (None, "text"), "uploadPath": (None, "x")}}),
        "Invalid parameter: file",
    ),
    "an empty form": (
        *(STREAM, {"files": {"file": ("x.png", b"")}, "data": {"uploadPath": "x"}}),
        "The file is empty",
    ),
    "half a form": (
        STREAM,
        {
            "content": b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nx',
            "headers": {"content-type": "multipart/form-data; boundary=b"},
        },
        "Invalid parameter: body",
    ),
    "no address": (
        *(URL, {"json": {"fileUrl": "nowhere", "uploadPath": "x"}}),
        "Invalid parameter: fileUrl",
    ),
    "half an address": (
        *(URL, {"json": {"fileUrl": "http://[::1/x", "uploadPath": "x"}}),
        "Invalid parameter: fileUrl",
    ),
    "a foreign address": (
        *(URL, {"json": {"fileUrl": "https://files.example/1.png", "uploadPath": "x"}}),
        "Invalid parameter: fileUrl",
    ),
    "our own control": (
        *(URL, {"json": {"fileUrl": "http://127.0.0.1:8787/_mock/accounts", "uploadPath": "x"}}),
        "Invalid parameter: fileUrl",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_is_no_upload_is_refused(
    engine: Engine, case: str, ask_app: Callable[..., Ask]
) -> None:
    """Each in the words of the pages where they have some; the journal says more."""
    path, given, text = REFUSALS[case]
    ask = ask_app(build_app(engine, Options(own_ports=frozenset({8787}))))
    reply = ask("POST", path, **given)

    assert tell(reply)[:3] == (400, False, 400)
    assert text in reply.json()["msg"]
    assert "data" not in reply.json()
    assert list_violations(ask)
    assert not engine.accounts.uploads.total


def test_a_wrong_key_is_refused_with_its_status(ask: Ask) -> None:
    """The upload host has HTTP statuses."""
    reply = ask("POST", BASE64, key=None, json={})

    assert tell(reply) == (401, False, 401, "Authentication failed: Invalid API Key")


def test_a_form_beyond_its_bounds_is_not_kept_in_memory() -> None:
    """A file that is too large is told as soon as it is, and nothing of it remains."""
    form = MultipartForm(b"b", 1_000)
    form.feed(b'--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n' + b"x" * 990)
    kept = len(form._data)
    form.feed(b"x" * 20)

    problem = form.finish()
    assert isinstance(problem, Malformed)
    assert (problem.status, form.file, kept, len(form._data)) == (413, None, 990, 0)


def test_a_body_that_is_announced_too_large_is_not_read(ask: Ask) -> None:
    """Whoever says that more comes than anybody takes is told at once."""
    kind = {"content-type": "multipart/form-data; boundary=b", "content-length": "99999999999"}
    reply = ask("POST", STREAM, headers=kind, content=b"--b--")

    assert (reply.status_code, reply.headers["connection"]) == (413, "close")


def test_texts_of_a_form_have_bounds() -> None:
    """A form of texts alone cannot fill the memory either, nor can one of many parts."""
    part = b'--b\r\nContent-Disposition: form-data; name="t"\r\n\r\n'
    long, many = MultipartForm(b"b", 10**9), MultipartForm(b"b", 10**9)
    long.feed(part + b"x" * 65_537)
    many.feed((part + b"x\r\n") * 101)

    assert isinstance(long.finish(), Malformed)
    assert isinstance(many.finish(), Malformed)


@given(
    pieces=st.lists(st.binary(max_size=30), max_size=10),
    boundary=st.binary(min_size=1, max_size=70),
)
def test_whatever_comes_as_a_form_is_read_or_refused(pieces: list[bytes], boundary: bytes) -> None:
    """No bytes make the parser fail."""
    form = MultipartForm(boundary, 100)
    for piece in [b"--" + boundary + b"\r\n", *pieces]:
        form.feed(piece)

    assert isinstance(form.finish(), Malformed | dict)


@given(
    content=st.binary(max_size=300),
    name=st.text(st.characters(exclude_categories=["C"], exclude_characters='"\\'), min_size=1),
    cut=st.integers(1, 40),
)
def test_a_form_is_read_in_any_pieces(content: bytes, name: str, cut: int) -> None:
    """However it is cut on its way, texts and file come out as they went in."""
    request = httpx.Request(
        *("POST", "http://x/"), files={"file": (name, content, "a/b")}, data={"uploadPath": name}
    )
    body = request.read()
    boundary = request.headers["content-type"].partition("boundary=")[2].encode()
    form = MultipartForm(boundary, 10_000)
    for start in range(0, len(body), cut):
        form.feed(body[start : start + cut])

    assert form.finish() == {"file": name, "uploadPath": name}
    assert form.file == Attachment(name, "a/b", content)


# By address


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The addresses that were fetched; nothing leaves this process."""
    found: list[str] = []

    async def fetch_nothing(url: str, *_: object) -> Attachment:
        found.append(url)
        return Attachment("fox.png", None, PNG)

    monkeypatch.setattr("mockserver.web.uploads.fetch.fetch_file", fetch_nothing)
    return iter([found])


def test_a_file_of_ours_is_lent_by_its_address(ask: Ask) -> None:
    """An address of this server needs no network; without a name the file keeps its own."""
    address = lend(ask, fileName="fox.png")["downloadUrl"]
    reply = ask("POST", URL, json={"fileUrl": address, "uploadPath": "again"})

    assert reply.json()["data"]["filePath"] == "again/fox.png"
    assert fetch(ask, reply.json()["data"]["downloadUrl"]).content == PNG


def test_a_call_that_is_refused_fetches_nothing(
    engine: Engine, ask_app: Callable[..., Ask], fetched: Iterator[list[str]]
) -> None:
    """Neither without a key that is let in, nor in a scenario, nor with a body, that refuses it."""
    strict = Engine(engine.contracts, ManualClock(), Settings(keys=frozenset({"sk-mock-test"})))
    ask = ask_app(build_app(strict, Options()))
    whole = {"fileUrl": "http://127.0.0.1:9000/fox.png", "uploadPath": "x"}

    statuses = [
        ask("POST", URL, key=None, json=whole).status_code,
        ask("POST", URL, key="sk-mock-other", json=whole).status_code,
        ask("POST", URL.replace("/kie", "/kie/_/unauthorized"), json=whole).status_code,
        ask("POST", URL.replace("/kie", "/kie/_/no-such-scenario"), json=whole).status_code,
        ask("POST", URL, json={**whole, "uploadPath": 5}).status_code,
        ask("POST", URL, content=b"{").status_code,
        ask("POST", URL, json=whole).status_code,
    ]

    assert statuses == [401, 401, 401, 401, 400, 400, 200]
    assert list(fetched) == [[whole["fileUrl"]]]


def test_a_call_too_many_fetches_nothing(
    contracts: Sequence[Contract], ask_app: Callable[..., Ask], fetched: Iterator[list[str]]
) -> None:
    """A limit of uploads counts each call once, and what exceeds it is refused unfetched."""
    limits = (Limit("upload", 2, 10_000, "rate_limited"),)
    limited = [replace(each, limits=limits) for each in contracts if each.name == "kie"]
    ask = ask_app(build_app(Engine(limited, ManualClock(), Settings()), Options()))
    whole = {"fileUrl": "http://127.0.0.1:9000/fox.png", "uploadPath": "x"}
    successes = [ask("POST", URL, json=whole).json()["code"] == 200 for _ in range(3)]

    assert successes == [True, True, False]
    assert list(fetched) == [[whole["fileUrl"]] * 2]


@asynccontextmanager
async def serve(answer: bytes, *, stalls: bool = False) -> AsyncIterator[str]:
    """A server that says the same to everybody; its address."""
    asked: list[bytes] = []
    over = asyncio.Event()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        if stalls:
            await reader.read()
        writer.close()
        await writer.wait_closed()
        over.set()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/pictures/fox.png?x=1"
        await over.wait()
    assert all(head.startswith(b"GET /pictures/fox.png?x=1 HTTP/1.1\r\n") for head in asked)
    assert all(b"authorization" not in head.lower() for head in asked)


async def fetch_from(answer: bytes, *, stalls: bool = False) -> Attachment | Malformed:
    terms = UploadTerms(max_bytes=20, within=30_000 if not stalls else 100)
    async with serve(answer, stalls=stalls) as url:
        return await fetch_file(url, Targets(), terms)


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: Image/PNG; x=y\r\nContent-Length: 3\r\n\r\nabc",
            Attachment("fox.png", "image/png", b"abc"),
        ),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 20, Attachment("fox.png", None, b"x" * 20)),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 21, "is larger than 20 bytes"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "it answered 404"),
        (
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
            "it answered 302",
        ),
        (b"nonsense\r\n\r\n", "cannot be fetched: "),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "cannot be fetched: "),
    ],
)
def test_a_file_is_fetched_within_bounds(answer: bytes, result: Attachment | str) -> None:
    """What answers well is the file; what is too large, elsewhere or broken is said."""
    found = asyncio.run(fetch_from(answer))

    if isinstance(result, Attachment):
        assert found == result
    else:
        assert isinstance(found, Malformed)
        assert result in found.reason


def test_a_server_that_stalls_is_given_up() -> None:
    """After the time that the contract has for it."""
    found = asyncio.run(fetch_from(b"HTTP/1.1 200 OK\r\n\r\nab", stalls=True))

    assert isinstance(found, Malformed)
    assert "more than 0.1 s" in found.reason


class Elsewhere(Targets):
    """A policy that knows two addresses, of which nobody listens at the first."""

    async def check(self, url: str) -> Target:
        target = await super().check(url)
        return replace(target, addresses=("127.0.0.9", *target.addresses))


def test_every_address_of_a_host_is_tried() -> None:
    """Whoever listens at the second one is found."""

    async def fetch() -> Attachment | Malformed:
        async with serve(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc") as url:
            return await fetch_file(url, Elsewhere(), UploadTerms(20, 30_000))

    assert asyncio.run(fetch()) == Attachment("fox.png", None, b"abc")


def test_a_foreign_host_is_not_even_looked_up() -> None:
    """The reason names the flag that would allow it."""
    found = asyncio.run(
        fetch_file("https://files.example/1.png", Targets(), UploadTerms(20, 1_000))
    )

    assert isinstance(found, Malformed)
    assert "--allow-callback-host files.example" in found.reason


# What is served


def test_a_part_of_a_file_can_be_asked_for(ask: Ask) -> None:
    """Ranges, as players of videos ask for them; what is none, or too much, gets all of it."""
    address = lend(ask, b"0123456789", fileName="x.txt")["downloadUrl"]
    tag = fetch(ask, address).headers["etag"]

    def part(wanted: str, **more: str) -> tuple[int, bytes, str | None]:
        reply = fetch(ask, address, headers={"range": wanted, **more})
        return reply.status_code, reply.content, reply.headers.get("content-range")

    assert part("bytes=2-4") == (206, b"234", "bytes 2-4/10")
    assert part("bytes=8-") == (206, b"89", "bytes 8-9/10")
    assert part("bytes=-3") == (206, b"789", "bytes 7-9/10")
    assert part("bytes=-30") == (206, b"0123456789", "bytes 0-9/10")
    assert part("bytes=5-99") == (206, b"56789", "bytes 5-9/10")
    assert part("bytes=10-") == (416, b"", "bytes */10")
    assert part("bytes=-0") == (416, b"", "bytes */10")
    assert part("bytes=5-4") == (416, b"", "bytes */10")
    for odd in ("bytes=-", "bytes=0-1,3-4", "lines=1-2", "bytes=x-2"):
        assert part(odd) == (200, b"0123456789", None)
    assert part("bytes=2-4", **{"if-range": tag})[0] == 206
    assert part("bytes=2-4", **{"if-range": '"old"'})[0] == 200
    head = ask("HEAD", urlsplit(address).path, key=None, headers={"range": "bytes=2-4"})
    assert (head.status_code, head.headers["content-length"]) == (200, "10")


def test_what_was_lent_cannot_act_here(ask: Ask) -> None:
    """A page that somebody uploads is shown to nobody as a page of this server."""
    address = lend(ask, b"<script>", fileName="x.html")["downloadUrl"]
    headers = fetch(ask, address).headers

    assert headers["content-security-policy"].startswith("sandbox")
    assert headers["x-content-type-options"] == "nosniff"


def test_a_key_at_the_file_host_is_noted(ask: Ask) -> None:
    """A client that sends its key where files lie is served, and betrayed."""
    ask("GET", urlsplit(lend(ask)["downloadUrl"]).path)

    last = ask("GET", "/_mock/accounts/sk-mock-test/requests").json()["requests"][-1]
    assert last["notes"] == ["the API key was sent to the file host"]


def test_reset_forgets_what_was_lent(ask: Ask, engine: Engine) -> None:
    """Everything is as at the start."""
    address = lend(ask)["downloadUrl"]
    ask("POST", "/_mock/reset", json={})

    assert fetch(ask, address).status_code == 404
    assert not engine.accounts.uploads.bytes


def test_links_to_results_last_twenty_minutes(ask: Ask, clock: ManualClock) -> None:
    """A link leads to the same file, for as long as the page says; a foreign address gets none."""
    body = {"model": "gpt-image-2-text-to-image", "input": {"prompt": "a fox"}}
    task = ask("POST", "/kie/api/v1/jobs/createTask", json=body).json()["data"]["taskId"]
    clock.advance(600_000)
    record = ask("GET", "/kie/api/v1/jobs/recordInfo", params={"taskId": task}).json()["data"]
    (result,) = json.loads(record["resultJson"])["resultUrls"]

    def link(url: str) -> dict[str, Any]:
        reply: dict[str, Any] = ask(
            "POST", "/kie/api/v1/common/download-url", json={"url": url}
        ).json()
        return reply

    target = link(result)["data"].partition("8787")[2]
    served = [ask("GET", target, key=None).status_code]
    clock.advance(20 * 60_000 - 1)
    served.append(ask("GET", target, key=None).status_code)
    clock.advance(1)
    served.append(ask("GET", target, key=None).status_code)

    assert served == [200, 200, 404]
    for foreign in ("https://files.example/1.png", lend(ask)["downloadUrl"], result + "0"):
        assert link(foreign) == {"code": 422, "msg": "url is wrong", "data": None}


def test_slow_clients_block_nobody(app: App, engine: Engine) -> None:
    """However many send a file and do not come to an end, another one's file is kept."""
    body = json.dumps({"base64Data": "AAEC", "uploadPath": "x"}).encode()
    over = asyncio.Event()

    async def dawdle() -> AsyncIterator[bytes]:
        yield body[:10]
        await over.wait()
        yield body[10:]

    async def send() -> list[int]:
        transport = httpx.ASGITransport(app=app)
        headers = {"authorization": "Bearer sk-mock-test", "content-type": "application/json"}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1:8787", headers=headers
        ) as client:
            slow = [asyncio.create_task(client.post(BASE64, content=dawdle())) for _ in range(20)]
            await asyncio.sleep(0)
            quick = await asyncio.wait_for(client.post(BASE64, content=body), 5)
            over.set()
            return [
                quick.status_code,
                *(reply.status_code for reply in await asyncio.gather(*slow)),
            ]

    assert asyncio.run(send()) == [200] * 21
    assert len(engine.accounts.uploads) == 21


@given(
    bodies=st.lists(st.lists(st.integers(0, 40), max_size=6), max_size=8),
    order=st.randoms(use_true_random=False),
)
def test_what_is_read_at_a_time_has_bounds(bodies: list[list[int]], order: Random) -> None:
    """However bodies come in, all are read, and never much more than there is room for."""
    room, held, most = Room(100), 0, 0

    async def read(sizes: list[int]) -> None:
        nonlocal held, most
        pieces = iter(sizes)

        async def receive() -> Message:
            for _ in range(order.randrange(3)):
                await asyncio.sleep(0)
            return {"type": "http.request", "body": b"x" * next(pieces)}

        async with room.open(receive) as receive_in_turn:
            for size in sizes:
                await receive_in_turn()
                held += size
                most = max(most, held)
            held -= sum(sizes)

    async def read_all() -> None:
        await asyncio.wait_for(asyncio.gather(*map(read, bodies)), 5)

    asyncio.run(read_all())

    # One body beyond the room, and one piece of each that was under way when it became full.
    assert most <= 100 + max(map(sum, bodies), default=0) + 40 * len(bodies)
    assert room.free == 100


def test_a_body_that_is_given_up_takes_no_room() -> None:
    """Whoever leaves, or is sent away, while all wait lets the others in."""
    room = Room(10)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"x" * 20}

    async def read() -> None:
        async with room.open(receive) as receive_in_turn:
            await receive_in_turn()
            await receive_in_turn()
            await asyncio.Event().wait()

    async def read_all() -> None:
        first, second, third = (asyncio.create_task(read()) for _ in range(3))
        await asyncio.sleep(0)
        for each in (second, first, third):
            await asyncio.sleep(0)
            each.cancel()
            await asyncio.gather(each, return_exceptions=True)

    asyncio.run(read_all())

    assert room.free == 10


def test_a_crowd_is_kept(app: App, engine: Engine) -> None:
    """Many files at once are all kept."""
    body = {"base64Data": "AAEC", "uploadPath": "x"}

    async def send() -> list[int]:
        transport = httpx.ASGITransport(app=app)
        headers = {"authorization": "Bearer sk-mock-test"}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1:8787"
        ) as client:
            asked = (client.post(BASE64, json=body, headers=headers) for _ in range(12))
            return [reply.status_code for reply in await asyncio.gather(*asked)]

    assert asyncio.run(send()) == [200] * 12
    assert len(engine.accounts.uploads) == 12


def test_a_large_file_comes_through_the_wire() -> None:
    """What is beyond the bounds of other bodies is kept, in one piece or in many, and fetched."""
    large = b"0123456789abcdef" * 700_000
    with MockServer(providers=["kie"]) as server:
        account = server.account()
        headers = {"authorization": f"Bearer {account.api_key}"}
        origin = account.base_url("kie")
        request = httpx.Request(
            "POST", origin, files={"file": ("x.bin", large)}, data={"uploadPath": "x"}
        )
        body, kind = request.read(), {"content-type": request.headers["content-type"]}
        pieces = (body[start : start + 1_000_000] for start in range(0, len(body), 1_000_000))
        for content in (body, pieces):
            reply = httpx.post(
                f"{origin}/api/file-stream-upload", content=content, headers=headers | kind
            )
            assert httpx.get(reply.json()["data"]["downloadUrl"]).content == large
        refused = httpx.post(f"{origin}/api/v1/jobs/createTask", content=body, headers=headers)
        assert refused.status_code == 413
