"""Both clients of the control API do the same, against the real application."""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any, get_type_hints

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.clock import ManualClock
from mockserver.contract.load import load
from mockserver.control_client import AsyncControlClient, ControlClient, reading, views
from mockserver.control_client.ledger import LedgerEntryView, LedgerView
from mockserver.control_client.reading import EventReader
from mockserver.data import contracts_dir
from mockserver.engine.engine import Engine
from mockserver.engine.settings import Settings
from mockserver.errors import ControlFailed, ExpectationFailed, NearMiss
from mockserver.web.app import build_app
from mockserver.web.asgi import App, Receive, Scope, Send
from mockserver.web.options import Options

URL = "http://127.0.0.1:8787"
KEY = "sk-mock-test"
TOKEN = "the-token"

# Calls that no client needs: a list for people, and the document.
FOR_PEOPLE = {"calls", "document"}


class World:
    """An application with a token, a provider client, and what the application was asked."""

    def __init__(self) -> None:
        contract = load(contracts_dir() / "gptimage15")
        engine = Engine([contract], ManualClock(), Settings(speed=1))
        self._app: App = build_app(engine, Options(admin_token=TOKEN))
        self.asked: list[tuple[str, str]] = []  # method and raw path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.append((scope["method"], scope["raw_path"].decode()))
        await self._app(scope, receive, send)

    def submit(self, key: str = KEY, **fields: Any) -> str:
        """Submit a task as an application would; its id, or nothing if it was refused."""
        request = httpx.Request(
            "POST",
            f"{URL}/gptimage15/api/generate",
            json={"prompt": "a fox", **fields},
            headers={"authorization": f"Bearer {key}"},
        )
        found = json.loads(InProcess(self).handle_request(request).content)["data"]
        return str((found or {}).get("task_id", ""))


