"""Which request leads where: hosts first, then paths."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.clock import ManualClock
from mockserver.contract.model import Contract
from mockserver.engine.engine import Engine
from mockserver.engine.settings import Settings
from mockserver.version import VERSION
from mockserver.web.app import Emulator, build_app
from mockserver.web.asgi import App, Message
from mockserver.web.doors import MAX_DOORS
from mockserver.web.options import Options

Ask = Callable[..., httpx.Response]

PROMPT = {"prompt": "a fox"}
FOREIGN = [
    *["evil.test", "evil.test:8787", "127.0.0.1.nip.io:8787", "localhost.evil", "localhost.:8787"],
    *["10.0.0.1", "169.254.169.254"],
]
NO_HOSTS = ["foo?", "foo/x#", "a@b", "a b", "127.0.0.1, evil.test", "127.0.0.1:x", "[::1"]
PATHS = ["/", "/_mock/accounts", "/_mock/health", "/_files/a/b/c/1.png", "/gptimage15/api/status"]


def build_single(contracts: Sequence[Contract], name: str, **options: Any) -> App:
    chosen = [contract for contract in contracts if contract.name == name]
    return build_app(Engine(chosen, ManualClock(), Settings()), Options(**options))


async def call_raw(app: App, **scope: Any) -> list[Message]:
    """Send a request that no HTTP client would."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    whole = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "scheme": "http",
        "headers": [(b"host", b"127.0.0.1")],
        **scope,
    }
    await app(whole, receive, send)
    return sent


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_host_is_misdirected(ask: Ask, path: str, host: str) -> None:
    """A page that points a name of its own at this machine gets nothing, on no path."""
    reply = ask("GET", path, headers={"host": host})

    assert reply.status_code == 421
    assert "--allowed-host" in reply.json()["hint"]


@pytest.mark.parametrize("host", NO_HOSTS)
def test_a_host_that_is_none_is_a_bad_request(ask: Ask, host: str) -> None:
    """What names no host is refused as malformed, and not repeated in the answer."""
    reply = ask("GET", "/", headers={"host": host})

    assert reply.status_code == 400
    assert host not in reply.text


@pytest.mark.parametrize(
    "headers", [[], [(b"host", b"127.0.0.1"), (b"host", b"127.0.0.1")]], ids=["none", "two"]
)
def test_a_request_has_exactly_one_host(app: App, headers: list[tuple[bytes, bytes]]) -> None:
    """Without a Host header, or with two, a request is bad."""
    head, _ = asyncio.run(call_raw(app, headers=headers))

    assert head["status"] == 400


