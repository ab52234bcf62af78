"""The document of the control API says what its calls take and answer, no less and no more."""

import asyncio
import re
import socket
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from mockserver.contract.validate import Validator
from mockserver.engine.events import EventKind
from mockserver.web.asgi import App

Ask = Callable[..., httpx.Response]
Step = tuple[str, str, Any]  # method, target, body

ORIGIN = "http://127.0.0.1:8787"
SUBMIT = "/gptimage15/api/generate"
ME = "/_mock/accounts/sk-mock-test"
NOBODY = "/_mock/accounts/0123456789abcdef"

# They need a crowd: tests/web/control/test_feed.py and test_control_faults.py beside it have it.
ELSEWHERE = {
    ("GET", "/_mock/events", "503"),
    ("POST", "/_mock/accounts/{key}/faults", "409"),
    ("POST", "/_mock/accounts/{key}/next", "409"),
}


class Document:
    """The served document, and what it says of a reply."""

    def __init__(self, root: dict[str, Any]) -> None:
        self.paths = root["paths"]
        self.components = root["components"]

    def list_calls(self) -> set[tuple[str, str]]:
        """Method and path of every call."""
        return {
            (method.upper(), path)
            for path, item in self.paths.items()
            for method in item
            if method != "parameters"
        }

    def list_replies(self) -> set[tuple[str, str, str]]:
        """Method, path and status of every reply that is described under its status."""
        return {
            (method, path, status)
            for method, path in self.list_calls()
            for status in self.paths[path][method.lower()]["responses"]
            if status != "default"
        }

    def find_path(self, target: str) -> str:
        """The path of the document that a target is an instance of."""
        path = target.partition("?")[0]
        found = [each for each in self.paths if re.fullmatch(re.sub(r"{\w+}", "[^/]+", each), path)]
        return str(min(found, key=lambda each: each.count("{")))

    def find_violations(self, path: str, reply: httpx.Response) -> list[str]:
        """Where a reply breaks what the document says of it."""
        responses = self.paths[path][reply.request.method.lower()]["responses"]
        response = responses.get(str(reply.status_code), responses["default"])
        if "$ref" in response:
            response = self.components["responses"][response["$ref"].rpartition("/")[2]]
        media_type = reply.headers["content-type"]
        if media_type == "application/json":
            return self.judge(response["content"][media_type]["schema"], reply.json())
        return [] if media_type in response["content"] else [f"{media_type} is not described"]

    def judge(self, schema: dict[str, Any], value: Any) -> list[str]:
        """Where a value breaks a schema of the document."""
        validator = Validator({**schema, "components": self.components}, "the document")
        return [f"{found.pointer} {found.message}" for found in validator.find_violations(value)]


@pytest.fixture
def document(ask: Ask) -> Document:
    """The document as it is served."""
    return Document(ask("GET", "/_mock/openapi.json").json())


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port at which every connection is refused."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def list_server_steps() -> Iterator[Step]:
    """Calls that are about the server."""
    for path in ("", "/openapi.json", "/health", "/providers", "/contracts/kie", "/contracts/no"):
        yield "GET", f"/_mock{path}", None
    for path in ("/faults", "/scenarios", "/events?limit=0", "/events?kind=no", "/accounts"):
        yield "GET", f"/_mock{path}", None
    for path in ("/_mock/requests", f"{ME}/requests"):
        yield "GET", path, None
        yield "GET", f"{path}?limit=-1", None


def list_account_steps(task: str) -> Iterator[Step]:
    """Calls that are about an account which has a task; most of them also fail."""
    yield "PATCH", f"{ME}/tasks/{task}", {"failure": "no"}
    yield "PATCH", f"{ME}/tasks/{task}", {}
    yield "PATCH", f"{ME}/tasks/{task}", {}
    yield "PATCH", f"{ME}/tasks/no", {}
    yield "PATCH", ME, {"webhook_secret": "s", "http_status": "code"}
    yield "PATCH", ME, {"scenario": "no"}
    yield "POST", f"{ME}/credits", {"provider": "kie", "add": 0.5}
    yield "POST", f"{ME}/credits", {"provider": "kie"}
    yield "POST", f"{ME}/clock", {"advance": "1h"}
    yield "POST", f"{ME}/clock", {"advance": "999999999999d"}
    for path in ("", "/credits", "/clock", "/tasks", "/requests", "/callbacks"):
        yield "GET", f"{ME}{path}", None
        yield "GET", f"{NOBODY}{path}", None
    yield "PATCH", NOBODY, {}
    yield "POST", f"{NOBODY}/credits", {"provider": "kie", "set": 1}
    yield "POST", f"{NOBODY}/clock", {"freeze": True}
    yield "DELETE", f"{NOBODY}/requests", None
    yield "DELETE", f"{ME}/requests", None
    yield "DELETE", ME, None
    yield "POST", "/_mock/reset", None