class InProcess(httpx.BaseTransport):
    """Gives requests to an ASGI application, without a socket, and waits for the answers."""

    def __init__(self, app: App) -> None:
        self._inner = httpx.ASGITransport(app=app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        return asyncio.run(self._answer(request))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        reply = await self._inner.handle_async_request(request)
        return httpx.Response(reply.status_code, headers=reply.headers, content=await reply.aread())


class Waiting:
    """ControlClient, called by the names of its methods."""

    def __call__(self, app: App, token: str | None, name: str, *given: Any, **named: Any) -> Any:
        with ControlClient(URL, token, InProcess(app)) as client:
            return getattr(client, name)(*given, **named)

    def ask(self, url: str, transport: httpx.MockTransport | None = None) -> object:
        """Ask for health at some address."""
        with ControlClient(url, transport=transport) as client:
            return client.health()

    def watch(self, url: str, act: Callable[[], object], **named: Any) -> list[views.EventView]:
        """The events of a stream while something is done."""
        with ControlClient(url) as client, client.events(**named) as events:
            act()
            return list(events)


class Awaiting:
    """AsyncControlClient, called by the names of its methods."""

    def __call__(self, app: App, token: str | None, name: str, *given: Any, **named: Any) -> Any:
        async def make() -> Any:
            async with AsyncControlClient(URL, token, httpx.ASGITransport(app=app)) as client:
                return await getattr(client, name)(*given, **named)

        return asyncio.run(make())

    def ask(self, url: str, transport: httpx.MockTransport | None = None) -> object:
        """Ask for health at some address."""

        async def ask() -> object:
            async with AsyncControlClient(url, transport=transport) as client:
                return await client.health()

        return asyncio.run(ask())

    def watch(self, url: str, act: Callable[[], object], **named: Any) -> list[views.EventView]:
        """The events of a stream while something is done."""

        async def watch() -> list[views.EventView]:
            async with AsyncControlClient(url) as client, client.events(**named) as events:
                await asyncio.to_thread(act)
                return [event async for event in events]

        return asyncio.run(watch())


Driver = Waiting | Awaiting
Do = Callable[..., Any]


@pytest.fixture
def world() -> World:
    """One provider, behind a token."""
    return World()


@pytest.fixture(params=[Waiting(), Awaiting()], ids=["waits", "awaits"])
def driver(request: pytest.FixtureRequest) -> Driver:
    """One client or the other."""
    driver: Driver = request.param
    return driver


@pytest.fixture
def do(driver: Driver, world: World) -> Do:
    """Makes a call by its name: `do("account", KEY)`."""
    return lambda name, *given, **named: driver(world, TOKEN, name, *given, **named)


def test_what_is_served_is_shown(do: Do) -> None:
    """Health, providers, contract and scenarios come as values."""
    (provider,) = do("providers")

    assert do("health").status == "ok"
    assert (provider.name, provider.base_url) == ("gptimage15", f"{URL}/gptimage15")
    assert provider.operations[0] == views.OperationView(
        "generate", "submit", "POST", "/api/generate", provider.operations[0].summary
    )
    assert do("contract", "gptimage15")["openapi"].startswith("3.1")
    assert do("scenarios")["gptimage15"][0].name == "succeeds"


def test_an_account_is_shown_changed_and_forgotten(do: Do) -> None:
    """The account that comes back is the one that was changed; null goes back to the default."""
    changed = do("change_account", KEY, scenario="fails", seed=7)

    assert changed == do("account", KEY) == do("account", changed.id)
    assert (changed.scenario, changed.seed, changed.balances) == (
        "fails",
        7,
        {"gptimage15": 100_000},
    )
    assert do("change_account", KEY, scenario=None).scenario is None
    assert [account.key for account in do("accounts")] == [KEY]
    assert (do("forget_account", KEY), do("forget_account", KEY)) == (True, False)


def test_credits_are_set_and_added(do: Do) -> None:
    """The provider need not be named where only one is served."""
    assert do("set_credits", KEY, 12.5, "gptimage15") == views.CreditsView("gptimage15", 12.5)
    assert do("add_credits", KEY, -2).balance == 10.5


def test_the_entries_of_a_ledger_are_shown(do: Do, world: World) -> None:
    """Each movement has its kind, its amount and its task; together they are the balance."""
    task = do("force_task", KEY, world.submit())
    do("add_credits", KEY, 2.5)

    (ledger,) = do("credits", KEY)
    assert [(entry.kind, entry.amount, entry.task) for entry in ledger.entries] == [
        ("opening", 100_000, None),
        ("charge", -task.price, task.id),
        ("refund", task.price, task.id),
        ("add", 2.5, None),
    ]
    assert (ledger.provider, ledger.balance) == ("gptimage15", 100_002.5)
    assert do("credits", "sk-mock-idle")[0].entries[0].amount == 100_000


def test_time_is_moved(do: Do, world: World) -> None:
    """Advance runs what falls due, freeze stops a clock and lets it go."""
    task = world.submit()
    before = do("freeze", KEY)

    after = do("advance", KEY, "1h", deliver=False)

    assert (after.now - before.now, after.frozen, after.undelivered) == (3_600_000, True, ())
    assert [(t.id, t.phase, t.ended) for t in do("tasks", KEY)] == [(task, "succeeded", True)]
    assert not do("freeze", KEY, on=False).frozen
    assert do("clock", KEY) == views.ClockView(after.now, after.time, frozen=False)


def test_a_task_is_forced_to_fail(do: Do, world: World) -> None:
    """The task that comes back has ended with the failure that was asked for."""
    task = do("force_task", KEY, world.submit(), failure="content-policy")

    assert (task.phase, task.failure, task.request) == (
        "failed",
        "content-policy",
        {"prompt": "a fox"},
    )


def test_the_journal_is_read_and_cleared(do: Do, world: World) -> None:
    """Entries come as values with their violations; filters and all accounts work alike."""
    world.submit()
    world.submit(size="1x1")
    world.submit(key="sk-mock-other")

    (bad,) = do("requests", KEY, violations=True, limit=5)

    assert (bad.seq, bad.request["size"], bad.violations[0].field) == (1, "1x1", "size")
    assert len(do("requests")) == 3
    assert (do("clear_requests", KEY), do("requests", KEY)) == (2, ())


def test_the_next_submits_are_planned(do: Do, world: World) -> None:
    """What is planned comes back in order, is used up by submits, and can be taken back."""
    do("plan_next", KEY, "fails", provider="gptimage15")
    planned = do("plan_next", KEY, "instant", count=2)
    world.submit()

    assert planned[1] == views.WishView("instant", 2, None)
    assert do("wishes", KEY) == planned[1:]
    assert [task.scenario for task in do("tasks", KEY)] == ["fails"]
    assert (do("clear_next", KEY), do("wishes", KEY)) == (1, ())


def test_an_expectation_that_is_not_met_fails_like_an_assertion(do: Do, world: World) -> None:
    """The error says what was there instead; one that is met gives the requests."""
    world.submit()
    fox = {"operation": "submit", "facts": {"input.prompt": "a fox"}}

    assert do("expect", KEY, **fox, exactly=1) == (0,)
    assert do("count_requests", KEY, **fox) == 1
    with pytest.raises(AssertionError, match=r'input\.prompt is "a fox", not "a cat"') as caught:
        do("expect", KEY, facts={"input.prompt": "a cat"})
    assert isinstance(caught.value, ExpectationFailed)
    (miss,) = caught.value.near_misses
    assert (miss.seq, miss.differences) == (0, ('input.prompt is "a fox", not "a cat"',))


def test_callbacks_are_shown(do: Do, world: World) -> None:
    """A delivery that nobody takes shows its attempts; it is among what an advance lists."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        world.submit(callback_url=f"http://127.0.0.1:{closed.getsockname()[1]}/")
        undelivered = do("advance", KEY, "1h").undelivered

    (callback,) = do("callbacks", KEY)
    assert (callback.standing, callback.moment) == ("exhausted", "succeeded")
    assert callback.attempts[0].status is None
    assert undelivered == (callback,)


def test_a_reset_leaves_nothing(do: Do, world: World) -> None:
    """Afterwards there is no account."""
    world.submit()

    assert do("reset") is None
    assert do("accounts") == ()


def test_every_call_has_its_method(do: Do, world: World) -> None:
    """What the document describes can be asked for by the client, under the same name."""
    document = do_raw(world, "/_mock/openapi.json")
    described = {
        operation["operationId"]
        for item in document["paths"].values()
        for method, operation in item.items()
        if method != "parameters"
    }
    # One call, two methods, and the other way round.
    named = described - FOR_PEOPLE - {"change_credits", "move_clock", "all_requests"}
    named |= {"set_credits", "add_credits", "advance", "freeze"}

    for kind in (ControlClient, AsyncControlClient):
        methods = {name for name in dir(kind) if not name.startswith("_")}
        assert methods - {"make", "close", "aclose"} == named


def do_raw(world: World, path: str) -> Any:
    request = httpx.Request("GET", URL + path, headers={"x-mock-token": TOKEN})
    return json.loads(InProcess(world).handle_request(request).content)


VIEWS = {
    "Health": views.HealthView,
    "Provider": views.ProviderView,
    "Operation": views.OperationView,
    "Scenario": views.ScenarioView,
    "Wish": views.WishView,
    "NearMiss": NearMiss,
    "Account": views.AccountView,
    "Clock": views.ClockView,
    "ClockMoved": views.ClockMoved,
    "Credits": views.CreditsView,
    "Ledger": LedgerView,
    "LedgerEntry": LedgerEntryView,
    "Task": views.TaskView,
    "Callback": views.CallbackView,
    "Attempt": views.AttemptView,
    "Fault": views.FaultView,
    "FaultKind": views.FaultKindView,
    "Request": views.RequestView,
    "Violation": views.ViolationView,
    "Event": views.EventView,
}


def test_views_have_what_the_document_describes(world: World) -> None:
    """No member is left out, and none is hoped for."""
    schemas = do_raw(world, "/_mock/openapi.json")["components"]["schemas"]

    for name, view in VIEWS.items():
        fields = [*get_type_hints(view)]
        assert fields == list(schemas[name]["properties"]), name
    assert schemas.keys() - VIEWS.keys() == {"Error", "Phase", "Journal", "EventKind"}


# Not in headers, so that any letter may stand there; a lone surrogate is no text.
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)
_world = World()


@given(key=NAMES | st.sampled_from([".", "..", "a/b", "%2F", "a%2Fb", "?x#y", "clock", "a\u2028b"]))
def test_any_key_reaches_its_own_account(key: str) -> None:
    """Whatever letters a key has, the client writes it so that the server reads it."""
    if key.startswith("sk-mock-"):
        return
    with ControlClient(URL, TOKEN, InProcess(_world)) as client:
        client.set_credits(key, 7)

        assert client.account(key).balances == {"gptimage15": 7}
        assert len(client.accounts()) == 1
        client.reset()


# Errors


def test_a_refusal_is_an_error_with_a_hint(do: Do) -> None:
    """The error has the status, the reason and what to do, and says both in its text."""
    with pytest.raises(ControlFailed) as caught:
        do("change_account", KEY, scenario="faisl")

    failed = caught.value
    assert (failed.status, failed.error) == (400, "no scenario 'faisl'")
    assert str(failed) == f"no scenario 'faisl' ({failed.hint})"
    assert "fails" in failed.hint


@pytest.mark.parametrize("token", [None, "wrong"])
def test_the_token_is_sent(driver: Driver, world: World, token: str | None) -> None:
    """A client without the right token is refused, and told which header is meant."""
    with pytest.raises(ControlFailed, match="X-Mock-Token") as caught:
        driver(world, token, "accounts")

    assert caught.value.status == 401


def test_no_answer_is_an_error_that_names_the_address(driver: Driver) -> None:
    """Where nobody listens there is no status."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(ControlFailed, match=re.escape(url)) as caught:
            driver.ask(url)

    assert caught.value.status is None


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, "<html>"),
        (200, "[]"),
        (200, '{"status": "ok"}'),
        (302, ""),
        (500, "oops"),
        (404, '{"detail": "Not Found"}'),
    ],
    ids=["a page", "a list", "half of it", "elsewhere", "broken", "another form"],
)
def test_an_answer_of_something_else_is_an_error(driver: Driver, status: int, body: str) -> None:
    """What listens there may be no mockserver at all."""
    with pytest.raises(ControlFailed) as caught:
        driver.ask(URL, httpx.MockTransport(lambda _: httpx.Response(status, text=body)))

    assert caught.value.status == status


