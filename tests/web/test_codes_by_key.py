from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from mockserver.clock import ManualClock
from mockserver.contract.load import load
from mockserver.data import contracts_dir
from mockserver.engine.engine import Engine
from mockserver.engine.scenarios.scenario import list_scenarios
from mockserver.engine.settings import Settings
from mockserver.web.app import build_app
from mockserver.web.options import Options

# The codes that the providers document; KIE's 501 is the code of a failed task.
DOCUMENTED = {
    ("kie", "documented"): {200, 401, 402, 404, 422, 429, 433, 455, 500, 505},
    ("kie", "observed"): {200, 401, 402, 404, 422, 429, 433, 455, 500, 505},
    ("aigptimage", "documented"): {200, 400, 401, 402, 404, 409, 422, 429, 500},
    ("gptimage15", "documented"): {200, 400, 401, 402, 404, 500},
}
JOBS = {
    "submit": "/api/v1/jobs/createTask",
    "inspect": "/api/v1/jobs/recordInfo",
    "id": "taskId",
    "body": {"model": "gpt-image-2-text-to-image", "input": {"prompt": "a red fox"}},
}
CALLS: dict[str, dict[str, Any]] = {
    "kie": JOBS,
    "aigptimage": JOBS,
    "gptimage15": {
        "submit": "/api/generate",
        "inspect": "/api/status",
        "id": "task_id",
        "body": {"prompt": "a red fox"},
    },
}
Ask = Callable[..., httpx.Response]


async def list_replies(app: Any, clock: ManualClock, provider: str, key: str) -> list[Any]:
    """What a client with a key hears: to its submit, to its first and to its last poll."""
    calls = CALLS[provider]
    transport = httpx.ASGITransport(app)
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(
        transport=transport, base_url=f"http://127.0.0.1/{provider}", headers=headers
    ) as http:
        submitted = await http.post(calls["submit"], json=calls["body"])
        task = (submitted.json()["data"] or {}).get(calls["id"], "no-such-task")
        query = {calls["id"]: task}
        first = await http.get(calls["inspect"], params=query)
        clock.advance(120_000)
        last = await http.get(calls["inspect"], params=query)
    return [submitted, first, last]


def hear_all(provider: str, edition: str) -> Iterator[tuple[str, list[httpx.Response]]]:
    """The replies to every scenario of a provider, by the scenario's name."""
    import asyncio

    clock = ManualClock()
    contract = load(contracts_dir() / provider, edition)
    app = build_app(Engine([contract], clock, Settings()), Options())
    for name in list_scenarios(contract):
        key = f"sk-mock-codes.{name}"
        yield name, asyncio.run(list_replies(app, clock, provider, key))


@pytest.mark.parametrize(("provider", "edition"), DOCUMENTED)
def test_every_documented_code_is_had_by_key_alone(provider: str, edition: str) -> None:
    """For each documented code there is a key that makes a plain client meet it."""
    heard = dict(hear_all(provider, edition))
    codes = {reply.json()["code"] for replies in heard.values() for reply in replies}

    assert codes >= DOCUMENTED[provider, edition]
    assert codes <= DOCUMENTED[provider, edition] | {400}


def test_a_failure_code_is_had_by_key_alone() -> None:
    """KIE's 501 is what a task of the key `generation-failed` fails with."""
    for edition in ("documented", "observed"):
        replies = dict(hear_all("kie", edition))["generation-failed"]

        assert replies[-1].json()["data"]["failCode"] == "501"
        assert replies[-1].json()["code"] == 200
