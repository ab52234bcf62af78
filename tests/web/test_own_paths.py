"""KIE.AI's APIs with paths of their own: from the submit to the file, by what people call."""

import io
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from PIL import Image

from mockserver.clock import ManualClock
from mockserver.contract.load import load
from mockserver.data import contracts_dir
from mockserver.engine.engine import Engine
from mockserver.engine.settings import Settings
from mockserver.media.decode import decode
from mockserver.web.app import build_app
from mockserver.web.asgi import App
from mockserver.web.options import Options

Ask = Callable[..., httpx.Response]

IMAGE_4O = "/kie/api/v1/gpt4o-image"
KONTEXT = "/kie/api/v1/flux/kontext"
HOOK = "http://127.0.0.1:9/hook"
FOX: dict[str, Any] = {"prompt": "a fox", "callBackUrl": HOOK}
SIZED = {**FOX, "size": "1:1"}
VEO = "/kie/api/v1/veo"
ALEPH = "/kie/api/v1/aleph"
FILMED = {**FOX, "videoUrl": "https://shop.example/1.mp4"}
FAMILIES = {"4o": (IMAGE_4O, SIZED), "kontext": (KONTEXT, FOX)}
of_each_family = pytest.mark.parametrize(("path", "body"), FAMILIES.values(), ids=FAMILIES)


class Shop:
    """The application, its clock, and short ways to order something."""

    def __init__(self, ask: Ask, clock: ManualClock, engine: Engine) -> None:
        self.ask = ask
        self.clock = clock
        self.engine = engine

    def submit(self, path: str, body: Any, **given: Any) -> str:
        """Order something that should be taken; the task's id."""
        reply = self.ask("POST", f"{path}/generate", json=body, **given).json()
        assert (reply["code"], reply["msg"], list(reply["data"])) == (200, "success", ["taskId"])
        return str(reply["data"]["taskId"])

    def look(self, path: str, task: str, **given: Any) -> dict[str, Any]:
        """A task as it stands."""
        params = {"taskId": task}
        reply = self.ask("GET", f"{path}/record-info", params=params, **given).json()
        assert (reply["code"], reply["msg"]) == (200, "success")
        data: dict[str, Any] = reply["data"]
        return data

    def fetch(self, url: str) -> httpx.Response:
        """What lies at an address."""
        parts = urlsplit(url)
        return self.ask("GET", f"{parts.path}?{parts.query}", key=None)

    def open_picture(self, url: str) -> Image.Image:
        """The picture at an address."""
        reply = self.fetch(url)
        assert reply.status_code == 200
        return Image.open(io.BytesIO(reply.content))

    def hear(self) -> list[dict[str, Any]]:
        """The bodies of the callbacks that are ready to be sent."""
        return [json.loads(delivery.body) for _, delivery in self.engine.outbox.take_ready()]

    def count_credits(self, **given: Any) -> float:
        """The credits that are left."""
        return float(self.ask("GET", "/kie/api/v1/chat/credit", **given).json()["data"])


@pytest.fixture
def shop(ask: Ask, clock: ManualClock, engine: Engine) -> Shop:
    """Everything that comes with the package; callbacks stay where a test can take them."""
    engine.outbox.wake = lambda: None
    return Shop(ask, clock, engine)


@pytest.mark.parametrize(
    ("size", "variants", "pixels"),
    [("1:1", 1, (1024, 1024)), ("3:2", 2, (1536, 1024)), ("2:3", 4, (1024, 1536))],
)
def test_a_4o_image_is_made(shop: Shop, size: str, variants: int, pixels: tuple[int, int]) -> None:
    """Flag, word and progress go along; there are as many files as variants, of the asked size."""
    body = {**FOX, "size": size, "nVariants": variants}
    task, told = shop.submit(IMAGE_4O, body), []
    for _ in range(30):
        told.append(shop.look(IMAGE_4O, task))
        shop.clock.advance(4_000)

    walk = [(each["successFlag"], each["status"], each["progress"]) for each in told]
    assert list(dict.fromkeys(walk)) == [
        *((0, "GENERATING", "0.00"), (0, "GENERATING", "0.50"), (1, "SUCCESS", "1.00"))
    ]
    assert json.loads(told[0]["paramJson"]) == body
    assert (told[0]["response"], told[0]["completeTime"]) == (None, None)
    assert told[-1]["completeTime"] > told[-1]["createTime"] == told[0]["createTime"]
    urls = told[-1]["response"]["resultUrls"]
    assert [shop.open_picture(url).size for url in urls] == [pixels] * variants
    assert shop.open_picture(urls[0]).format == "PNG"
    assert shop.hear() == [
        {"code": 200, "msg": "success", "data": {"taskId": task, "info": {"result_urls": urls}}}
    ]
    assert shop.count_credits() == 100_000 - 6 * variants


