"""Callbacks: who is believed, what is read, and what a wait does with it."""

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagejobs import (
    Delivery,
    Inbox,
    Misused,
    Phase,
    Receiver,
    Task,
    Unauthorized,
    Unreadable,
    webhook,
)

MakeClient = Callable[..., Any]
MakeScript = Callable[..., Any]

SECRET = "test-webhook-key"
ID = "0123456789abcdef0123456789abcdef"
SIGNED_AT = 1_700_000_000
# Worked out by hand after https://docs.kie.ai/common-api/webhook-verification
SIGNATURE = "SCTEdidWHrAhYkQTHcKwdBO1h7BJLeD2DiRnq26n1zY="
HEADERS = {"X-Webhook-Timestamp": str(SIGNED_AT), "X-Webhook-Signature": SIGNATURE}

URL = "https://cdn.example.com/fox.png"
DATA = {"taskId": ID, "state": "success", "resultJson": json.dumps({"resultUrls": [URL]})}
BODY = json.dumps({"code": 200, "msg": "done", "data": DATA}).encode()

PLACES = [{"data": {"taskId": ID}}, {"data": {"task_id": ID}}, {"taskId": ID, "data": None}]

REFUSED: list[tuple[str, dict[str, str], bytes]] = [
    ("nothing", {}, BODY),
    ("no signature", {"X-Webhook-Timestamp": str(SIGNED_AT)}, BODY),
    ("no timestamp", {"X-Webhook-Signature": SIGNATURE}, BODY),
    ("another time", {**HEADERS, "X-Webhook-Timestamp": str(SIGNED_AT + 1)}, BODY),
    ("no time", {**HEADERS, "X-Webhook-Timestamp": "now"}, BODY),
    ("odd digits", {**HEADERS, "X-Webhook-Timestamp": "²"}, BODY),
    ("endless time", {**HEADERS, "X-Webhook-Timestamp": "9" * 5000}, BODY),
    ("cut signature", {**HEADERS, "X-Webhook-Signature": SIGNATURE[:-2]}, BODY),
    ("odd signature", {**HEADERS, "X-Webhook-Signature": "é\udcff"}, BODY),
    ("another task", HEADERS, BODY.replace(b"0123", b"3210")),
]


@pytest.mark.parametrize("envelope", PLACES)
def test_a_signed_callback_is_believed(envelope: Any) -> None:
    """The id is found at each of the places where it was seen."""
    body = json.dumps(envelope).encode()

    assert webhook.verify(body, HEADERS, SECRET, now=SIGNED_AT) == ID


def test_header_names_have_no_case() -> None:
    """Servers write header names as they like."""
    headers = {name.lower(): value for name, value in HEADERS.items()}

    assert webhook.verify(BODY, headers, SECRET, now=SIGNED_AT) == ID