def test_a_proxy_of_the_environment_is_not_asked(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server is on this machine, which a proxy does not know."""
    with socket.create_server(("127.0.0.1", 0)) as proxy, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.getsockname()[1]}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        with pytest.raises(ControlFailed):
            driver.ask(f"http://127.0.0.1:{closed.getsockname()[1]}")

        proxy.setblocking(False)
        with pytest.raises(BlockingIOError):
            proxy.accept()


# Events, which need a server that sends while it goes on


Serve = Callable[[], tuple[str, "subprocess.Popen[str]"]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server; gives its address and its process."""
    started: list[subprocess.Popen[str]] = []
    command = [sys.executable, "-m", "mockserver", "serve", "--port", "0", "--log-format", "json"]
    kept = {name: v for name, v in os.environ.items() if not name.startswith("MOCKSERVER_")}

    def serve() -> tuple[str, subprocess.Popen[str]]:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=kept)
        started.append(process)
        assert process.stdout is not None
        return json.loads(process.stdout.readline())["url"], process

    yield serve
    for process in started:
        process.kill()
        process.communicate()


def test_events_are_read_while_they_happen(driver: Driver, serve: Serve) -> None:
    """A stream gives what was asked for, from the moment on at which it was opened."""
    url, _ = serve()

    def act() -> None:
        with ControlClient(url) as client:
            client.account("sk-mock-other")
            client.advance(KEY, "1s")
            client.set_credits(KEY, 1, "kie")

    kinds = ["account-opened", "account-changed", "clock-moved"]
    events = driver.watch(url, act, account=KEY, kinds=kinds, limit=3)

    assert [event.kind for event in events] == ["account-opened", "clock-moved", "account-changed"]
    assert all(event.account and event.account.key == KEY for event in events)
    assert isinstance(events[1].subject, views.ClockView)
    assert isinstance(events[2].subject, views.AccountView)
    assert events[2].subject.balances["kie"] == 1


