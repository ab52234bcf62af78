"""The feed: viewers read along what happens, and who does not keep up is told so."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from mockserver.contract.validate import Validator
from mockserver.engine.engine import Engine
from mockserver.engine.events import EventKind
from mockserver.web.app import Emulator, build_app
from mockserver.web.asgi import App, Message
from mockserver.web.control.feed import MAX_VIEWERS, MAX_WAITING, Feed, Viewer
from mockserver.web.options import Options

Ask = Callable[..., httpx.Response]
Json = dict[str, Any]

ORIGIN = "http://127.0.0.1:8787"
EVENTS = "/_mock/events"
SUBMIT = "/gptimage15/api/generate"
ME = "/_mock/accounts/sk-mock-test"


class Reader:
    """Somebody who reads a stream, message by message, as a server hands it over."""

    def __init__(self) -> None:
        self.status = 0
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._left = asyncio.Event()
        self._asked = False

    async def receive(self) -> Message:
        """The request, and later that the reader left."""
        if self._asked:
            await self._left.wait()
            return {"type": "http.disconnect"}
        self._asked = True
        return {"type": "http.request", "body": b""}

    async def send(self, message: Message) -> None:
        """Take a message."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        await self._pieces.put(message["body"] or None)
        if message["body"] and not message.get("more_body"):
            await self._pieces.put(None)

    async def read(self) -> bytes | None:
        """The next piece; None at the end."""
        return await asyncio.wait_for(self._pieces.get(), 10)

    async def read_events(self, count: int = 1) -> list[Json]:
        """So many events, or those up to the end."""
        found: list[Json] = []
        while len(found) < count and (piece := await self.read()) is not None:
            blocks = piece.decode().split("\n\n")
            found += [parse(block) for block in blocks if block and not block.startswith(":")]
        return found

    def leave(self) -> None:
        """Close the connection."""
        self._left.set()


def parse(block: str) -> Json:
    """The event in a block of lines; its data is compared with what stands beside it."""
    lines = dict(line.split(": ", 1) for line in block.split("\n"))
    data: Json = json.loads(lines["data"])
    if lines["event"] == "dropped":
        return {"kind": "dropped", **data}
    assert lines.keys() == {"id", "event", "data"}
    assert (lines["id"], lines["event"]) == (str(data["number"]), data["kind"])
    return data


@asynccontextmanager
async def view(app: App, target: str = EVENTS, method: str = "GET") -> AsyncIterator[Reader]:
    """Read a stream from its start on."""
    url = urlsplit(target)
    scope = {
        "type": "http",
        "method": method,
        "scheme": "http",
        "http_version": "1.1",
        "path": url.path,
        "raw_path": url.path.encode(),
        "query_string": url.query.encode(),
        "headers": [(b"host", b"127.0.0.1:8787")],
        "root_path": "",
    }
    reader = Reader()

    async def run() -> None:
        await app(scope, reader.receive, reader.send)

    task = asyncio.create_task(run())
    try:
        yield reader
    finally:
        reader.leave()
        await asyncio.wait_for(task, 10)


@asynccontextmanager
async def reading(app: App, target: str = EVENTS) -> AsyncIterator[Reader]:
    """Read a stream whose start has come: what happens from now on is in it."""
    async with view(app, target) as reader:
        assert await reader.read() == b": connected\n\n"
        yield reader


def build_client(app: App) -> httpx.AsyncClient:
    key = {"authorization": "Bearer sk-mock-test"}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ORIGIN, headers=key)


async def do_everything(client: httpx.AsyncClient) -> None:
    """Something of every kind: one callback finds nobody, another may not go where it should."""
    await client.get("/nope")
    await client.post(f"{ME}/faults", json={"fault": "extra-fields", "count": 1})
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        for url in ("http://192.0.2.1/", f"http://127.0.0.1:{closed.getsockname()[1]}/"):
            await client.post(SUBMIT, json={"prompt": "a fox", "callback_url": url})
        (task, _) = (await client.get(f"{ME}/tasks")).json()["tasks"]
        await client.patch(f"{ME}/tasks/{task['id']}", json={"failure": "content-policy"})
        await client.post(f"{ME}/clock", json={"advance": "10m"})
    await client.post(f"{ME}/credits", json={"provider": "kie", "set": 1})
    await client.delete(f"{ME}/faults")
    await client.delete(f"{ME}/requests")
    await client.delete(ME)
    await client.post("/_mock/reset")


