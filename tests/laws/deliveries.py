"""Callbacks as anybody may send them: signed or forged, fresh or old, once or again and again."""

import json
from dataclasses import dataclass
from typing import Final

from hypothesis import strategies as st

from imagejobs import Delivery, Inbox, Receiver, webhook
from tests.laws.hooks import post, run_now
from tests.laws.upstream import EPOCH

SECRET: Final = "a secret"
STATES: Final = {"success": "succeeded", "fail": "failed", "generating": "running"}
TASKS: Final = ("task-1", "task-2")


@dataclass(frozen=True)
class Post:
    """A callback: what it says, and what was done to its signature."""

    task_id: str = "task-1"
    state: str = "success"
    signing: str = "right"  # none, another secret, another task, changed
    age: int = 0  # seconds since it was signed

    @property
    def is_true(self) -> bool:
        return self.signing == "right" and abs(self.age) <= webhook.TOLERANCE

    def write(self) -> tuple[bytes, dict[str, str]]:
        """Body and headers."""
        data = {"taskId": self.task_id, "state": self.state}
        body = json.dumps({"code": 200, "msg": "news", "data": data}).encode()
        if self.signing == "none":
            return body, {}
        signed = "task-9" if self.signing == "another task" else self.task_id
        secret = "x" if self.signing == "another secret" else SECRET
        moment = str(int(EPOCH) - self.age)
        signature = webhook.sign(signed, moment, secret)
        if self.signing == "changed":
            signature = signature[:-3] + ("A" if signature[-3] != "A" else "B") + signature[-2:]
        headers = {"x-webhook-timestamp": moment, "x-webhook-signature": signature}
        return body, headers


SIGNINGS: Final = ["right", "right", "none", "another secret", "another task", "changed"]
POSTS: Final = st.builds(
    Post,
    st.sampled_from(TASKS),
    st.sampled_from(sorted(STATES)),
    st.sampled_from(SIGNINGS),
    st.sampled_from([0, 0, 299, -299, 301, -301, 10**6]),
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


def judge_deliveries(posts: list[Post]) -> None:
    """What is signed and fresh is taken once, in order; nothing else gets in, or is believed."""
    receiver, inbox = open_receiver()
    statuses = deliver(receiver, posts)
    true = [post for post in posts if post.is_true]
    expected = list(dict.fromkeys((post.task_id, STATES[post.state]) for post in true))

    assert statuses == [200 if post.is_true else 401 for post in posts]
    assert [(d.task.id, d.task.phase) for d in inbox.news] == expected
    assert all(delivery.is_verified for delivery in inbox.news)
    judge_belief(inbox, expected)


def judge_belief(inbox: Inbox, news: list[tuple[str, str]]) -> None:
    """A wait gets the first end that was told of its task, once."""
    for task_id in TASKS:
        told = [phase for name, phase in news if name == task_id]
        ends = [phase for phase in told if phase in {"succeeded", "failed"}]
        task = inbox.wait(task_id, 0)
        assert (task.phase if task else None) == next(iter([*ends, *reversed(told)]), None)
        assert inbox.wait(task_id, 0) is None


def judge_unsigned(posts: list[Post]) -> None:
    """Where there is no secret, nothing is believed, whoever says it."""
    receiver, inbox = open_receiver(secret=None)

    assert deliver(receiver, posts) == [200] * len(posts)
    assert not any(delivery.is_verified for delivery in inbox.news)
    assert all(inbox.wait(task_id, 0) is None for task_id in TASKS)