@pytest.mark.parametrize(
    ("fields", "pixels", "made", "price"),
    [
        ({}, (1360, 768), "JPEG", 5),
        ({"aspectRatio": "9:16", "outputFormat": "png"}, (768, 1360), "PNG", 5),
        ({"aspectRatio": "1:1", "model": "flux-kontext-max"}, (1024, 1024), "JPEG", 10),
    ],
)
def test_a_kontext_image_is_made(
    shop: Shop, fields: dict[str, str], pixels: tuple[int, int], made: str, price: int
) -> None:
    """Of the asked ratio and format, at the price of its model, under two addresses."""
    task = shop.submit(KONTEXT, {**FOX, **fields})
    before = shop.look(KONTEXT, task)
    shop.clock.advance(25_000)
    after = shop.look(KONTEXT, task)

    assert (before["successFlag"], before["response"], after["successFlag"]) == (0, None, 1)
    assert before["createTime"].endswith("Z")
    found = after["response"]
    picture = shop.open_picture(found["resultImageUrl"])
    assert (picture.size, picture.format) == (pixels, made)
    assert shop.open_picture(found["originImageUrl"]).size == pixels
    assert shop.hear() == [
        {
            "code": 200,
            "msg": "BFL image generated successfully.",
            "data": {"taskId": task, "info": found},
        }
    ]
    assert shop.count_credits() == 100_000 - price


POLICY_4O = (400, "Your content was flagged by OpenAI as violating content policies")
POLICY_KONTEXT = (400, "Your prompt was flagged by Website as violating content policies.")


@pytest.mark.parametrize(
    ("family", "scenario", "failure"),
    [
        ("4o", "fails", (500, "Please try again later")),
        ("4o", "content-policy", POLICY_4O),
        ("4o", "download-failed", (451, "Unable to download image from the provided filesUrl")),
        ("kontext", "fails", (500, "Internal Error, Please try again later.")),
        ("kontext", "content-policy", POLICY_KONTEXT),
        ("kontext", "generation-failed", (501, "Image generation task failed")),
        ("kontext", "download-failed", (500, "Internal Error, Please try again later.")),
    ],
)
def test_a_task_fails_in_the_words_of_its_api(
    shop: Shop, family: str, scenario: str, failure: tuple[int, str]
) -> None:
    """Code and text in the reply and in the callback; the credits are given back."""
    path, body = FAMILIES[family]
    me = {"key": f"sk-mock-me.{scenario}"}
    task = shop.submit(path, body, **me)
    shop.clock.advance(100_000)
    failed = shop.look(path, task, **me)
    (told,) = shop.hear()

    assert failed["successFlag"] == (2 if family == "4o" else 3)
    assert (failed["errorCode"], failed["errorMessage"]) == failure
    assert (told["code"], told["msg"], told["data"]["taskId"]) == (*failure, task)
    assert shop.count_credits(**me) == 100_000


@of_each_family
def test_a_task_is_known_to_its_own_api_alone(shop: Shop, path: str, body: Any) -> None:
    """Each record-info, that of the jobs too, answers to the others' tasks as to unknown ones."""
    task = shop.submit(path, body)
    unknown = {"code": 422, "msg": "The record does not exist", "data": None}
    for other, _ in FAMILIES.values():
        reply = shop.ask("GET", f"{other}/record-info", params={"taskId": task}).json()
        assert (reply == unknown) is (other != path)
    jobs = shop.ask("GET", "/kie/api/v1/jobs/recordInfo", params={"taskId": task}).json()
    none = shop.ask("GET", f"{path}/record-info", params={"taskId": "none"}).json()

    assert jobs == {"code": 422, "msg": "recordInfo is null", "data": None}
    assert none == unknown


