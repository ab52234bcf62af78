"""A small client in plain Python, for tests of the machinery around it."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from threading import Event
from typing import Any
from urllib.error import HTTPError

from mockserver.conformance.client import Errand

MODEL = "gpt-image-2-text-to-image"


def call(errand: Errand, path: str, body: object = None) -> Any:
    """One call of the API."""
    request = urllib.request.Request(  # noqa: S310 - the mock server's
        errand.base_url + path,
        None if body is None else json.dumps(body).encode(),
        {
            "Authorization": f"Bearer {errand.api_key}",
            "Content-Type": "application/json",
            "User-Agent": "small/1",
        },
    )
    with fetch(request) as reply:
        return json.load(reply)


@contextmanager
def fetch(request: urllib.request.Request | str) -> Iterator[HTTPResponse]:
    """The reply to a request; an HTTPError is closed when it is raised."""
    try:
        with urllib.request.urlopen(request, timeout=5) as reply:  # noqa: S310 - the mock server's
            yield reply
    except HTTPError as error:
        error.close()
        raise


def submit(errand: Errand, **words: str) -> str:
    """Order an image; the id of the task."""
    body = {"model": MODEL, "input": {"prompt": errand.prompt}, **words}
    found: str = call(errand, "/api/v1/jobs/createTask", body)["data"]["taskId"]
    return found


def wait(errand: Errand, task: str, pause: float = 0.02) -> list[str]:
    """Poll until the task has ended; a poll that goes wrong is tried again."""
    trouble = 0
    for _ in range(40):
        try:
            data = call(errand, f"/api/v1/jobs/recordInfo?taskId={task}")["data"]
        except (OSError, ValueError):
            trouble += 1
            if trouble > 4:
                raise
            continue
        if data["state"] == "success":
            found: list[str] = json.loads(data["resultJson"])["resultUrls"]
            return found
        if data["state"] == "fail":
            raise RuntimeError(data["failMsg"])
        Event().wait(pause)
    raise TimeoutError(f"{task} has not ended in time")


def save(errand: Errand, urls: list[str]) -> None:
    """Fetch the result files."""
    for number, url in enumerate(urls):
        with fetch(url) as reply:
            (errand.folder / f"{number}.png").write_bytes(reply.read())


def generate(errand: Errand) -> dict[str, str]:
    """Order an image, wait for it and save it."""
    save(errand, wait(errand, submit(errand)))
    return {"outcome": "succeeded"}


def order_again(errand: Errand) -> None:
    """The same; but whatever goes wrong, order once more."""
    try:
        generate(errand)
    except OSError:
        generate(errand)


def poll_on(errand: Errand) -> None:
    """The same; and ask once more how the task stands, and fetch nothing."""
    task = submit(errand)
    wait(errand, task)
    wait(errand, task)
