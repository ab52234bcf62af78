"""The emulator from a client's side: one account, its clock, its tasks."""

import http.client
import itertools
import json
from collections.abc import Iterator
from typing import Any, Self
from urllib.parse import urlsplit

from tests.bench.load import NUMBER
from tests.bench.wire import KEY, POLL_PATH, POLLED, SUBMIT_PATH, build_body

PROVIDER = "kie"
PLENTY = 1_000_000_000  # credits
Headers = dict[str, str]

LONG = "1h"  # by then every task has ended


class Refused(Exception):
    """The emulator did not do what the benchmark needs."""


class Emulator:
    """One account of a running emulator, over one keep-alive connection."""

    def __init__(self, port: int, key: str = KEY) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._key = key
        self._account = f"/_mock/accounts/{key}"
        self._numbers = itertools.count(90_000_000)

    def __enter__(self) -> Self:
        self._enrich()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def control(self, method: str, path: str, body: object = None) -> Any:
        """Make a control call for the account."""
        sent = None if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        return json.loads(self.request(method, self._account + path, sent, headers) or b"null")

    def forget(self) -> None:
        """Begin again with a new account."""
        self.control("DELETE", "")
        self._enrich()

    def freeze(self) -> None:
        """Stop the account's clock, so that tasks stay as they are."""
        self.control("POST", "/clock", {"freeze": True})

    def advance(self, span: str = LONG) -> None:
        """Move the account's clock on."""
        self.control("POST", "/clock", {"advance": span})

    def submit(self, count: int = POLLED) -> list[str]:
        """Submit some tasks that differ; their ids."""
        return list(itertools.islice(self._submit(), count))

    def inspect(self, task_id: str) -> dict[str, Any]:
        """A task as a client sees it."""
        data: dict[str, Any] = self._call("GET", POLL_PATH + task_id)
        return data

    def fetch(self, url: str) -> bytes:
        """A result file, from the listener that we talk to already."""
        return self.request("GET", urlsplit(url).path)

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: Headers | None = None
    ) -> bytes:
        """Make one request; anything but a success raises Refused."""
        self._http.request(method, path, body, headers or {})
        answer = self._http.getresponse()
        content = answer.read()
        if not 200 <= answer.status < 300:
            raise Refused(f"{method} {path} was answered {answer.status}: {content[:300]!r}")
        return content

    def _enrich(self) -> None:
        """Give the account room for any number of tasks."""
        self.control("PATCH", "", {"tier": "unlimited"})
        self.control("POST", "/credits", {"provider": PROVIDER, "set": PLENTY})

    def _submit(self) -> Iterator[str]:
        for number in self._numbers:
            body = build_body().replace(NUMBER.decode(), f"{number:08d}")
            yield self._call("POST", SUBMIT_PATH, body.encode())["taskId"]

    def _call(self, method: str, path: str, body: bytes | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self._key}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        reply = json.loads(self.request(method, path, body, headers))
        if reply["code"] != 200:
            raise Refused(f"{method} {path} was refused: {reply}")
        return reply["data"]