@pytest.mark.parametrize(
    ("path", "body", "code", "text"),
    [
        (IMAGE_4O, {**FOX, "size": "16:9"}, 422, "size"),
        (IMAGE_4O, FOX, 422, "size"),
        (IMAGE_4O, {"size": "1:1"}, 422, "body"),  # neither a prompt nor an image
        (IMAGE_4O, {**SIZED, "filesUrl": ["https://shop.example/1.png"] * 6}, 422, "filesUrl"),
        (IMAGE_4O, {**SIZED, "nVariants": 3}, 422, "nVariants"),
        (KONTEXT, {**FOX, "aspectRatio": "2:3"}, 422, "aspectRatio"),
        (KONTEXT, {"aspectRatio": "1:1"}, 422, "prompt"),
        (KONTEXT, {**FOX, "safetyTolerance": 7}, 422, "safetyTolerance"),
    ],
)
def test_a_bad_request_is_refused(shop: Shop, path: str, body: Any, code: int, text: str) -> None:
    """With HTTP status 200, the code in the body, and nothing to pay."""
    reply = shop.ask("POST", f"{path}/generate", json=body)

    assert reply.status_code == 200
    assert reply.json() == {"code": code, "msg": f"Validation error: {text}", "data": None}
    assert shop.count_credits() == 100_000


@pytest.mark.parametrize(
    ("scenario", "of_4o", "of_kontext"),
    [
        ("insufficient-credits", 402, 402),
        ("unauthorized", 401, 401),
        ("rate-limited", 429, 429),
        ("maintenance", 455, 455),
        ("server-error", 500, 500),
        ("no-such-resource", 404, 404),
        ("malformed", 400, 422),
        ("too-many-active", 550, 200),  # each page has codes of its own
        ("feature-disabled", 200, 505),
    ],
)
def test_a_key_asks_for_each_code(shop: Shop, scenario: str, of_4o: int, of_kontext: int) -> None:
    """Those that the API documents; a submit that has none for a scenario is accepted."""
    given = [(IMAGE_4O, SIZED, of_4o), (KONTEXT, FOX, of_kontext)]
    for path, body, code in given:
        reply = shop.ask("POST", f"{path}/generate", json=body, key=f"sk-mock-me.{scenario}").json()
        assert reply["code"] == code


def test_a_4o_image_has_a_download_link(shop: Shop) -> None:
    """For a result of the task that is named, good for 20 minutes; for nothing else."""
    tasks = [shop.submit(IMAGE_4O, SIZED), shop.submit(IMAGE_4O, SIZED)]
    shop.clock.advance(100_000)
    urls = [shop.look(IMAGE_4O, task)["response"]["resultUrls"][0] for task in tasks]

    def link(**body: str) -> dict[str, Any]:
        reply: dict[str, Any] = shop.ask("POST", f"{IMAGE_4O}/download-url", json=body).json()
        return reply

    made = link(taskId=tasks[0], url=urls[0])
    assert shop.open_picture(made["data"]).size == (1024, 1024)
    assert link(taskId="none", url=urls[0]) == {"code": 422, "msg": "record is null", "data": None}
    for url in (urls[1], "https://shop.example/1.png"):
        refused = link(taskId=tasks[0], url=url)
        assert (refused["code"], refused["msg"]) == (422, "record result data not exist")
    assert link(taskId=tasks[0])["msg"] == "Validation error: url"
    shop.clock.advance(20 * 60_000)
    assert shop.fetch(made["data"]).status_code != 200


