"""Every control call is behind the same door, and nothing changes for those who stay outside.

The calls are those that the server lists, so a new one cannot be forgotten here.
"""

import ast
import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mockserver.clock import ManualClock
from mockserver.contract.load import load
from mockserver.data import PACKAGE, contracts_dir
from mockserver.engine.engine import Engine
from mockserver.engine.settings import Settings
from mockserver.web.app import Emulator, build_app
from mockserver.web.asgi import Message
from mockserver.web.health import HEALTH
from mockserver.web.options import Options

Ask = Callable[..., httpx.Response]
NewAsk = Callable[[Emulator], Ask]
Headers = dict[str, str]

TOKEN = "correct-horse-battery"
HOLDER = {"x-mock-token": TOKEN}
ME = "sk-mock-test"
WEB = PACKAGE / "web"
JSON = {"content-type": "application/json"}

# What makes a call do something, where an empty body would be refused anyway.
BODIES = {
    "/credits": '{"provider": "gptimage15", "set": 1}',
    "/clock": '{"freeze": true}',
    "/tasks/{task}": '{"outcome": "failed"}',
    "/accounts/{key}": '{"scenario": "fails"}',
    "/next": '{"scenario": "fails"}',
    "/faults": '{"fault": "status"}',
}


class Control:
    """A server with a token, an account with a task, and every control call."""

    def __init__(self, new_ask: NewAsk, token: str | None) -> None:
        self.notices: list[str] = []
        contract = load(contracts_dir() / "gptimage15")
        self.engine = Engine([contract], ManualClock(), Settings(speed=1))
        options = Options(admin_token=token, notice=self.notices.append)
        self.ask = new_ask(build_app(self.engine, options))
        reply = self.ask("POST", "/gptimage15/api/generate", json={"prompt": "a fox"})
        self.task = reply.json()["data"]["task_id"]

    def list_calls(self) -> Iterator[tuple[str, str, str]]:
        """Method, target and body of every call but the one that needs no token."""
        for call in self.ask("GET", "/_mock", headers=HOLDER).json()["calls"]:
            path = call["path"]
            if path != HEALTH:
                body = next((BODIES[end] for end in BODIES if path.endswith(end)), "{}")
                target = path.format(key=ME, task=self.task, provider="gptimage15")
                target += "?limit=0" if path.endswith("/events") else ""
                yield call["method"], target, "" if call["method"] == "GET" else body

    def send(self, call: tuple[str, str, str], headers: Headers) -> httpx.Response:
        """Make one call."""
        method, target, body = call
        return self.ask(method, target, key=None, content=body.encode(), headers=headers)

    def read_state(self) -> list[Any]:
        """Everything that a control call could change."""
        paths = ("", "/clock", "/tasks", "/requests", "/callbacks", "/next", "/faults")
        wanted = [f"/_mock/accounts/{ME}{path}" for path in paths]
        wanted += ["/_mock/accounts", "/_mock/requests"]
        return [self.ask("GET", path, headers=HOLDER).json() for path in wanted]

    def find_gaps(self, headers: Headers, *, status: int) -> list[str]:
        """The calls that were not refused with a status, or were opened to other origins."""
        before = self.read_state()
        found = []
        for call in self.list_calls():
            reply = self.send(call, headers)
            is_open = any(name.startswith("access-control-") for name in reply.headers)
            if reply.status_code != status or is_open:
                found.append(f"{call[0]} {call[1]}: {reply.status_code} {reply.text}")
        return found if self.read_state() == before else [*found, "something was changed"]


@pytest.fixture
def control(ask_app: NewAsk) -> Control:
    """A server that asks for a token."""
    return Control(ask_app, TOKEN)


@pytest.fixture
def open_control(ask_app: NewAsk) -> Control:
    """A server on loopback that asks for none."""
    return Control(ask_app, None)


WRONG_TOKENS: dict[str, Headers] = {
    "none": {},
    "empty": {"x-mock-token": ""},
    "wrong": {"x-mock-token": "wrong-horse-battery"},
    "longer": {"x-mock-token": TOKEN + "x"},
    "shorter": {"x-mock-token": TOKEN[:-1]},
    "twice": {"x-mock-token": f"{TOKEN}, {TOKEN}"},
    "elsewhere": {"authorization": f"Bearer {TOKEN}", "cookie": f"x-mock-token={TOKEN}"},
    "from our own page": {"origin": "http://127.0.0.1:8787", "sec-fetch-site": "same-origin"},
}


@pytest.mark.parametrize("headers", WRONG_TOKENS.values(), ids=WRONG_TOKENS)
def test_without_the_right_token_no_call_is_let_in(control: Control, headers: Headers) -> None:
    """Reading and writing are refused alike, with the same answer whether the token is near."""
    assert not control.find_gaps({**JSON, **headers}, status=401)


def test_the_right_token_lets_every_call_in(control: Control) -> None:
    """With it each call is done, so that the refusals above prove something."""
    # What forgets the account comes last.
    calls = sorted(control.list_calls(), key=lambda c: c[0] == "DELETE" or "/reset" in c[1])

    replies = [control.send(call, {**JSON, **HOLDER}) for call in calls]

    assert {reply.status_code for reply in replies} == {200}


