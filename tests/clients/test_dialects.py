"""Dialects read every edition of a reply to the same task, and word every order."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from imagejobs import Failure, Misused, Order, Phase
from imagejobs.dialects import DIALECTS, choose_dialect

URL = "https://cdn.example.com/fox.png"
URLS = {"resultUrls": [URL]}
START, END = 1_777_467_208_141, 1_777_467_267_840

ACCEPTED: list[tuple[str, Any]] = [
    ("kie", {"taskId": "t"}),
    ("kie", {"taskId": "t", "recordId": "t", "new": [1]}),
    ("aigptimage", {"taskId": "t"}),
    ("gptimage15", {"task_id": "t", "status": "IN_PROGRESS"}),
    ("gptimage15-v2", {"task_id": "t"}),
]

RESULTS: list[tuple[str, Any]] = [
    ("kie", {"state": "success", "resultJson": json.dumps(URLS)}),
    ("kie", {"state": "success", "resultJson": URLS}),
    ("kie", {"state": "SUCCESS", "resultJson": "", "response": URLS}),
    ("kie", {"state": "success", "resultJson": json.dumps({**URLS, "firstFrameUrl": "x"})}),
    ("gptimage15", {"status": "SUCCESS", "response": [URL]}),
    ("gptimage15", {"status": 1, "response": json.dumps([URL])}),
    ("gptimage15", {"status": "SUCCESS", "response": URLS}),
    ("gptimage15", {"status": "SUCCESS", "response": URL}),
    ("gptimage15-v2", {"status": 1, "response": json.dumps([URL])}),
    ("gptimage15-v2", {"status": "1", "response": json.dumps(URLS)}),
]

PHASES: list[tuple[str, Any, Phase]] = [
    ("kie", {"state": "waiting", "resultJson": ""}, Phase.QUEUED),
    ("kie", {"state": "queuing", "resultJson": None}, Phase.QUEUED),
    ("kie", {"state": "generating"}, Phase.RUNNING),
    ("kie", {"state": "pondering"}, Phase.RUNNING),
    ("kie", {"state": "failed"}, Phase.FAILED),
    ("gptimage15", {"status": "PENDING"}, Phase.QUEUED),
    ("gptimage15", {"status": 0}, Phase.RUNNING),
    ("gptimage15", {"status": 7}, Phase.RUNNING),
    ("gptimage15", {"status": -1}, Phase.FAILED),
    ("gptimage15-v2", {"status": "FAILED"}, Phase.FAILED),
]

REQUESTS: list[tuple[str, Any]] = [
    ("kie", {"param": json.dumps({"input": json.dumps({"prompt": "fox"}), "model": "m"})}),
    ("kie", {"param": json.dumps({"input": {"prompt": "fox"}, "model": "m"})}),
    ("kie", {"param": {"input": {"prompt": "fox"}, "model": "m"}}),
    ("kie", {"paramJson": json.dumps({"input": {"prompt": "fox"}, "model": "m"})}),
    ("gptimage15", {"request": {"prompt": "fox"}}),
    ("gptimage15", {"request": json.dumps({"prompt": "fox"})}),
]

BROKEN: list[tuple[str, Any]] = [
    ("kie", None),
    ("kie", []),
    ("kie", {}),
    ("kie", {"state": None}),
    ("kie", {"state": ["success"]}),
    ("kie", {"state": "success", "resultJson": '{"resultUrls":["https://cdn'}),
    ("kie", {"state": "success", "resultJson": {"resultUrls": [1]}}),
    ("gptimage15", {"status": True}),
    ("gptimage15", {"status": "SUCCESS", "response": 5}),
]

# costTime, and what it means for a task of 59.7 s
ELAPSED = [(59_699, 59.699), (59, 59.0), ("12", 12.0), (None, None), ("", None), (-1, None)]


def fill(provider: str, data: Any) -> Any:
    """A reply's data with the state that a running task has, unless it says one."""
    return {"state": "generating", "status": "IN_PROGRESS", **data}


@pytest.mark.parametrize(("provider", "data"), ACCEPTED)
def test_the_id_of_an_accepted_task_is_read(provider: str, data: Any) -> None:
    """Every edition of the answer to a submit gives the id."""
    assert choose_dialect(provider).read_accepted(data) == "t"


@pytest.mark.parametrize(("provider", "data"), RESULTS)
def test_results_are_read(provider: str, data: Any) -> None:
    """Results come as JSON, as JSON in a string, or in another field."""
    task = choose_dialect(provider).read_task(data, "t")

    assert (task.phase, task.results) == (Phase.SUCCEEDED, (URL,))


@pytest.mark.parametrize(("provider", "data", "phase"), PHASES)
def test_states_are_read_as_phases(provider: str, data: Any, phase: Phase) -> None:
    """Every state has a phase, and one that nobody knows is running."""
    assert choose_dialect(provider).read_task(data, "t").phase is phase


@pytest.mark.parametrize(("provider", "data"), REQUESTS)
def test_the_prompt_is_read_back(provider: str, data: Any) -> None:
    """The request comes back as JSON, or as JSON in a string, also twice."""
    task = choose_dialect(provider).read_task(fill(provider, data), "t")

    assert task.prompt == "fox"


def test_a_prompt_that_looks_like_json_stays_text() -> None:
    """Only the places where providers put JSON in strings are decoded."""
    param = json.dumps({"input": {"prompt": '{"a": 1}'}, "model": "m"})

    task = choose_dialect("kie").read_task({"state": "waiting", "param": param}, "t")

    assert task.prompt == '{"a": 1}'