@pytest.mark.parametrize(
    ("fields", "pixels", "seconds", "price"),
    [
        ({}, "1280x720", 8, 60),
        ({"model": "veo3_lite", "aspect_ratio": "9:16", "duration": 4}, "720x1280", 4, 30),
        ({"model": "veo3", "resolution": "1080p", "duration": 6}, "1920x1080", 6, 255),
    ],
)
def test_a_veo_video_is_made(
    shop: Shop, fields: dict[str, Any], pixels: str, seconds: int, price: int
) -> None:
    """Of the asked size and length; its other version is there once it has succeeded."""
    task = shop.submit(VEO, {**FOX, **fields})
    early = shop.ask("GET", f"{VEO}/get-1080p-video", params={"taskId": task}).json()
    before = shop.look(VEO, task)
    shop.clock.advance(180_000)
    after = shop.look(VEO, task)
    (url,) = after["response"]["resultUrls"]
    late = shop.ask("GET", f"{VEO}/get-1080p-video", params={"taskId": task}).json()
    (told,) = shop.hear()

    assert (before["successFlag"], before["response"], after["successFlag"]) == (0, None, 1)
    assert early == {"code": 422, "msg": "record status is not success", "data": None}
    assert late["data"] == {"resultUrl": url}
    assert (told["code"], told["data"]["info"]["resultUrls"]) == (200, [url])
    found = decode(shop.fetch(url).content)
    assert (f"{found.width}x{found.height}", found.seconds) == (pixels, seconds)
    assert shop.count_credits() == 100_000 - price


def test_a_veo_video_is_made_longer(shop: Shop) -> None:
    """By a task of its own, at a price of its own, told of by the same call."""
    longer = {"taskId": shop.submit(VEO, FOX), "prompt": "and on", "model": "quality"}
    reply = shop.ask("POST", f"{VEO}/extend", json=longer).json()
    shop.clock.advance(180_000)
    told = shop.look(VEO, reply["data"]["taskId"])

    assert told["successFlag"] == 1
    assert json.loads(told["paramJson"]) == longer
    assert shop.count_credits() == 100_000 - 60 - 250


def test_a_video_is_changed_by_aleph(shop: Shop) -> None:
    """The callback names the task beside its data; an unknown task is told without any."""
    me = {"key": "sk-mock-me.content-policy"}
    task, lost = shop.submit(ALEPH, FILMED), shop.submit(ALEPH, FILMED, **me)
    shop.clock.advance(180_000)
    made, failed = shop.look(ALEPH, task), shop.look(ALEPH, lost, **me)
    told = {each["taskId"]: each for each in shop.hear()}
    url = made["response"]["resultVideoUrl"]
    unknown = shop.ask("GET", f"{ALEPH}/record-info", params={"taskId": "none"}).json()
    text = "Your prompt was caught by our AI moderator. Please adjust it and try again!"

    assert decode(shop.fetch(url).content).format == "mp4"
    assert told[task] == {
        "code": 200,
        "msg": "success",
        "taskId": task,
        "data": {"result_video_url": url},
    }
    assert told[lost] == {"code": 400, "msg": text, "data": None, "taskId": lost}
    assert (failed["successFlag"], failed["errorCode"], failed["errorMessage"]) == (3, 400, text)
    assert unknown == {"code": 200, "msg": "success", "data": None}
    assert shop.count_credits() == 100_000 - 110


def test_every_api_counts_for_one_limit(shop: Shop) -> None:
    """Twenty new tasks in ten seconds for an account, however they are ordered."""
    for number in range(20):
        shop.submit(*FAMILIES["4o" if number % 2 else "kontext"])
    replies = [
        shop.ask("POST", f"{path}/generate", json=body).json() for path, body in FAMILIES.values()
    ]

    assert [reply["code"] for reply in replies] == [429, 429]


def open_edition(edition: str, clock: ManualClock, ask_app: Callable[[App], Ask]) -> Shop:
    engine = Engine([load(contracts_dir() / "kie", edition)], clock, Settings(speed=1))
    ask = ask_app(build_app(engine, Options()))
    engine.outbox.wake = lambda: None
    return Shop(ask, clock, engine)


@pytest.mark.parametrize("edition", ["documented", "2026-04", "2026-08"])
def test_the_apis_are_in_every_edition(
    ask_app: Callable[[App], Ask], clock: ManualClock, edition: str
) -> None:
    """What was on the pages in April is there; an unknown task has the code of its edition."""
    shop = open_edition(edition, clock, ask_app)
    for path, body in FAMILIES.values():
        task = shop.submit(path, body)
        clock.advance(100_000)
        unknown = shop.ask("GET", f"{path}/record-info", params={"taskId": "none"}).json()

        assert shop.look(path, task)["successFlag"] == 1
        assert unknown["code"] == (404 if edition == "documented" else 422)
