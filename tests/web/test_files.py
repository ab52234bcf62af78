"""Result files are drawn once, when somebody fetches them."""

import asyncio
import io
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from PIL import Image

from mockserver.clock import ManualClock
from mockserver.contract.model import Contract
from mockserver.engine.call import Reply
from mockserver.engine.engine import Engine
from mockserver.engine.files.results import ResultFile
from mockserver.engine.settings import Settings
from mockserver.media.decode import decode
from mockserver.web import files
from mockserver.web.app import build_app
from mockserver.web.asgi import App
from mockserver.web.calls import Request
from mockserver.web.files import Drawn, Files
from mockserver.web.options import Options

Ask = Callable[..., httpx.Response]

PROMPT = {"prompt": "a fox in the snow", "size": "1024*1536"}


@pytest.fixture
def finish(ask: Ask, clock: ManualClock) -> Callable[..., str]:
    """Submits, waits, and gives the path of the result file."""

    def finish(**body: Any) -> str:
        path, status = "/gptimage15/api/generate", "/gptimage15/api/status"
        task = ask("POST", path, json={**PROMPT, **body}).json()["data"]["task_id"]
        clock.advance(600_000)
        found = ask("GET", status, params={"task_id": task}).json()["data"]["response"]
        return str(urlsplit(found[0]).path)

    return finish


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[ResultFile]:
    """What was drawn; drawing itself is quick here."""
    drawn: list[ResultFile] = []

    def draw(file: ResultFile) -> Drawn:
        drawn.append(file)
        return Drawn(b"x" * 1_000, "image/png", f'"{len(drawn)}"')

    monkeypatch.setattr(files, "draw", draw)
    return drawn


def test_a_result_is_an_image_that_carries_its_request(
    ask: Ask, finish: Callable[..., str]
) -> None:
    """The file has the size and the prompt that were asked for, and needs no key."""
    reply = ask("GET", finish(), key=None)

    assert (reply.status_code, reply.headers["content-type"]) == (200, "image/png")
    assert Image.open(io.BytesIO(reply.content)).size == (1024, 1536)
    assert decode(reply.content).prompt == "a fox in the snow"


def test_head_tells_the_length_of_a_file(ask: Ask, finish: Callable[..., str]) -> None:
    """HEAD has the headers of GET, without the file."""
    path = finish()

    head, whole = ask("HEAD", path, key=None), ask("GET", path, key=None)

    assert head.content == b""
    assert head.headers == whole.headers


def test_a_file_that_is_known_is_not_sent_again(ask: Ask, finish: Callable[..., str]) -> None:
    """With its tag, a client hears that nothing has changed."""
    path = finish()
    tag = ask("GET", path, key=None).headers["etag"]

    reply = ask("GET", path, key=None, headers={"if-none-match": tag})

    assert (reply.status_code, reply.content) == (304, b"")
    assert "content-length" not in reply.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_files_can_only_be_read(ask: Ask, finish: Callable[..., str], method: str) -> None:
    """Other methods are told which ones there are."""
    reply = ask(method, finish(), key=None)

    assert (reply.status_code, reply.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.replace("/1.", "/2."),
        lambda path: path.replace("/1.", "/0."),
        lambda path: path.replace("/1.", "/" + "9" * 5_000 + "."),
        lambda path: path.replace("/gptimage15/", "/kie/"),
        lambda path: path.replace("gptimg", "nope"),
        lambda path: "/_files/0123456789abcdef" + path[24:],
        lambda path: path + "/x",
        lambda path: path + "?until=1&sign=x",
        lambda _: "/_files/",
        lambda _: "/_files/../../etc/passwd",
        lambda _: "/_files/%2e%2e/%2e%2e/%2e%2e/passwd.png",
        lambda _: "/_files/a/b/%ff/1.png",
        lambda _: "/_files/a/b/%00/1.png",
    ],
    ids=range(13),
)
def test_a_wrong_address_is_not_found(
    ask: Ask, finish: Callable[..., str], change: Callable[[str], str]
) -> None:
    """Whatever is not the address of a file says so, in one sentence."""
    reply = ask("GET", change(finish()), key=None)

    assert reply.status_code == 404
    assert reply.json()["error"]


def test_a_task_that_runs_has_no_file(ask: Ask, engine: Engine) -> None:
    """A guessed address is empty until the task has ended."""
    task = ask("POST", "/gptimage15/api/generate", json=PROMPT).json()["data"]["task_id"]
    (account,) = engine.accounts

    reply = ask("GET", f"/_files/{account.id}/gptimage15/{task}/1.png", key=None)

    assert reply.status_code == 404
    assert "not ended" in reply.json()["error"]


def test_a_key_at_the_file_host_is_noted(ask: Ask, finish: Callable[..., str]) -> None:
    """A client that sends its key where results lie is served, and betrayed."""
    path = finish()
    ask("GET", path)

    last = ask("GET", "/_mock/accounts/sk-mock-test/requests").json()["requests"][-1]

    assert last["target"] == path
    assert last["notes"] == ["the API key was sent to the file host"]


