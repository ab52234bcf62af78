"""The requests of the benchmark: one submit of 511 bytes and one poll, as they go over the wire."""

import json
from collections.abc import Iterable

from tests.bench.load import NUMBER

KEY = "sk-mock-bench"
SUBMIT_PATH = "/api/v1/jobs/createTask"
POLL_PATH = "/api/v1/jobs/recordInfo?taskId="
MODEL = "gpt-image/1.5-text-to-image"
BODY_BYTES = 511
POLLED = 500  # tasks that a poll run goes through in turn
OK = '"code":200'

SCENE = (
    "A photorealistic candid photograph of an elderly sailor on a small fishing boat, who is "
    "calmly adjusting a net while his dog sits nearby on the deck; weathered skin with visible "
    "wrinkles and sun texture, faded tattoos on his arms, shot like a 35mm film photograph at eye "
    "level with a 50mm lens, honest and unposed, worn materials, everyday detail, no retouching, "
)


def build_body(number: str = NUMBER.decode()) -> str:
    """A submit whose prompt carries a number, so that no two are alike."""
    content = {"prompt": "", "aspect_ratio": "1:1", "quality": "medium"}
    body = {"model": MODEL, "input": content}
    room = BODY_BYTES - len(_dump(body)) - len(number)
    content["prompt"] = SCENE.ljust(room, "x")[:room] + number
    return _dump(body)


def build_submit(key: str = KEY) -> str:
    """A submit as it goes over the wire, with a place for its number."""
    body = build_body()
    head = _build_head("POST", SUBMIT_PATH, key)
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"


def build_poll(task_id: str, key: str = KEY) -> str:
    """A poll as it goes over the wire."""
    return _build_head("GET", POLL_PATH + task_id, key) + "\r\n"


def build_get(path: str) -> str:
    """A plain request for a page."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def build_polls(ids: Iterable[str] = ()) -> list[str]:
    """Polls for some tasks; made-up ones for a server that keeps none."""
    return [build_poll(task) for task in ids or (f"{number:032x}" for number in range(POLLED))]


def _build_head(method: str, target: str, key: str) -> str:
    return (
        f"{method} {target} HTTP/1.1\r\n"
        "Host: 127.0.0.1\r\n"
        f"Authorization: Bearer {key}\r\n"
        "Accept: application/json\r\n"
    )


def _dump(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
