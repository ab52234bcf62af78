"""Several requests on one connection: answered in order, whichever way each of them takes."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.engine.call import Reply
from mockserver.web.app import Emulator

if TYPE_CHECKING:
    from tests.web.wire.conftest import Answer, BuildApp, Serve, Server

    Converse = Callable[[Emulator, Sequence[bytes]], bytes]

HOST = b"Host: 127.0.0.1:8787\r\n"
KEY = b"Authorization: Bearer sk-mock-order\r\n"
HEALTH = b"GET /_mock/health HTTP/1.1\r\n" + HOST + b"\r\n"
CLOSING = HEALTH[:-2] + b"Connection: close\r\n\r\n"
BROKEN = b"GET /_mock/health HTTP/1.1\r\nbroken\r\n\r\n"
DEPTH = 1_000


class Faulty(Emulator):
    """An emulator with a mistake."""

    def answer_call(self, *_: Any) -> Reply:
        raise RuntimeError("a mistake of ours")


def submit(prompt: str, *fields: bytes) -> bytes:
    body = json.dumps({"prompt": prompt}).encode()
    head = [b"Content-Type: application/json", b"Content-Length: %d" % len(body), *fields]
    lines = b"".join(field + b"\r\n" for field in head)
    return b"POST /gptimage15/api/generate HTTP/1.1\r\n" + HOST + KEY + lines + b"\r\n" + body


def ask(target: str, method: str = "GET") -> bytes:
    return f"{method} {target} HTTP/1.1\r\n".encode() + HOST + KEY + b"\r\n"


def poll(task: str) -> bytes:
    return ask(f"/gptimage15/api/status?task_id={task}")


def read_result(answer: "Answer") -> str:
    """The path of a task's file."""
    url: str = json.loads(answer.body)["data"]["response"][0]
    return url.removeprefix("http://127.0.0.1:8787")


@dataclass(frozen=True)
class Known:
    """A few tasks, their files, and a request of each kind with what its answer must hold."""

    tasks: list[str]
    files: list[str]
    tags: list[str]

    def build(self, kind: str, number: int) -> tuple[bytes, int, bytes]:
        """A request, the status of its answer, and bytes in its head or body."""
        place = number % len(self.tasks)
        rows = {
            "poll": (poll(self.tasks[place]), 200, self.tasks[place].encode()),
            "lost": (poll(f"lost{number}"), 404, b"code"),
            "stray": (ask(f"/nowhere/{number}"), 404, f"/nowhere/{number}".encode()),
            "file": (ask(self.files[place]), 200, self.tags[place].encode()),
            "head": (ask(self.files[place], "HEAD"), 200, self.tags[place].encode()),
            "health": (HEALTH, 200, b"version"),
            "control": (ask(f"/_mock/contracts/x{number}"), 404, f"'x{number}'".encode()),
        }
        return rows[kind]


@pytest.fixture(scope="module")
def known(server: "Server") -> Known:
    """Some tasks that have ended."""
    tasks, files, tags = [], [], []
    with server.connect() as line:
        for number in range(3):
            tasks.append(json.loads(line.ask(submit(f"fox {number}")).body)["data"]["task_id"])
            files.append(read_result(line.ask(poll(tasks[-1]))))
            tags.append(line.ask(ask(files[-1])).headers["etag"])
    return Known(tasks, files, tags)


KINDS = ["poll", "lost", "stray", "file", "head", "health", "control"]


