"""The providers' own examples, read by the client."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imagejobs import (
    ImageError,
    InvalidRequest,
    NotFound,
    OutOfCredits,
    Phase,
    RateLimited,
    Unauthorized,
    Unavailable,
    webhook,
)
from imagejobs.dialects import choose_dialect
from imagejobs.verdict import judge
from imagejobs.wire import Reply

DOCUMENTED = Path(__file__).resolve().parents[2] / "fixtures" / "documented"

REFUSALS: dict[str, type[ImageError]] = {
    "insufficient_credits": OutOfCredits,
    "unauthorized": Unauthorized,
    "rate_limited": RateLimited,
    "not_found": NotFound,
    "server_error": Unavailable,
    "invalid_request": InvalidRequest,
    "malformed": InvalidRequest,
    "missing_field": InvalidRequest,
    "bad_value": InvalidRequest,
    "unknown_model": InvalidRequest,
}
PHASES = {phase.value for phase in Phase}
SUBMITS = {"createTask", "generate", "generateV2"}
# In the names of operations that the client has no use for.
NOT_CALLED = ("4o", "FluxKontext", "Veo", "Aleph")


def list_examples() -> Iterator[Any]:
    for file in sorted(DOCUMENTED.glob("*/*.json")):
        example = json.loads(file.read_text("utf-8"))
        example["provider"] = file.parent.name + ("-v2" if "V2" in example["operation"] else "")
        if example["kind"] != "request" and not any(w in example["operation"] for w in NOT_CALLED):
            yield pytest.param(example, id=f"{file.parent.name}/{file.name.split('.')[0]}")


EXAMPLES = list(list_examples())
REPLIES = [param for param in EXAMPLES if param.values[0]["kind"] == "reply"]
REFUSED = [param for param in REPLIES if param.values[0]["moment"] in REFUSALS]
POLLS = [param for param in REPLIES if param.values[0]["moment"] in PHASES]
ACCEPTED = [
    param
    for param in REPLIES
    if param.values[0]["moment"] == "ok" and param.values[0]["operation"] in SUBMITS
]
CALLBACKS = [param for param in EXAMPLES if param.values[0]["kind"] == "callback"]


def read_data(example: Any) -> Any:
    reply = Reply(example.get("status", 200), {}, json.dumps(example["body"]).encode())
    return judge(reply, example["provider"], 0).data


def test_every_example_is_looked_at() -> None:
    """No example falls between the groups; one is a balance, and one an upload that was taken."""
    assert len(REFUSED) + len(POLLS) + len(ACCEPTED) + len(CALLBACKS) == len(EXAMPLES) - 2


@pytest.mark.parametrize("example", REFUSED)
def test_each_refusal_has_its_error(example: Any) -> None:
    """A refusal is told by its own error, wherever its code stands."""
    with pytest.raises(REFUSALS[example["moment"]]) as caught:
        read_data(example)

    assert caught.value.code == example["body"]["code"]
    words = example["body"].get("msg", example["body"].get("message"))
    assert caught.value.details.message == words


@pytest.mark.parametrize("example", POLLS)
def test_each_poll_has_its_phase(example: Any) -> None:
    """A poll's answer is read as the phase that the page says it is in."""
    task = choose_dialect(example["provider"]).read_task(read_data(example), "asked")

    assert task.phase == example["moment"]
    assert (task.failure is not None) == (task.phase is Phase.FAILED)


@pytest.mark.parametrize("example", ACCEPTED)
def test_each_acceptance_has_its_id(example: Any) -> None:
    """The answer to a submit gives the task's id."""
    data = example["body"]["data"]

    found = choose_dialect(example["provider"]).read_accepted(read_data(example))

    assert found in {data.get("taskId"), data.get("task_id")}


@pytest.mark.parametrize("example", CALLBACKS)
def test_each_callback_is_read_like_a_poll(example: Any) -> None:
    """A callback is read into the same model, whatever its own code."""
    body = example["body"]
    body["data"]["taskId"] = "t"

    task = webhook.read(example["provider"], json.dumps(body).encode())

    assert (task.id, task.phase) == ("t", example["moment"])


def test_the_documented_hint_is_read() -> None:
    """The body of aigptimage.com's 429 says how long to wait."""
    body = json.loads(
        (DOCUMENTED / "aigptimage" / "create-task-rate-limited.reply.json").read_text("utf-8")
    )["body"]

    with pytest.raises(RateLimited) as caught:
        judge(Reply(429, {}, json.dumps(body).encode()), "aigptimage", 0)

    assert caught.value.retry_after == 17