@pytest.mark.parametrize(
    ("headers", "body"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_what_is_not_signed_is_refused(headers: dict[str, str], body: bytes) -> None:
    """A callback is believed only with the right signature of the right task and time."""
    with pytest.raises(Unauthorized):
        webhook.verify(body, headers, SECRET, now=SIGNED_AT)


@pytest.mark.parametrize("secret", ["", "another"])
def test_another_secret_does_not_do(secret: str) -> None:
    """An empty secret is none, and a wrong one is wrong."""
    with pytest.raises(Unauthorized):
        webhook.verify(BODY, HEADERS, secret, now=SIGNED_AT)


@pytest.mark.parametrize("age", [301, -301, 86_400])
def test_an_old_callback_is_refused(age: int) -> None:
    """A signature is good for 300 seconds, into both directions."""
    with pytest.raises(Unauthorized, match="signed"):
        webhook.verify(BODY, HEADERS, SECRET, now=SIGNED_AT + age)


@pytest.mark.parametrize(("age", "tolerance"), [(300, 300.0), (-300, 300.0), (10**6, None)])
def test_the_tolerance_can_be_chosen(age: int, tolerance: float | None) -> None:
    """Within the tolerance, or without one, age does not matter."""
    found = webhook.verify(BODY, HEADERS, SECRET, tolerance=tolerance, now=SIGNED_AT + age)

    assert found == ID


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", BODY[:40], b'{"data":{}}', b"[" * 9999]
)
def test_a_body_that_is_no_callback_is_unreadable(body: bytes) -> None:
    """Nonsense is told as such, whether signed or not."""
    with pytest.raises(Unreadable):
        webhook.verify(body, HEADERS, SECRET, now=SIGNED_AT)
    with pytest.raises(Unreadable):
        webhook.read("kie", body)


@given(st.text(), st.integers(0, 10**11), st.text(min_size=1))
def test_what_is_signed_is_verified(task_id: str, moment: int, secret: str) -> None:
    """Verifying undoes signing, for every id, time and secret."""
    task_id, secret = f"t{task_id}".encode(errors="ignore").decode(), f"s{secret!r}"
    stamp = str(moment)
    headers = {
        "X-Webhook-Timestamp": stamp,
        "X-Webhook-Signature": webhook.sign(task_id, stamp, secret),
    }
    body = json.dumps({"data": {"taskId": task_id}}).encode()

    assert webhook.verify(body, headers, secret, now=moment) == task_id


def post(receiver: Receiver, body: bytes, headers: dict[str, str], method: str = "POST") -> int:
    """One request of ASGI; its status."""
    sent: list[Any] = []
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "headers": pairs}
    parts = [body[:10], body[10:]]

    async def receive() -> Any:
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(receiver(scope, receive, send))
    return int(sent[0]["status"])


def build_receiver(secret: str | None = SECRET) -> Receiver:
    return Receiver("kie", secret=secret, now=lambda: float(SIGNED_AT))


def test_a_receiver_takes_news_once() -> None:
    """A callback that comes twice is answered twice and taken once."""
    receiver = build_receiver()

    statuses = [post(receiver, BODY, HEADERS)]
    first = receiver.inbox.take(ID)
    statuses.append(post(receiver, BODY, HEADERS))
    second = receiver.inbox.take(ID)

    assert statuses == [200, 200]
    assert first is not None
    assert first.task.results == (URL,)
    assert second is None


ANSWERS: list[tuple[str, bytes, dict[str, str], int]] = [
    ("GET", BODY, HEADERS, 405),
    ("POST", BODY, {}, 401),
    ("POST", b"{", HEADERS, 400),
    ("POST", b" " * 2_000_000, HEADERS, 413),
]


@pytest.mark.parametrize(("method", "body", "headers", "status"), ANSWERS)
def test_a_receiver_turns_away_what_is_no_callback(
    method: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    """Each mistake has its status, and nothing gets into the inbox."""
    receiver = build_receiver()

    assert post(receiver, body, headers, method) == status
    assert receiver.inbox.take(ID) is None


def test_a_receiver_of_nobody_is_refused() -> None:
    """A mistyped provider is found when the receiver is made, not when a callback comes."""
    with pytest.raises(Misused, match="do you mean 'kie'"):
        Receiver("kei")


@pytest.mark.parametrize("provider", ["gptimage15", "gptimage15-v2", "aigptimage"])
def test_a_secret_for_who_signs_nothing_is_refused(provider: str) -> None:
    """Every callback would be turned away, so it is an error, not a false comfort."""
    with pytest.raises(Misused, match="no signature"):
        Receiver(provider, secret=SECRET)


def test_a_receiver_survives_the_start_of_a_server() -> None:
    """An ASGI server's lifespan is answered."""
    sent: list[str] = []
    messages = ["lifespan.startup", "lifespan.shutdown"]

    async def receive() -> Any:
        return {"type": messages.pop(0)}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    asyncio.run(build_receiver()({"type": "lifespan"}, receive, send))

    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def reply(state: str) -> tuple[int, Any]:
    return 200, {"code": 200, "data": {"taskId": ID, "state": state}}


FOREIGN = b"https://files.evil.example"
CHANGED = BODY.replace(b"https://cdn.example.com", FOREIGN)  # which the signature does not cover
FAILED = BODY.replace(b'"success"', b'"fail"')

# The secret of the receiver, and the headers that come.
SENDERS: dict[str, tuple[str | None, dict[str, str]]] = {
    "signed": (SECRET, HEADERS),
    "unsigned": (None, {}),
}


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize("body", [BODY, CHANGED, FAILED], ids=["true", "changed", "failed"])
def test_a_callback_is_a_reason_to_poll_and_no_more(
    make_client: MakeClient, script: MakeScript, time: Any, sender: str, body: bytes
) -> None:
    """Whatever it says, signed or not, the provider is asked at once, and is believed alone."""
    secret, headers = SENDERS[sender]
    receiver = build_receiver(secret)
    server = script(reply("waiting"), (200, {"code": 200, "data": DATA}))

    status = post(receiver, body, headers)
    task = make_client(server).wait(ID, inbox=receiver.inbox)

    assert (status, task.phase, task.results) == (200, Phase.SUCCEEDED, (URL,))
    assert len(server.requests) == 2
    assert time.pauses == []


@pytest.mark.parametrize("sender", SENDERS)
def test_a_callback_does_not_cut_a_pause_that_was_asked_for(
    make_client: MakeClient, script: MakeScript, time: Any, sender: str
) -> None:
    """News, signed or not, is no excuse to come back too early."""
    secret, headers = SENDERS[sender]
    receiver = build_receiver(secret)
    limited = (429, {"code": 429, "data": {"retryAfter": 40}})
    post(receiver, BODY, headers)

    make_client(script(limited, (200, {"code": 200, "data": DATA}))).wait(ID, inbox=receiver.inbox)

    assert sum(time.pauses) >= 40


def test_a_wait_for_callbacks_passes_the_time_it_is_given(
    make_client: MakeClient, script: MakeScript, time: Any
) -> None:
    """Where no callback comes, polls are as far apart as without an inbox, on the same clock."""
    server = script(reply("waiting"), reply("waiting"), (200, {"code": 200, "data": DATA}))

    make_client(server).wait(ID, inbox=Inbox())

    assert time.pauses == pytest.approx([2.0, 2.6])


def test_a_callback_wakes_a_waiting_thread() -> None:
    """News that comes during the wait ends it."""
    inbox, found = Inbox(), []
    waiter = threading.Thread(target=lambda: found.append(inbox.wait(ID, 60)))
    waiter.start()

    inbox.put(Delivery(Task("kie", ID, Phase.SUCCEEDED), is_verified=True))
    waiter.join(60)

    assert found == [True]


def test_a_callback_wakes_a_waiting_coroutine() -> None:
    """The same in an event loop, with news from another thread."""
    inbox = Inbox()
    done = Delivery(Task("kie", ID, Phase.SUCCEEDED), is_verified=True)

    async def main() -> bool:
        waiting = asyncio.ensure_future(inbox.wait_async(ID, 60))
        await asyncio.sleep(0)
        await asyncio.to_thread(inbox.put, done)
        return await waiting

    assert asyncio.run(main())


def test_an_error_of_the_sleep_comes_through() -> None:
    """A clock of the caller's own may refuse to go on; nobody hides that."""

    async def refuse(_: float) -> None:
        raise LookupError("no more time")

    with pytest.raises(LookupError, match="no more time"):
        asyncio.run(Inbox().wait_async(ID, 60, refuse))


def test_an_inbox_is_bounded() -> None:
    """Callbacks that nobody waits for do not fill the memory."""
    inbox = Inbox(kept=2)

    for name in "abc":
        inbox.put(Delivery(Task("kie", name), is_verified=False))

    assert inbox.take("a") is None
    assert inbox.take("c") is not None