def test_every_request_for_a_file_is_in_the_journal(ask: Ask, finish: Callable[..., str]) -> None:
    """With the task, and with what tells the file from others; a file that there is not, too."""
    path = finish()
    content = ask("GET", path, key=None).content
    ask("GET", path.replace("/1.", "/2."), key=None)

    rows = ask("GET", "/_mock/accounts/sk-mock-test/requests?operation=file").json()["requests"]

    there, missing = rows
    digest = blake2b(content, digest_size=16).hexdigest()
    assert there["reply"] == {
        "bytes": len(content),
        "media_type": "image/png",
        "blake2b": digest,
    }
    assert there["task"] == missing["task"] is not None
    assert (there["status"], missing["status"]) == (200, 404)
    assert there["notes"] == missing["notes"] == []


def request(path: str) -> Request:
    return Request("GET", path, path, b"", {}, "http://127.0.0.1:8787")


async def fetch_at_once(shelf: Files, paths: Sequence[str]) -> list[Reply]:
    return await asyncio.gather(*(shelf.answer(request(path)) for path in paths))


def test_a_file_is_drawn_once_for_all_who_ask(
    engine: Engine, finish: Callable[..., str], drawn: list[ResultFile]
) -> None:
    """Fifty clients at once get one drawing, and so does the one that comes later."""
    path, shelf = finish(), Files(engine)

    replies = asyncio.run(fetch_at_once(shelf, [path] * 50))
    asyncio.run(fetch_at_once(shelf, [path]))

    assert {reply.status for reply in replies} == {200}
    assert len(drawn) == 1


def test_files_are_kept_within_a_number_of_bytes(
    engine: Engine, finish: Callable[..., str], drawn: list[ResultFile]
) -> None:
    """When there is no more room, the file that was asked for least lately is drawn anew."""
    one, two, three = finish(prompt="1"), finish(prompt="2"), finish(prompt="3")
    shelf = Files(engine, cache_bytes=2_000)

    for path in (one, two, one, three, one, two):
        asyncio.run(fetch_at_once(shelf, [path]))

    assert [file.prompt for file in drawn] == ["1", "2", "3", "2"]


def test_a_drawing_that_fails_is_tried_again(
    engine: Engine, finish: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure is not kept."""
    path, shelf = finish(), Files(engine)

    def fail(_: ResultFile) -> Drawn:
        raise OSError("no more paint")

    with monkeypatch.context() as patch:
        patch.setattr(files, "draw", fail)
        with pytest.raises(OSError, match="paint"):
            asyncio.run(fetch_at_once(shelf, [path]))

    assert asyncio.run(fetch_at_once(shelf, [path]))[0].status == 200


def test_equal_requests_draw_equal_bytes(
    contracts: Sequence[Contract], ask_app: Callable[[App], Ask]
) -> None:
    """Two servers with one seed give the same file for the same submit."""
    found = []
    for _ in range(2):
        clock = ManualClock()
        ask = ask_app(build_app(Engine(contracts, clock, Settings()), Options()))
        reply = ask("POST", "/gptimage15/api/generate", json=PROMPT).json()
        clock.advance(600_000)
        task = reply["data"]["task_id"]
        status = ask("GET", "/gptimage15/api/status", params={"task_id": task}).json()
        found.append(ask("GET", urlsplit(status["data"]["response"][0]).path).content)

    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("model", "given", "media_type"),
    [
        ("kling/v2-5-turbo-text-to-video-pro", {"prompt": "a fox"}, "video/mp4"),
        (
            "elevenlabs/sound-effect-v2",
            {"text": "a fox", "duration_seconds": 0.5, "output_format": "pcm_16000"},
            "audio/wav",
        ),
    ],
)
def test_a_recording_is_served_whole_or_in_parts(
    ask: Ask, clock: ManualClock, model: str, given: dict[str, Any], media_type: str
) -> None:
    """Videos and sounds have their content type, their length, and parts that players ask for."""
    reply = ask("POST", "/kie/api/v1/jobs/createTask", json={"model": model, "input": given})
    clock.advance(3_600_000)
    params = {"taskId": reply.json()["data"]["taskId"]}
    record = ask("GET", "/kie/api/v1/jobs/recordInfo", params=params).json()["data"]
    path = urlsplit(record["response"]["resultUrls"][0]).path

    whole, head = ask("GET", path, key=None), ask("HEAD", path, key=None)
    part = ask("GET", path, key=None, headers={"range": "bytes=4-11"})

    assert whole.headers["content-type"] == head.headers["content-type"] == media_type
    assert head.headers["content-length"] == str(len(whole.content))
    assert (part.status_code, part.content) == (206, whole.content[4:12])
    assert decode(whole.content).prompt == "a fox"