@given(host=st.binary(max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_host_header_opens_control_by_accident(app: App, host: bytes) -> None:
    """Whatever stands in the Host header, control is served under loopback names only."""
    head, _ = asyncio.run(
        call_raw(app, path="/_mock", raw_path=b"/_mock", headers=[(b"host", host)])
    )

    assert head["status"] in {400, 421} or host.lower().startswith((b"127.", b"local", b"[::1]"))


def test_a_host_may_be_allowed(
    contracts: Sequence[Contract], ask_app: Callable[[App], Ask]
) -> None:
    """--allowed-host opens everything, control included."""
    ask = ask_app(build_single(contracts, "kie", allowed_hosts=("mock.internal",)))

    assert ask("GET", "/_mock/accounts", headers={"host": "mock.internal:80"}).status_code == 200


def test_a_refused_host_is_logged_with_the_flag(ask: Ask, notices: list[str]) -> None:
    """Whoever runs the server reads which flag would let the request in."""
    ask("GET", "/", headers={"host": "mock.internal"})

    assert "--allowed-host mock.internal" in notices[0]


def test_a_provider_is_served_under_its_own_host_name(ask: Ask) -> None:
    """Who maps the provider's name to this machine needs no other path."""
    reply = ask("POST", "/api/generate", json=PROMPT, headers={"host": "gptimage15.ai"})

    assert reply.json()["code"] == 200


@pytest.mark.parametrize("path", ["/_mock/accounts", "/_mock/reset"])
def test_control_is_not_served_under_a_providers_name(ask: Ask, path: str) -> None:
    """The pages of the real provider are no friends of the control API."""
    reply = ask("GET", path, headers={"host": "gptimage15.ai"})

    assert reply.status_code == 421


def test_with_one_provider_the_root_is_its_own(
    contracts: Sequence[Contract], ask_app: Callable[[App], Ask]
) -> None:
    """A single provider answers with and without its name in front."""
    ask = ask_app(build_single(contracts, "gptimage15"))

    for prefix in ("", "/gptimage15"):
        assert ask("POST", f"{prefix}/api/generate", json=PROMPT).json()["code"] == 200


def test_with_several_providers_the_root_shows_where_they_are(ask: Ask) -> None:
    """Who opens the bare address reads where to go."""
    index = ask("GET", "/", key=None).json()

    assert index["providers"]["gptimage15"] == "http://127.0.0.1:8787/gptimage15"
    assert index["control"] == "http://127.0.0.1:8787/_mock"


NEAR_MISSES = {
    "a slash at the end": ("POST", "/gptimage15/api/generate/", "a slash stands at the end"),
    "a doubled slash": ("POST", "/gptimage15//api/generate", "a slash is doubled"),
    "another method": ("PUT", "/gptimage15/api/generate", "the method is POST"),
    "no name in front": ("POST", "/api/generate", "/gptimage15/api/generate"),
}


@pytest.mark.parametrize(("method", "path", "why"), NEAR_MISSES.values(), ids=NEAR_MISSES)
def test_a_near_miss_is_named(
    ask: Ask, notices: list[str], method: str, path: str, why: str
) -> None:
    """A path that is nearly right is not served, and the log and the journal say what it missed."""
    reply = ask(method, path, json=PROMPT)

    (entry,) = ask("GET", "/_mock/requests").json()["requests"]
    assert reply.status_code == 404
    assert why in notices[0]
    assert why in entry["notes"][0]
    assert entry["request"] == PROMPT


STRAYS = [
    *["/kie", "/kie/", "/nope", "//", "//a:b@/x", "/%2e%2e/%2e%2e/etc/passwd", "/kie/%ff%00"],
    *["/_nope", "/_mockery", "*", ""],
]


@pytest.mark.parametrize("path", STRAYS)
def test_a_path_that_leads_nowhere_is_not_found(app: App, path: str) -> None:
    """No path makes the server fail, or leads out of what is served."""
    raw = path.encode()

    head, body = asyncio.run(call_raw(app, path=unquote(path), raw_path=raw))

    assert head["status"] == 404
    assert b"root:" not in body["body"]


def test_health_needs_nothing(contracts: Sequence[Contract], ask_app: Callable[[App], Ask]) -> None:
    """Health is answered without key and without token."""
    ask = ask_app(build_single(contracts, "kie", host="0.0.0.0", admin_token="t"))  # noqa: S104

    reply = ask("GET", "/_mock/health", key=None)

    assert reply.json() == {"status": "ok", "version": VERSION}


def test_head_is_answered_without_a_body(ask: Ask) -> None:
    """HEAD gets the length of the body, and no body."""
    reply = ask("HEAD", "/_mock/health", key=None)

    assert int(reply.headers["content-length"]) > 0
    assert reply.content == b""


def test_result_files_are_addressed_as_the_client_reached_us(ask: Ask, clock: ManualClock) -> None:
    """Behind TLS, and under any name, the addresses of results are ones that the client can use."""
    headers = {"host": "gptimage15.ai", "x-forwarded-proto": "https"}
    task = ask("POST", "/api/generate", json=PROMPT, headers=headers).json()["data"]["task_id"]
    clock.advance(600_000)

    found = ask("GET", "/api/status", params={"task_id": task}, headers=headers).json()

    assert found["data"]["response"][0].startswith("https://gptimage15.ai/_files/")


def test_a_websocket_is_closed(app: App) -> None:
    """Nothing here speaks WebSocket."""
    (message,) = asyncio.run(call_raw(app, type="websocket"))

    assert message["type"] == "websocket.close"


def test_whoever_leaves_before_the_end_is_not_answered(app: App) -> None:
    """A client that breaks off its body gets no answer, and makes no task."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    path = b"/gptimage15/api/generate"
    scope = {
        "type": "http",
        "method": "POST",
        "path": path.decode(),
        "raw_path": path,
        "query_string": b"",
        "scheme": "http",
        "headers": [(b"host", b"localhost")],
    }

    async def leave() -> None:
        await app(scope, receive, send)

    asyncio.run(leave())

    assert not sent


def test_many_host_headers_do_not_fill_the_memory(app: App) -> None:
    """What is remembered of Host headers is bounded, and all of them are answered."""

    async def knock() -> set[int]:
        ports = range(1, MAX_DOORS + 10)
        heads = [await call_raw(app, headers=[(b"host", b"localhost:%d" % n)]) for n in ports]
        return {head[0]["status"] for head in heads}

    assert asyncio.run(knock()) == {200}
    assert isinstance(app, Emulator)
    assert len(app._doors.known) <= MAX_DOORS