def test_health_is_told_to_everybody(control: Control) -> None:
    """Whoever waits for the server has no token yet, and learns no more than that it serves."""
    reply = control.ask("GET", HEALTH, key=None)

    assert reply.json().keys() == {"status", "version"}


def test_tokens_are_compared_in_constant_time(
    control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How long a refusal takes does not tell how much of a token was right."""
    compared: list[bytes] = []
    monkeypatch.setattr(
        "mockserver.web.control.guard.compare_digest", lambda a, _: compared.append(a)
    )

    control.ask("GET", "/_mock/accounts", headers={"x-mock-token": "wrong"})

    assert compared == [b"wrong"]


def test_the_token_is_never_shown(control: Control) -> None:
    """Not even where it was sent to by mistake: journals, the log and refusals do not have it."""
    control.ask("POST", "/gptimage15/api/generate", json={}, headers=HOLDER)
    control.ask("GET", "/nope", headers=HOLDER)

    shown = [control.send(call, HOLDER).text for call in control.list_calls() if call[0] == "GET"]

    assert len(shown) > 10
    assert TOKEN not in "".join([*shown, *control.notices])


FOREIGN: dict[str, Headers] = {
    "another site": {"origin": "https://evil.test"},
    "a hidden page": {"origin": "null"},
    "an address": {"origin": "http://192.168.1.7"},
    "another port": {"origin": "http://127.0.0.1:3000", "sec-fetch-site": "same-site"},
    "another scheme": {"origin": "https://127.0.0.1:8787"},
    "another name for loopback": {"origin": "http://localhost:8787"},
    "no origin, cross-site": {"sec-fetch-site": "cross-site"},
    "no origin, same site": {"sec-fetch-site": "same-site"},
    "both of two": {"origin": "http://127.0.0.1:8787, https://evil.test"},
}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
def test_no_page_of_another_origin_is_let_in(open_control: Control, headers: Headers) -> None:
    """Whatever a browser sends along for such a page, the call is refused and not opened to it."""
    assert not open_control.find_gaps({**JSON, **headers}, status=403)


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
def test_a_token_does_not_let_a_foreign_page_in(control: Control, headers: Headers) -> None:
    """A page that knows the token is refused as well."""
    assert not control.find_gaps({**JSON, **HOLDER, **headers}, status=403)


SIMPLE: dict[str, Headers] = {
    "text": {"content-type": "text/plain"},
    "text that says JSON": {"content-type": "text/plain; application/json"},
    "form": {"content-type": "application/x-www-form-urlencoded"},
    "upload": {"content-type": "multipart/form-data; boundary=x"},
    "other JSON": {"content-type": "application/csp-report"},
    "empty": {"content-type": ""},
}


@pytest.mark.parametrize("headers", SIMPLE.values(), ids=SIMPLE)
def test_what_a_form_can_send_is_no_call(open_control: Control, headers: Headers) -> None:
    """A browser sends these without asking first; even without an Origin they are refused."""
    assert not open_control.find_gaps(headers, status=415)


def test_a_browser_that_sends_no_metadata_still_needs_the_token(control: Control) -> None:
    """Without Origin and Sec-Fetch headers it is the token that protects, not their absence."""
    browser = {"user-agent": "Mozilla/5.0", "accept": "text/html", "referer": "https://evil.test/"}

    assert not control.find_gaps({**JSON, **browser}, status=401)


@given(
    host=st.text(max_size=30) | st.from_regex(r"[\w.?#@/:\[\]\\-]{1,20}(:8787)?", fullmatch=True)
)
@example("127.0.0.1:8787")
@example("127.0.0.1:8787?")
@example("127.0.0.1/x#")
@example("a@127.0.0.1")
@example("")
def test_no_host_header_opens_the_door(shut_app: Emulator, host: str) -> None:
    """However the Host header is written, a call without the token is not served."""
    status = asyncio.run(find_status(shut_app, host.encode("utf-8", "replace")))

    assert status in {400, 401, 421}


@pytest.fixture(scope="module")
def shut_app() -> Emulator:
    """A server that asks for a token; nobody changes anything in it."""
    engine = Engine([load(contracts_dir() / "gptimage15")], ManualClock(), Settings())
    return build_app(engine, Options(admin_token=TOKEN))


async def find_status(app: Emulator, host: bytes) -> int:
    """The status of a control call with a Host header that no client would send."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        sent.append(message)

    path = "/_mock/accounts"
    scope: dict[str, Any] = {"type": "http", "method": "GET", "scheme": "http", "path": path}
    scope |= {"raw_path": path.encode(), "query_string": b"", "headers": [(b"host", host)]}
    await app(scope, receive, send)
    return int(sent[0]["status"])


@pytest.mark.parametrize("name", ["control/guard.py", "hosts.py", "app.py"])
def test_who_may_enter_is_not_decided_by_a_parsed_address(name: str) -> None:
    """The code that decides never asks a library for the URL, which others can forge."""
    tree = ast.parse((WEB / name).read_text("utf-8"))
    read = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}

    assert not read & {"url", "base_url", "hostname", "netloc"}
