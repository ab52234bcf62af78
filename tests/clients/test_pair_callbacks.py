"""The emulator's callbacks, read by the client's receiver."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from imagejobs import AsyncClient, Inbox, Phase, Receiver, Settings, Task, World
from mockserver.web.asgi import App
from mockserver.web.callbacks.sender import Answer, Sender

KEY = "sk-mock-hook"
ORIGIN = "http://127.0.0.1:8787"
HOOK = "http://127.0.0.1:40404/hook"
PROVIDERS = ["kie", "gptimage15"]

Follow = Callable[[str, Receiver], Task]


@pytest.fixture
def follow(emulator: App, world: World, monkeypatch: pytest.MonkeyPatch) -> Follow:
    """Generates with a callback that goes straight to a receiver."""

    async def generate(provider: str, receiver: Receiver) -> Task:
        async def post(
            _: Sender, target: Any, headers: Mapping[str, str], body: bytes, *__: Any
        ) -> Answer:
            transport = httpx.ASGITransport(receiver)
            async with httpx.AsyncClient(transport=transport) as http:
                reply = await http.post(HOOK, headers=headers, content=body)
            return Answer(reply.status_code, reply.text)

        monkeypatch.setattr(Sender, "post", post)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(emulator)) as http:
            secret = {"webhook_secret": "a secret"}
            await http.patch(f"{ORIGIN}/_mock/accounts/{KEY}", json=secret)
            client = AsyncClient(
                provider,
                api_key=KEY,
                base_url=f"{ORIGIN}/{provider}",
                http=http,
                settings=Settings(world=world),
            )
            task = await client.generate("a red fox", callback_url=HOOK, inbox=receiver.inbox)
            await http.post(f"{ORIGIN}/_mock/accounts/{KEY}/clock", json={"advance": "1s"})
            return task

    return lambda provider, receiver: asyncio.run(generate(provider, receiver))


class Noting(Inbox):
    """An inbox that remembers what was put in."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[Any] = []

    def put(self, delivery: Any) -> bool:
        self.noted.append(delivery)
        return super().put(delivery)


def test_what_the_emulator_signs_the_client_verifies(follow: Follow, time: Any) -> None:
    """A signed callback arrives, is verified, and carries the finished task."""
    inbox = Noting()

    task = follow("kie", Receiver("kie", secret="a secret", inbox=inbox, now=time.now))

    assert task.phase is Phase.SUCCEEDED
    assert [(d.task.id, d.task.phase, d.is_verified) for d in inbox.noted] == [
        (task.id, task.phase, True)
    ]
    assert inbox.noted[0].task.results == task.results


def test_another_secret_lets_nothing_in(follow: Follow, time: Any) -> None:
    """A callback with another account's signature is refused; polls see the task to its end."""
    inbox = Noting()

    task = follow("kie", Receiver("kie", secret="another", inbox=inbox, now=time.now))

    assert task.phase is Phase.SUCCEEDED
    assert inbox.noted == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_callbacks_are_read_like_polls(follow: Follow, provider: str) -> None:
    """The task in a callback is the task that a poll gives."""
    inbox = Noting()

    task = follow(provider, Receiver(provider, inbox=inbox))

    assert [(d.task.id, d.task.phase, d.task.results) for d in inbox.noted] == [
        (task.id, task.phase, task.results)
    ]