def test_a_stream_ends_cleanly_with_its_server(driver: Driver, serve: Serve) -> None:
    """A server that is told to stop ends its streams; nobody has to wait, and none is cut off."""
    url, process = serve()

    assert driver.watch(url, process.terminate) == []
    assert process.wait(30) == 0


def test_a_stream_that_breaks_off_is_an_error(driver: Driver, serve: Serve) -> None:
    """A server that is killed does not pass for one where nothing more happens."""
    url, process = serve()

    with pytest.raises(ControlFailed, match=re.escape(url)):
        driver.watch(url, process.kill)


def test_a_refused_stream_is_an_error(driver: Driver, serve: Serve) -> None:
    """A kind that there is not is named with the nearest one."""
    url, _ = serve()

    with pytest.raises(ControlFailed, match="task-ended"):
        driver.watch(url, lambda: None, kinds=["task-endd"])


EVENT = {"number": 1, "kind": "reset", "at": 5, "time": "", "account": None, "subject": None}


@given(texts=st.lists(st.text()), size=st.integers(1, 40))
def test_a_stream_may_be_cut_anywhere(texts: list[str], size: int) -> None:
    """However the bytes arrive, the events are the same; comments are passed over."""
    rows = [EVENT | {"time": text} for text in texts]
    stream = b": hello\n\n" + b"".join(
        b"id: 1\nevent: reset\ndata: %s\n\n: still there\n\n" % json.dumps(row).encode()
        for row in rows
    )
    reader = EventReader()
    pieces = (stream[i : i + size] for i in range(0, len(stream), size))

    assert [e.time for piece in pieces for e in reader.read(piece)] == texts


def test_events_that_are_lost_are_an_error() -> None:
    """A stream from which the server drops a viewer does not end as if nothing had happened."""
    piece = b'event: dropped\ndata: {"error": "too slow", "hint": "connect again"}\n\n'

    with pytest.raises(ControlFailed, match=re.escape("too slow (connect again)")):
        list(EventReader().read(piece))


def test_events_of_a_newer_server_are_read_without_their_subject() -> None:
    """What this client does not know yet is no reason to fail."""
    event = reading.read_event(EVENT | {"kind": "moon-risen", "subject": {"phase": "full"}})

    assert (event.kind, event.subject) == ("moon-risen", None)