def list_test_steps() -> Iterator[Step]:
    """Calls by which tests plan what is to come, and judge what has been."""
    yield "POST", f"{ME}/next", {"scenario": "fails", "count": 2}
    yield "POST", f"{ME}/next", {"scenario": "no"}
    yield "POST", f"{ME}/requests/count", {"operation": "submit"}
    yield "POST", f"{ME}/requests/count", {"operation": "no"}
    yield "POST", f"{ME}/requests/expect", {"operation": "submit", "exactly": 3}
    yield "POST", f"{ME}/requests/expect", {"status": 299}
    yield "POST", f"{ME}/requests/expect", {"exactly": 1, "at_most": 1}
    yield "POST", f"{ME}/faults", {"fault": "status", "status": 503, "operation": "submit"}
    yield "POST", f"{ME}/faults", {"fault": "no"}
    yield "POST", f"{NOBODY}/next", {"scenario": "fails"}
    yield "POST", f"{NOBODY}/requests/count", {}
    yield "POST", f"{NOBODY}/requests/expect", {}
    yield "POST", f"{NOBODY}/faults", {"fault": "status"}
    for path in ("/next", "/faults"):
        yield "GET", f"{ME}{path}", None
        yield "GET", f"{NOBODY}{path}", None
    yield "DELETE", f"{NOBODY}/next", None
    yield "DELETE", f"{NOBODY}/faults", None
    yield "DELETE", f"{ME}/faults", None
    yield "DELETE", f"{ME}/next", None


async def walk(app: App, port: int) -> list[httpx.Response]:
    """The replies to all of these calls, made of an account with tasks, callbacks and mistakes."""
    transport = httpx.ASGITransport(app=app)
    key = {"authorization": "Bearer sk-mock-test"}
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=key) as client:
        tasks = []
        for url in (f"http://127.0.0.1:{port}/", "http://192.0.2.1/"):
            body = {"prompt": "a fox", "callback_url": url}
            reply = await client.post(SUBMIT, json=body)
            tasks.append(reply.json()["data"]["task_id"])
        await client.post(SUBMIT, json={"size": "1x1"})
        await client.get("/nope")
        steps = [*list_server_steps(), *list_test_steps(), *list_account_steps(tasks[0])]
        return [await client.request(method, url, json=body) for method, url, body in steps]


def test_routes_and_document_agree(ask: Ask, document: Document) -> None:
    """Every route is documented with its methods, and every documented call has its route."""
    routes = {(call["method"], call["path"]) for call in ask("GET", "/_mock").json()["calls"]}

    assert routes == document.list_calls()


def test_every_reply_is_as_documented(app: App, document: Document, closed_port: int) -> None:
    """A walk over all calls gets every documented reply, and each keeps its schema."""
    replies = asyncio.run(walk(app, closed_port))

    paths = [document.find_path(reply.request.url.path) for reply in replies]
    reached = {
        (reply.request.method, path, str(reply.status_code))
        for path, reply in zip(paths, replies, strict=True)
    }
    broken = {
        f"{reply.request.method} {path} {reply.status_code}: {problem}"
        for path, reply in zip(paths, replies, strict=True)
        for problem in document.find_violations(path, reply)
    }
    assert not broken
    assert reached == document.list_replies() - ELSEWHERE


def test_the_walk_shows_what_can_be_shown(app: App, closed_port: int) -> None:
    """Lists that stayed empty would prove nothing about what stands in them."""
    replies = asyncio.run(walk(app, closed_port))

    good = (r for r in replies if r.request.method == "GET" and r.status_code == 200)
    shown = {reply.request.url.path: reply.json() for reply in good if reply.content[:1] == b"{"}
    callbacks = shown[f"{ME}/callbacks"]["callbacks"]
    assert {callback["standing"] for callback in callbacks} == {"exhausted", "held"}
    assert all(shown[path]["requests"] for path in ("/_mock/requests", f"{ME}/requests"))
    assert any(entry["violations"] for entry in shown[f"{ME}/requests"]["requests"])
    assert len(shown[f"{ME}/tasks"]["tasks"]) == 2


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/_mock/nope"), ("PUT", "/_mock/reset"), ("GET", "/_mock/health/")]
)
def test_other_calls_are_refused_in_the_same_form(
    ask: Ask, document: Document, method: str, path: str
) -> None:
    """What is no call is answered with an error like any other."""
    reply = ask(method, path)

    assert reply.status_code in {404, 405}
    assert not document.judge(document.components["schemas"]["Error"], reply.json())


def test_every_kind_of_event_is_documented(document: Document) -> None:
    """The document lists the kinds that the engine knows, each with what it is about."""
    schemas = document.components["schemas"]
    about = [branch["properties"]["kind"] for branch in schemas["Event"]["oneOf"]]

    assert schemas["EventKind"]["enum"] == list(EventKind)
    assert sorted(kind for each in about for kind in each.get("enum", [each.get("const")])) == (
        sorted(EventKind)
    )


def test_examples_keep_their_schemas(document: Document) -> None:
    """What is shown as a request can be sent."""
    for method, path in document.list_calls():
        body = document.paths[path][method.lower()].get("requestBody")
        if body is not None and "example" in (content := body["content"]["application/json"]):
            assert not document.judge(content["schema"], content["example"])