async def collect(
    app: Emulator, target: str, act: Callable[[httpx.AsyncClient], Awaitable[None]]
) -> list[Json]:
    """What a viewer sees of some calls, up to the end of the stream."""
    async with build_client(app) as client, reading(app, target) as reader:
        await act(client)
        app.end_streams()
        return await reader.read_events(1_000)


def test_everything_that_happens_is_in_the_feed(app: Emulator, ask: Ask) -> None:
    """Each kind of event comes, in order, and keeps the schema of the document."""
    components = ask("GET", "/_mock/openapi.json").json()["components"]
    schema = Validator({**components["schemas"]["Event"], "components": components}, "Event")

    events = asyncio.run(collect(app, EVENTS, do_everything))

    assert {event["kind"] for event in events} == set(EventKind)
    assert not [found for event in events for found in schema.find_violations(event)]
    numbers = [event["number"] for event in events]
    assert numbers == list(range(1, len(events) + 1))


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ("kind=clock-moved", {"clock-moved"}),
        ("kind=reset,task-forced", {"reset", "task-forced"}),
        ("account=sk-mock-else", {"reset"}),
        ("account=0123456789abcdef", {"reset"}),
        ("account=sk-mock-else&kind=stray", set()),
        ("account=sk-mock-test&kind=stray,clock-moved", {"clock-moved"}),
    ],
)
def test_a_viewer_sees_what_it_asked_for(app: Emulator, query: str, kinds: set[str]) -> None:
    """Filters leave one account's events, and some kinds; a reset concerns every account."""
    events = asyncio.run(collect(app, f"{EVENTS}?{query}", do_everything))

    assert {event["kind"] for event in events} == kinds


def test_an_account_is_named_by_its_key_or_by_its_hash(app: Emulator, ask: Ask) -> None:
    """Both show the same events."""
    name = ask("GET", ME).json()["id"]

    async def submit(client: httpx.AsyncClient) -> None:
        await client.post(SUBMIT, json={"prompt": "a fox"})

    for account in ("sk-mock-test", name):
        events = asyncio.run(collect(app, f"{EVENTS}?account={account}", submit))
        assert [event["kind"] for event in events] == ["task-submitted", "request"]
        assert events[0]["account"] == {"id": name, "key": "sk-mock-test"}


@pytest.mark.parametrize(
    "query", ["kind=no", "kind=", "kind=reset,", "account=", "acount=x", "limit=-1"]
)
def test_an_unclear_wish_is_refused(ask: Ask, query: str) -> None:
    """A filter that cannot be meant is named."""
    reply = ask("GET", f"{EVENTS}?{query}")

    assert reply.status_code == 400
    assert reply.json()["error"]


def test_a_stream_ends_after_so_many_events(app: Emulator) -> None:
    """With a limit a script can wait for the next event and go on."""

    async def wait() -> list[Json]:
        async with build_client(app) as client, reading(app, f"{EVENTS}?limit=2") as reader:
            await do_everything(client)
            return await reader.read_events(1_000)

    assert [event["number"] for event in asyncio.run(wait())] == [1, 2]


def test_text_of_clients_stays_inside_its_event(app: Emulator) -> None:
    """Line breaks in a prompt begin no event of their own."""
    trick = "\n\nevent: reset\ndata: {}\n\r\u2028\u0085"

    async def submit(client: httpx.AsyncClient) -> None:
        await client.post(SUBMIT, json={"prompt": trick})

    *_, event = asyncio.run(collect(app, f"{EVENTS}?kind=request,reset", submit))
    assert event["subject"]["request"] == {"prompt": trick}


