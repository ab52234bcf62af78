"""A place where callbacks arrive, and somebody who brings them on late, twice or never."""

import json
import threading
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Final

from hypothesis import strategies as st

from imagejobs import Inbox, Receiver
from tests.laws.targets import SECRET, Place

Post = tuple[bytes, Mapping[str, str]]  # a body and its headers


class Hook:
    """Takes every POST, in a thread of its own."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                hook.posts.append((body, {k.lower(): v for k, v in self.headers.items()}))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        words = {"poll_interval": 0.01}
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs=words)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/hook"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@dataclass(frozen=True)
class Postman:
    """Brings a callback on after so many sleeps, so many times, perhaps after a false one."""

    late: int = 0
    times: int = 1  # 0: it is lost
    lie: str = ""  # what comes first and says the opposite: "forged", or signed and then "changed"


LIES: Final = st.sampled_from(["", "forged", "changed"])
POSTMEN: Final = st.builds(Postman, st.integers(0, 3), st.integers(0, 3), LIES)
OPPOSITES: Final = {"success": "fail", "fail": "success", "SUCCESS": "FAILED", "FAILED": "SUCCESS"}


@dataclass
class Round:
    """One postman's way from a hook to a client's receiver."""

    place: Place
    hook: Hook
    postman: Postman
    secret: str | None  # None: the provider does not sign
    sleeps: int = 0
    arrived_at: int | None = None
    statuses: list[int] = field(default_factory=list)  # of the receiver's answers

    def __post_init__(self) -> None:
        self.hook.posts.clear()
        self.inbox = Inbox()
        provider = self.place.provider
        words: dict[str, Any] = {"secret": self.secret, "inbox": self.inbox}
        self.receiver = Receiver(provider, now=self.place.line.now, **words)
        self.place.releases.append(self.walk)

    def walk(self) -> None:
        """One sleep is over."""
        self.sleeps += 1
        if self.hook.posts and self.arrived_at is None:
            self.arrived_at = self.sleeps
        if self.arrived_at is not None and self.sleeps == self.arrived_at + self.postman.late:
            self.bring()

    def bring(self) -> None:
        body, headers = self.hook.posts[0]
        if self.postman.lie:
            signed = dict(headers)
            if self.postman.lie == "forged":
                signed["x-webhook-signature"] = "bGll"
            self.statuses.append(run_now(post(self.receiver, contradict(body), signed)))
        for _ in range(self.postman.times):
            self.statuses.append(run_now(post(self.receiver, body, headers)))


def contradict(body: bytes) -> bytes:
    """A callback's body with the opposite end, and results that are somebody else's."""
    value = json.loads(body)
    name = "state" if "state" in value["data"] else "status"
    value["data"][name] = OPPOSITES[value["data"][name]]
    return json.dumps(value).replace("//127.0.0.1", "//evil.example").encode()


def choose_secret(provider: str) -> str | None:
    """What a provider signs with; one of them documents a signature."""
    return SECRET if provider == "kie" else None


async def post(receiver: Receiver, body: bytes, headers: Mapping[str, str]) -> int:
    """The status that a receiver answers."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body}

    async def send(message: Any) -> None:
        sent.append(message)

    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    await receiver({"type": "http", "method": "POST", "headers": pairs}, receive, send)
    status: int = sent[0]["status"]
    return status


def run_now(steps: Coroutine[Any, Any, int]) -> int:
    """The result of a coroutine that waits for nothing, with or without an event loop."""
    try:
        steps.send(None)
    except StopIteration as end:
        result: int = end.value
        return result
    raise AssertionError("it waits for something")