@given(kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_answers_come_in_the_order_of_the_requests(
    server: "Server", known: Known, kinds: list[str]
) -> None:
    """Requests in one segment, for providers, files and control, are answered whole in order."""
    rows = [known.build(kind, number) for number, kind in enumerate(kinds)]
    with server.connect() as line:
        line.send(b"".join(request for request, _, _ in rows))
        answers = [line.read(of_head=kind == "head") for kind in kinds]
        rest = line.end().read_rest()

    assert [answer.status for answer in answers] == [status for _, status, _ in rows]
    for answer, (_, _, mark) in zip(answers, rows, strict=True):
        assert mark in answer.body + answer.headers.get("etag", "").encode()
    assert rest == b""


@pytest.mark.parametrize("first", [b"", HEALTH], ids=["short", "behind the application"])
def test_a_deep_pipeline_is_answered_to_its_end(
    server: "Server", known: Known, first: bytes
) -> None:
    """More calls than a segment, a head or a write buffer holds are all answered in order."""
    wanted = [known.tasks[number % 3] for number in range(DEPTH)]
    with server.connect() as line:
        line.send(first + b"".join(poll(task) for task in wanted))
        if first:
            line.read()
        found = [json.loads(line.read().body)["data"]["task_id"] for _ in wanted]

    assert found == wanted


def test_what_is_broken_spoils_no_answer_before_it(server: "Server", known: Known) -> None:
    """Answers that are owed come first, then what is wrong with the next request."""
    for front in (HEALTH, poll(known.tasks[0]), HEALTH + HEALTH + poll(known.tasks[0])):
        with server.connect() as line:
            line.send(front + BROKEN + HEALTH)
            answers = [line.read() for _ in range(front.count(b"HTTP/1.1") + 1)]
            rest = line.read_rest()

        assert [answer.status for answer in answers] == [*[200] * (len(answers) - 1), 400]
        assert (answers[-1].closes, rest) == (True, b"")


def test_a_body_that_breaks_behind_a_request_is_told_in_its_turn(server: "Server") -> None:
    """A queued request with a broken body is refused after the answers before it."""
    head = ask("/_mock/accounts/x/credits", "POST")[:-2]
    broken = head + b"Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\nxyz\r\n"
    for front in (b"", HEALTH, HEALTH * 3):
        with server.connect() as line:
            line.send(front + broken)
            answers = [line.read() for _ in range(front.count(b"HTTP/1.1") + 1)]
            rest = line.read_rest()

        assert [answer.status for answer in answers] == [*[200] * (len(answers) - 1), 400]
        assert rest == b""
        assert server.is_well()


@pytest.mark.parametrize("closing", [CLOSING, submit("last", b"Connection: close")])
def test_nothing_is_answered_behind_a_farewell(server: "Server", closing: bytes) -> None:
    """After `Connection: close` nothing more is answered, nor done."""
    before = server.app._engine.strays.total
    with server.connect() as line:
        line.send(closing + ask("/nowhere/behind") + HEALTH)
        answer = line.read()
        rest = line.read_rest()

    assert (answer.status, answer.closes, rest) == (200, True, b"")
    assert server.app._engine.strays.total == before


def test_http_1_0_ends_after_each_answer(server: "Server") -> None:
    """A client of HTTP/1.0 gets one answer and the end, on both ways."""
    for request in (HEALTH, submit("an old fox")):
        with server.connect() as line:
            answer = line.ask(request.replace(b"HTTP/1.1", b"HTTP/1.0", 1))
            assert (answer.status, answer.closes, line.read_rest()) == (200, True, b"")


def test_a_client_that_ends_its_side_still_hears_the_answers(
    server: "Server", known: Known
) -> None:
    """Everything asked before a half-close is answered, large files included."""
    with server.connect() as line:
        line.send(HEALTH + ask(known.files[0]) + poll(known.tasks[0]) + b"GET /half").end()
        answers = [line.read() for _ in range(3)]
        rest = line.read_rest()

    assert [answer.status for answer in answers] == [200, 200, 200]
    assert rest == b""


# Both ways give the same bytes

PROMPTS = st.one_of(
    st.builds(lambda text: json.dumps({"prompt": text}).encode(), st.text(max_size=20)),
    st.sampled_from([b"", b"{", b"[]", b'{"prompt": 7}', b"\xff", b'{"prompt": "x"} {}']),
)
MORE = [b"Connection: close", b"Content-Type: text/plain", b"X-Forwarded-Proto: https"]


TARGETS = [
    *[("POST", "/gptimage15/api/generate"), ("GET", "/gptimage15/api/status")],
    *[("GET", "/gptimage15/api/status?task_id=x"), ("POST", "/gptimage15/api")],
    *[("HEAD", "/gptimage15/api/status"), ("POST", "/aigptimage/api/v1/x?a=%ff")],
]


@st.composite
def build_call(draw: st.DrawFn) -> bytes:
    """A call of a provider, right or wrong, with its body in one piece or in chunks."""
    method, target = draw(st.sampled_from(TARGETS))
    body = draw(PROMPTS)
    fields = [b"Content-Type: application/json", *draw(st.lists(st.sampled_from(MORE), max_size=1))]
    if draw(st.booleans()):
        fields.append(KEY.strip())
    if draw(st.booleans()):
        cuts = draw(st.sets(st.integers(1, max(1, len(body) - 1)), max_size=4))
        fields.append(b"Transfer-Encoding: chunked")
        body = write_chunks(body, sorted(cuts))
    elif body or draw(st.booleans()):
        name = draw(st.sampled_from([b"Content-Length", b"content-length", b"CONTENT-LENGTH"]))
        fields.append(b"%b: %d" % (name, len(body)))
    lines = [f"{method} {target} HTTP/1.1".encode(), HOST.strip(), *fields, b"", b""]
    return b"\r\n".join(lines) + body


CALLS = st.lists(build_call(), min_size=1, max_size=3)


def write_chunks(body: bytes, cuts: list[int]) -> bytes:
    chunks = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    return b"".join(b"%X\r\n%b\r\n" % (len(c), c) for c in chunks if c) + b"0\r\n\r\n"


def list_entries(app: Emulator) -> list[object]:
    """What the journals say."""
    engine = app._engine
    return [
        *engine.strays.entries,
        *(e for account in engine.accounts for e in account.journal.entries),
    ]


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    edges = [0, *sorted({place % len(data) for place in places}), len(data)]
    return [data[a:b] for a, b in pairwise(edges) if a < b]


@given(calls=CALLS, places=st.lists(st.integers(0, 2_000), max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_both_ways_give_the_same_bytes(
    converse: "Converse",
    build_emulator: "BuildApp",
    long_way: type[Emulator],
    calls: list[bytes],
    places: list[int],
) -> None:
    """However a conversation is cut up, ASGI and the short way answer alike, byte for byte."""
    short, long = build_emulator(), build_emulator(long_way)
    for app in (short, long):  # the first request under a name goes through ASGI always
        converse(app, [HEALTH])
    conversation = b"".join(calls)

    assert converse(short, cut(conversation, places)) == converse(long, [conversation])
    assert list_entries(short) == list_entries(long)


@given(calls=CALLS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_head_that_is_known_changes_nothing(
    converse: "Converse", build_emulator: "BuildApp", long_way: type[Emulator], calls: list[bytes]
) -> None:
    """A call in one piece whose headers came before is answered like the first of its kind."""
    short, long = build_emulator(), build_emulator(long_way)
    for app in (short, long):
        converse(app, [HEALTH])
    pieces = [call for call in calls for _ in range(3)]
    pieces += [call.replace(b"task_id=x", b"task_id=y") for call in calls]

    assert converse(short, pieces) == converse(long, pieces)
    assert list_entries(short) == list_entries(long)


@pytest.mark.parametrize("way", ["short", "ASGI"])
def test_every_cut_of_a_request_gives_the_same_answer(
    converse: "Converse", build_emulator: "BuildApp", long_way: type[Emulator], way: str
) -> None:
    """Wherever two segments part, head, length, chunk or body, nothing changes."""
    chunked = submit("x").partition(b"Content-Length")[0] + b"Transfer-Encoding: chunked\r\n\r\n"
    body = json.dumps({"prompt": ""}).encode()
    request = chunked + write_chunks(body, [3, 9]) + HEALTH + submit("") + poll("lost")
    app = build_emulator(Emulator if way == "short" else long_way)
    whole = converse(app, [request])

    answers = {converse(app, [request[:at], request[at:]]) for at in range(1, len(request))}

    assert whole.count(b"HTTP/1.1") == 4
    assert answers == {whole}


def test_a_request_may_come_byte_by_byte(server: "Server") -> None:
    """A slow sender of single bytes over a real socket is answered like any other."""
    request = submit("one letter at a time")
    with server.connect() as line:
        line.send(*[request[at : at + 1] for at in range(len(request))])
        answer = line.read()

    assert (answer.status, b"task_id" in answer.body) == (200, True)


def test_headers_behind_a_body_count_for_nothing(server: "Server") -> None:
    """Trailers cannot add what the head left out, in one segment or in two."""
    for name in (HOST, KEY):
        for target, field in (("/_mock/accounts", HOST), ("/gptimage15/api/generate", HOST + KEY)):
            head = f"POST {target} HTTP/1.1\r\n".encode() + field.replace(name, b"")
            request = head + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + name + b"\r\n"
            with server.connect() as line, server.connect() as other:
                whole = line.ask(request)
                parted = other.send(request[:-30], request[-30:]).read()

            assert (whole.status, whole.body) == (parted.status, parted.body)
            assert whole.status in {400, 401, 405, 415}


@pytest.mark.parametrize("way", ["short", "ASGI"])
def test_a_mistake_of_ours_is_told_and_logged(
    serve: "Serve", build_emulator: "BuildApp", caplog: pytest.LogCaptureFixture, way: str
) -> None:
    """An exception ends in a 500 and a traceback in the log, not in the blame of the client."""
    server = serve(build_emulator(Faulty))
    request = submit("x", *([b"Expect: 100-continue"] if way == "ASGI" else []))
    with server.connect() as line:
        line.ask(HEALTH)
        answer = line.ask(request)
        answer = line.read() if answer.status == 100 else answer

    assert (answer.status, answer.body) == (500, b"Internal Server Error")
    assert "a mistake of ours" in caplog.text
    assert server.is_well()
