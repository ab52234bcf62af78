"""The client and the emulator, each the other's witness."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imagejobs import GenerationFailed, OutOfCredits, Phase, Task, Unauthorized
from mockserver.web.asgi import App

PROVIDERS = ["kie", "aigptimage", "gptimage15", "gptimage15-v2"]
IMAGE = "https://example.org/fox.png"

MakeClient = Callable[..., Any]


def make(make_client: MakeClient, emulator: App, provider: str, key: str = "sk-mock-pair") -> Any:
    base_url = f"http://127.0.0.1:8787/{provider.removesuffix('-v2')}"
    return make_client(emulator, provider, base_url=base_url, api_key=key)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("images", [[], [IMAGE]], ids=["text", "image"])
def test_generate_gives_an_image(
    make_client: MakeClient, emulator: App, provider: str, images: list[str], tmp_path: Path
) -> None:
    """From a prompt, with or without an image, to a file that is one."""
    client = make(make_client, emulator, provider)

    task = client.generate("a red fox", images=images)
    file = client.download(task, tmp_path / "fox.png")

    assert task.phase is Phase.SUCCEEDED
    assert task.prompt == "a red fox"
    assert file.media_type.startswith("image/")
    assert (tmp_path / "fox.png").read_bytes() == file.content


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_failed_task_is_an_error_with_its_reason(
    make_client: MakeClient, emulator: App, provider: str
) -> None:
    """A task that the provider fails raises GenerationFailed with the provider's words."""
    client = make(make_client, emulator, provider, "sk-mock-pair.fails")

    with pytest.raises(GenerationFailed) as caught:
        client.generate("a red fox")

    assert caught.value.failure is not None
    assert caught.value.failure.message
    assert caught.value.task_id


@pytest.mark.parametrize("provider", PROVIDERS)
def test_too_few_credits_is_the_callers_turn(
    make_client: MakeClient, emulator: App, provider: str
) -> None:
    """A refusal for lack of credits is told by its own error."""
    client = make(make_client, emulator, provider, "sk-mock-pair.insufficient-credits")

    with pytest.raises(OutOfCredits):
        client.generate("a red fox")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_wrong_key_is_the_callers_turn(
    make_client: MakeClient, emulator: App, provider: str
) -> None:
    """A refused key is told by its own error."""
    client = make(make_client, emulator, provider, "sk-mock-pair.unauthorized")

    with pytest.raises(Unauthorized):
        client.submit("a red fox")


def test_the_balance_falls_by_what_the_task_says(make_client: MakeClient, emulator: App) -> None:
    """Credits in the task are credits that left the account."""
    client = make(make_client, emulator, "kie")
    before = client.balance()

    task = client.generate("a red fox")

    assert before - client.balance() == task.credits


def test_a_wait_is_resumed_by_the_id(make_client: MakeClient, emulator: App) -> None:
    """A client that knows only the id sees the task to its end."""
    started = make(make_client, emulator, "kie").submit("a red fox")

    task: Task = make(make_client, emulator, "kie").wait(started.id)

    assert (task.id, task.phase) == (started.id, Phase.SUCCEEDED)


def test_an_inspected_task_has_its_times(make_client: MakeClient, emulator: App) -> None:
    """Creation, end and duration of a finished task agree."""
    task: Task = make(make_client, emulator, "kie").generate("a red fox")

    assert task.created is not None
    assert task.finished is not None
    assert task.elapsed == pytest.approx((task.finished - task.created).total_seconds(), abs=1)