@pytest.mark.parametrize(("provider", "data"), BROKEN)
def test_a_broken_reply_is_no_task(provider: str, data: Any) -> None:
    """What has no state, or results that are none, is refused."""
    dialect = choose_dialect(provider)

    with pytest.raises(ValueError, match=r"\w"):
        dialect.read_task(data, "t")


@pytest.mark.parametrize("name", DIALECTS)
def test_an_answer_without_an_id_is_no_acceptance(name: str) -> None:
    """A submit's answer must name the task."""
    with pytest.raises(ValueError, match="there is no"):
        choose_dialect(name).read_accepted({"taskId": "", "task_id": None})


@pytest.mark.parametrize(("cost", "seconds"), ELAPSED)
def test_elapsed_is_seconds_or_milliseconds(cost: Any, seconds: float | None) -> None:
    """The moments of a task tell which unit its duration is in."""
    data = {"state": "success", "costTime": cost, "createTime": START, "completeTime": END}

    assert choose_dialect("kie").read_task(data, "t").elapsed == seconds


def test_a_failed_task_has_no_duration() -> None:
    """KIE.AI says 0 of every failed task, whatever its moments say."""
    moments = {"createTime": START, "completeTime": END}
    task = choose_dialect("kie").read_task({"state": "fail", "costTime": 0, **moments}, "t")

    assert task.elapsed is None


@pytest.mark.parametrize(("cost", "seconds"), [(15_000, 15.0), (785, 785.0)])
def test_elapsed_without_moments_is_guessed_by_its_size(cost: int, seconds: float) -> None:
    """Nothing takes an hour, so a larger number is in milliseconds."""
    data = {"state": "success", "costTime": cost, "completeTime": None}

    assert choose_dialect("kie").read_task(data, "t").elapsed == seconds


@pytest.mark.parametrize(
    "written",
    [
        "2024-12-19T10:00:00Z",
        "2024-12-19 10:00:00",
        1_734_602_400,
        1_734_602_400_000,
        "1734602400.0",
    ],
)
def test_moments_are_read(written: Any) -> None:
    """A moment comes in seconds, milliseconds, ISO 8601 or without a zone."""
    task = choose_dialect("gptimage15").read_task({"status": 0, "created_at": written}, "t")

    assert task.created == datetime(2024, 12, 19, 10, tzinfo=UTC)


@pytest.mark.parametrize("written", ["", None, "yesterday", 0, [], True, 10**400, "9" * 30])
def test_what_is_no_moment_is_none(written: Any) -> None:
    """A moment that cannot be read does not spoil the task."""
    task = choose_dialect("gptimage15").read_task({"status": 0, "created_at": written}, "t")

    assert task.created is None


@pytest.mark.parametrize("name", ["consumed_credits", "consumed_credit"])
def test_both_spellings_of_credits_are_read(name: str) -> None:
    """The older edition writes the field in the singular."""
    task = choose_dialect("gptimage15").read_task({"status": 1, name: 10}, "t")

    assert task.credits == 10


def test_a_failure_has_code_and_words() -> None:
    """Code and words of a failed task are texts, whatever they came as."""
    data = {"state": "fail", "failCode": 500, "failMsg": "no"}

    assert choose_dialect("kie").read_task(data, "t").failure == Failure("500", "no")


ORDERS: list[tuple[str, Order, dict[str, Any]]] = [
    ("kie", {}, {"model": "gpt-image-2-text-to-image", "input": {"prompt": "p"}}),
    (
        "kie",
        {"images": ["i"], "callback_url": "http://here/"},
        {
            "model": "gpt-image-2-image-to-image",
            "input": {"prompt": "p", "input_urls": ["i"]},
            "callBackUrl": "http://here/",
        },
    ),
    (
        "kie",
        {"model": "nano-banana-2", "images": ["i"], "options": {"resolution": "2K"}},
        {
            "model": "nano-banana-2",
            "input": {"prompt": "p", "resolution": "2K", "image_input": ["i"]},
        },
    ),
    ("gptimage15", {"options": {"quality": "low"}}, {"prompt": "p", "quality": "low"}),
    ("gptimage15", {"callback_url": "h"}, {"prompt": "p", "callback_url": "h"}),
    ("gptimage15-v2", {"images": ["i"]}, {"prompt": "p", "images": ["i"]}),
]


@pytest.mark.parametrize(("provider", "order", "body"), ORDERS)
def test_orders_are_worded(provider: str, order: Order, body: dict[str, Any]) -> None:
    """An order becomes the body that the provider documents."""
    assert choose_dialect(provider).build_submit("p", order)[1] == body


MISUSES: list[tuple[str, Order]] = [
    ("aigptimage", {"callback_url": "http://here/"}),
    ("gptimage15-v2", {"callback_url": "http://here/"}),
    ("gptimage15", {"model": "m"}),
]


@pytest.mark.parametrize(("provider", "order"), MISUSES)
def test_what_a_provider_does_not_have_is_refused(provider: str, order: Order) -> None:
    """What would be ignored on the wire is refused before anything is sent."""
    with pytest.raises(Misused, match="leave"):
        choose_dialect(provider).build_submit("p", order)


def test_an_id_cannot_leave_its_place() -> None:
    """An id with characters of addresses is encoded."""
    assert choose_dialect("kie").build_inspect("a&b=/c?").endswith("?taskId=a%26b%3D%2Fc%3F")


def test_an_unknown_provider_is_named_with_the_nearest() -> None:
    """A mistyped provider is met with the one that was meant."""
    with pytest.raises(Misused, match="'kie'"):
        choose_dialect("kiee")
