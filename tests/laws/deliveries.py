"""Callbacks as anybody may send them: signed or forged, fresh or old, once or again and again."""

import asyncio
import json
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import httpx
from hypothesis import strategies as st

from imagejobs import (
    AsyncClient,
    Client,
    Delivery,
    ImageError,
    Inbox,
    Receiver,
    Settings,
    Task,
    webhook,
)
from tests.laws.hooks import post, run_now
from tests.laws.schedules import Timepiece
from tests.laws.upstream import EPOCH, KEY

SECRET: Final = "a secret"
STATES: Final = {"success": "succeeded", "fail": "failed", "generating": "running"}
TASKS: Final = ("task-1", "task-2")
TRUE: Final = "https://files.provider.example/true.png"
FOREIGN: Final = "https://files.evil.example/false.png"


@dataclass(frozen=True)
class Post:
    """A callback: what it says, and what was done to its signature."""

    task_id: str = "task-1"
    state: str = "success"
    signing: str = "right"  # none, another secret, another task, damaged
    age: int = 0  # seconds since it was signed
    result: str = FOREIGN  # KIE.AI signs no body, so whoever sees a callback may change it

    @property
    def is_true(self) -> bool:
        return self.signing == "right" and abs(self.age) <= webhook.TOLERANCE

    def write(self) -> tuple[bytes, dict[str, str]]:
        """Body and headers."""
        results = json.dumps({"resultUrls": [self.result]})
        data = {"taskId": self.task_id, "state": self.state, "resultJson": results}
        body = json.dumps({"code": 200, "msg": "news", "data": data}).encode()
        if self.signing == "none":
            return body, {}
        signed = "task-9" if self.signing == "another task" else self.task_id
        secret = "x" if self.signing == "another secret" else SECRET
        moment = str(int(EPOCH) - self.age)
        signature = webhook.sign(signed, moment, secret)
        if self.signing == "damaged":
            signature = signature[:-3] + ("A" if signature[-3] != "A" else "B") + signature[-2:]
        headers = {"x-webhook-timestamp": moment, "x-webhook-signature": signature}
        return body, headers


SIGNINGS: Final = ["right", "right", "none", "another secret", "another task", "damaged"]
POSTS: Final = st.builds(
    Post,
    st.sampled_from(TASKS),
    st.sampled_from(sorted(STATES)),
    st.sampled_from(SIGNINGS),
    st.sampled_from([0, 0, 299, -299, 301, -301, 10**6]),
    st.sampled_from([TRUE, FOREIGN]),
)


class Register(Inbox):
    """An inbox that remembers what it was given, and what of it was news."""

    def __init__(self) -> None:
        super().__init__()
        self.news: list[Delivery] = []

    def put(self, delivery: Delivery) -> bool:
        is_new = super().put(delivery)
        if is_new:
            self.news.append(delivery)
        return is_new


def deliver(receiver: Receiver, posts: list[Post]) -> list[int]:
    """Send callbacks to a receiver, one after the other; the statuses of its answers."""
    return [run_now(post(receiver, *each.write())) for each in posts]


def open_receiver(provider: str = "kie", secret: str | None = SECRET) -> tuple[Receiver, Register]:
    """A receiver on a clock that stands still, and its inbox."""
    inbox = Register()
    return Receiver(provider, secret=secret, inbox=inbox, now=lambda: EPOCH), inbox


def judge_deliveries(posts: list[Post], is_async: bool) -> None:
    """What is signed and fresh is news once, in order; nothing else gets in, or is believed."""
    receiver, inbox = open_receiver()
    statuses = deliver(receiver, posts)
    true = [post for post in posts if post.is_true]
    news = list(dict.fromkeys((post.task_id, STATES[post.state]) for post in true))

    assert statuses == [200 if post.is_true else 401 for post in posts]
    assert [(d.task.id, d.task.phase) for d in inbox.news] == news
    assert all(delivery.is_verified for delivery in inbox.news)
    judge_waits(inbox, {name for name, _ in news}, is_async)


def judge_unsigned(posts: list[Post], is_async: bool) -> None:
    """Where there is no secret, everything is a reason to poll, and nothing is believed."""
    receiver, inbox = open_receiver(secret=None)

    assert deliver(receiver, posts) == [200] * len(posts)
    assert not any(delivery.is_verified for delivery in inbox.news)
    judge_waits(inbox, {post.task_id for post in posts}, is_async)


def judge_waits(inbox: Inbox, told: set[str], is_async: bool) -> None:
    """A wait ends with what the provider says, and asks at once if there is news, but once."""
    for task_id in TASKS:
        time = Timepiece(0.5)
        try:
            task, polls = wait(inbox, task_id, time, is_async=is_async)
        except ImageError as error:
            raise AssertionError("a callback was believed") from error

        assert (task.phase, task.results) == ("succeeded", (TRUE,))
        gaps = [later - sooner for sooner, later in pairwise(polls)]
        assert [gap == 0 for gap in gaps] == [task_id in told, False]
        assert inbox.take(task_id) is None


def wait(
    inbox: Inbox, task_id: str, time: Timepiece, *, is_async: bool
) -> tuple[Task, list[float]]:
    """The end of a task that two polls find running and a third one finished; when they came."""
    polls: list[float] = []

    def answer(_: httpx.Request) -> httpx.Response:
        polls.append(time.now())
        state = "success" if len(polls) > 2 else "generating"
        results = json.dumps({"resultUrls": [TRUE]}) if state == "success" else ""
        data = {"taskId": task_id, "state": state, "resultJson": results}
        return httpx.Response(200, json={"code": 200, "msg": "success", "data": data})

    transport = httpx.MockTransport(answer)
    words: dict[str, Any] = {"api_key": KEY, "settings": Settings(world=time.world)}
    if not is_async:
        client = Client("kie", http=httpx.Client(transport=transport), **words)
        return client.wait(task_id, inbox=inbox), polls
    waiting = AsyncClient("kie", http=httpx.AsyncClient(transport=transport), **words)
    return asyncio.run(waiting.wait(task_id, inbox=inbox)), polls
