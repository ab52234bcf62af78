"""Faults for clients in this process, which have no connection that could break."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

Ask = Callable[..., httpx.Response]

CONTROL = "/_mock/accounts/sk-mock-test"
SUBMIT = "/gptimage15/api/generate"
WISH = {"prompt": "a red fox"}


def plan(ask: Ask, fault: str, **words: Any) -> None:
    reply = ask("POST", f"{CONTROL}/faults", json={"fault": fault, **words})
    assert reply.status_code == 200, reply.text


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ({"fault": "reset"}, httpx.ReadError),
        ({"fault": "reset", "part": 0.5}, httpx.ReadError),
        ({"fault": "empty-reply"}, httpx.RemoteProtocolError),
        ({"fault": "cut-body"}, httpx.RemoteProtocolError),
        ({"fault": "wrong-length", "by": 3}, httpx.RemoteProtocolError),
        ({"fault": "hang"}, httpx.ReadTimeout),
        ({"fault": "hang", "lasts": "1ms"}, httpx.RemoteProtocolError),
    ],
)
def test_broken_connections_are_the_exceptions_of_httpx(
    ask: Ask, words: dict[str, Any], kind: type[Exception]
) -> None:
    """What a real connection would make of the fault is raised, and the call had its effect."""
    plan(ask, **words)

    with pytest.raises(kind):
        ask("POST", SUBMIT, json=WISH)

    assert len(ask("GET", f"{CONTROL}/tasks").json()["tasks"]) == 1


@pytest.mark.parametrize(
    "words",
    [
        {"fault": "latency", "span": "1ms"},
        {"fault": "drip", "pieces": 3, "pause": "1ms"},
        {"fault": "wrong-length", "by": -3},
        {"fault": "cut-body", "part": 1},
    ],
)
def test_what_can_be_sent_is_sent(ask: Ask, words: dict[str, Any]) -> None:
    """The whole body comes, late, in pieces or under a wrong length."""
    plan(ask, **words)

    reply = ask("POST", SUBMIT, json=WISH)

    added = words.get("by", 0)
    assert reply.json()["code"] == 200
    assert int(reply.headers["content-length"]) == len(reply.content) + added


def test_a_late_reply_holds_up_nobody(app: Any) -> None:
    """While a reply is held back, other calls of the account are answered."""

    async def run() -> list[str]:
        transport = httpx.ASGITransport(app=app)
        key = {"authorization": "Bearer sk-mock-test"}
        origin = "http://127.0.0.1:8787"
        done: list[str] = []
        async with httpx.AsyncClient(transport=transport, base_url=origin, headers=key) as client:
            words = {"fault": "latency", "span": "50ms", "count": 1}
            await client.post(f"{CONTROL}/faults", json=words)

            async def submit(name: str) -> None:
                await client.post(SUBMIT, json=WISH)
                done.append(name)

            late = asyncio.create_task(submit("late"))
            for _ in range(100):  # turns of the loop, in which the other one gets to its wait
                await asyncio.sleep(0)
            assert len((await client.get(f"{CONTROL}/tasks")).json()["tasks"]) == 1
            await submit("at once")
            await late
        return done

    assert asyncio.run(run()) == ["at once", "late"]


def test_files_meet_faults(ask: Ask) -> None:
    """A file is fetched anew each time, and each time meets what is planned next."""
    ask("POST", SUBMIT, json=WISH)
    ask("POST", f"{CONTROL}/clock", json={"advance": "10m"})
    task = ask("GET", f"{CONTROL}/tasks").json()["tasks"][0]["id"]
    found = ask("GET", f"/gptimage15/api/status?task_id={task}").json()["data"]["response"]
    place = httpx.URL(found[0]).path
    whole = ask("GET", place, key=None).content
    for fault in ("truncated-file", "wrong-file-type", "expired-link"):
        plan(ask, fault, count=1)
    plan(ask, "reset", operation="file", count=1)

    half, page, gone = (ask("GET", place, key=None) for _ in range(3))
    with pytest.raises(httpx.ReadError):
        ask("GET", place, key=None)

    assert half.content == whole[: len(whole) // 2]
    assert (page.headers["content-type"], b"<html>" in page.content) == ("image/png", True)
    assert gone.status_code == 404
    assert ask("GET", place, key=None).content == whole
    rows = ask("GET", f"{CONTROL}/requests").json()["requests"]
    assert [row["fault"] for row in rows if row["operation"] == "file"] == [
        *(None, "truncated-file", "wrong-file-type", "expired-link", "reset", None)
    ]