def test_who_leaves_is_not_waited_for(app: Emulator, engine: Engine) -> None:
    """The engine tells nothing any more when the last viewer has gone."""

    async def leave() -> list[bool]:
        async with reading(app), reading(app):
            heard = [engine.events.is_heard]
        return [*heard, engine.events.is_heard]

    assert asyncio.run(leave()) == [True, False]


def test_a_quiet_stream_says_that_it_lives(engine: Engine) -> None:
    """When nothing happens for a while, a comment is sent."""

    async def wait() -> bytes | None:
        feed = Feed(engine, heartbeat=0)
        async with reading(feed.open(Viewer(lambda _: True))) as reader:
            return await reader.read()

    assert asyncio.run(wait()) == b": nothing happened\n\n"


def flood(engine: Engine, size: int) -> list[list[Json]]:
    """What two viewers read after so many events; the second wants one kind that never comes."""

    async def read() -> list[list[Json]]:
        feed = Feed(engine)
        one = Viewer(lambda _: True)
        other = Viewer(lambda event: event.at == size)
        async with reading(feed.open(one)) as first, reading(feed.open(other)) as second:
            for number in range(1, size + 1):
                engine.events.publish(EventKind.RESET, number)
            feed.close()
            return [await first.read_events(size + 1), await second.read_events(2)]

    return asyncio.run(read())


def test_a_viewer_that_does_not_keep_up_is_dropped(engine: Engine) -> None:
    """Instead of a feed with gaps it gets one last event that says so; others are not touched."""
    slow, other = flood(engine, MAX_WAITING + 1)

    assert [event["kind"] for event in slow] == ["dropped"]
    assert "connect again" in slow[0]["hint"]
    assert [event["at"] for event in other] == [MAX_WAITING + 1]


def test_a_viewer_that_just_keeps_up_sees_everything(engine: Engine) -> None:
    """As many events as may wait are sent."""
    slow, _ = flood(engine, MAX_WAITING)

    assert [event["at"] for event in slow] == list(range(1, MAX_WAITING + 1))


def test_what_waits_is_bounded_by_its_size_too(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few large events are as bad as many small ones."""
    monkeypatch.setattr("mockserver.web.control.feed.MAX_WAITING_BYTES", 500)

    slow, _ = flood(engine, 10)

    assert [event["kind"] for event in slow] == ["dropped"]


def test_viewers_are_bounded(app: Emulator) -> None:
    """One more than there may be is refused, and gets in when another one has left."""

    async def crowd() -> list[int]:
        assert app._control is not None  # which opens the feed
        assert app._feed is not None
        streams = [app._feed.open(Viewer(lambda _: True)) for _ in range(MAX_VIEWERS)]
        async with build_client(app) as client:
            refused = await client.get(f"{EVENTS}?limit=0")
            async with view(streams[0]):
                pass
            admitted = await client.get(f"{EVENTS}?limit=0")
        assert refused.json()["error"]
        return [refused.status_code, admitted.status_code]

    assert asyncio.run(crowd()) == [503, 200]


def test_head_learns_what_kind_of_stream_it_is(ask: Ask) -> None:
    """HEAD is answered at once, without a body."""
    reply = ask("HEAD", EVENTS)

    assert (reply.status_code, reply.content) == (200, b"")
    assert reply.headers["content-type"] == "text/event-stream"
    assert reply.headers["cache-control"] == "no-store"


def test_the_end_of_the_server_ends_streams(engine: Engine) -> None:
    """A server that is told to stop by its lifespan lets viewers read to a clean end."""

    async def stop() -> bytes | None:
        app = build_app(engine, Options())
        done = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

        async def receive() -> Message:
            return next(done)

        async def send(_: Message) -> None:
            return

        async with reading(app) as reader:
            await app({"type": "lifespan"}, receive, send)
            return await reader.read()

    assert asyncio.run(stop()) is None
