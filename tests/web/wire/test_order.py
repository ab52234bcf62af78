"""Several requests on one connection: answered in order, whichever way each of them takes."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from mockserver.engine.accounts.journal import Entry
from mockserver.engine.call import Call, Reply
from mockserver.web.wire import flaws
from tests.web.listening import Opened

if TYPE_CHECKING:
    from tests.web.wire.conftest import Answer, BuildApp, Serve, Server

    Converse = Callable[[Opened, Sequence[bytes]], bytes]

HOST = b"Host: 127.0.0.1:8787\r\n"
KEY = b"Authorization: Bearer sk-mock-order\r\n"
HEALTH = b"GET /_mock/health HTTP/1.1\r\n" + HOST + b"\r\n"
CLOSING = HEALTH[:-2] + b"Connection: close\r\n\r\n"
FOREIGN = b"GET /_mock/health HTTP/1.1\r\nHost: evil.test\r\n\r\n"
BROKEN = b"GET /_mock/health HTTP/1.1\r\nbroken\r\n\r\n"
DEPTH = 1_000


class Faulty(Opened):
    """An emulator with a mistake."""

    def answer_call(self, call: Call) -> Reply:
        if b"mistaken" in call.raw:
            raise RuntimeError("a mistake of ours")
        return super().answer_call(call)


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


def list_entries(app: Opened) -> list[Entry]:
    """What the journals say."""
    engine = app.engine
    journals = [engine.strays, *(account.journal for account in engine.accounts)]
    # What an entry costs differs: a head that is known is not kept twice.
    return [replace(entry, extra=0) for journal in journals for entry in journal.entries]


def count_entries(app: Opened) -> int:
    """How much the journals ever said."""
    engine = app.engine
    return engine.strays.total + sum(account.journal.total for account in engine.accounts)


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


@pytest.mark.parametrize("front", [b"", HEALTH, HEALTH * 3], ids=["first", "second", "fourth"])
@pytest.mark.parametrize("target", ["/_mock/accounts/x/credits", "/_mock/health", "/nowhere"])
def test_a_body_that_breaks_is_told_in_its_turn(
    server: "Server", caplog: pytest.LogCaptureFixture, front: bytes, target: str
) -> None:
    """A request with a broken body is refused after the answers before it, and only that."""
    head = ask(target, "POST")[:-2]
    broken = head + b"Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\nxyz\r\n"
    with server.connect() as line:
        line.send(front + broken)
        answers = [line.read() for _ in range(front.count(b"HTTP/1.1") + 1)]
        rest = line.read_rest()

    assert [answer.status for answer in answers] == [*[200] * (len(answers) - 1), 400]
    assert rest == b""
    assert server.is_well()
    assert caplog.text == ""


def test_what_is_broken_is_not_done_behind_another(server: "Server", known: Known) -> None:
    """A request that waits for its turn and turns out to be broken never comes to it."""
    reset = ask("/_mock/reset", "POST")[:-2] + b"Content-Type: application/json\r\n"
    with server.connect() as line:
        line.send(HEALTH * 2 + reset + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n")
        statuses = [line.read().status for _ in range(3)]
    with server.connect() as line:
        found = line.ask(poll(known.tasks[0])).status

    assert (statuses, found) == ([200, 200, 400], 200)


@pytest.mark.parametrize("closing", [CLOSING, FOREIGN, submit("last", b"Connection: close")])
@pytest.mark.parametrize("behind", [HEALTH, b"GET /half"], ids=["whole", "half"])
def test_nothing_is_answered_behind_a_farewell(
    server: "Server", caplog: pytest.LogCaptureFixture, closing: bytes, behind: bytes
) -> None:
    """After an answer that ends the connection nothing more is answered, nor done."""
    before = count_entries(server.app)
    with server.connect() as line:
        line.send(closing + ask("/nowhere/behind") + submit("behind") + behind)
        answer = line.read()
        rest = line.read_rest()

    assert (answer.status, answer.closes, rest) == (421 if closing is FOREIGN else 200, True, b"")
    assert server.is_well()
    assert count_entries(server.app) == before + (1 if b"last" in closing else 0)
    assert caplog.text == ""


def test_http_1_0_ends_after_each_answer(server: "Server") -> None:
    """A client of HTTP/1.0 gets one answer and the end, on both ways."""
    for request in (HEALTH, submit("an old fox")):
        with server.connect() as line:
            answer = line.ask(request.replace(b"HTTP/1.1", b"HTTP/1.0", 1))
            assert (answer.status, answer.closes, line.read_rest()) == (200, True, b"")


def test_a_client_that_ends_its_side_still_hears_the_answers(serve: "Serve", waiting: Any) -> None:
    """Everything asked before a half-close is answered, however long that takes."""
    app = waiting()
    server = serve(app)
    with server.connect() as line:
        line.send(ask("/wait") * 3 + b"GET /half").end()
        assert all(server.is_well() for _ in range(5))
        server.call(app.go.set)
        answers = [line.read() for _ in range(3)]
        rest = line.read_rest()

    assert [answer.body for answer in answers] == [b"late"] * 3
    assert rest == b""


def test_a_viewer_that_ends_its_side_has_seen_enough(server: "Server") -> None:
    """A stream, which has no end of its own, ends when its client sends no more."""
    with server.connect() as line:
        line.send(ask("/_mock/events"))
        while line.read_line() != b": connected\n":
            pass
        line.end().read_rest()


def test_a_viewer_that_leaves_is_missed_although_more_was_asked(serve: "Serve") -> None:
    """A request behind a stream does not keep the stream from hearing that its client left."""
    server = serve()
    line = server.connect().send(ask("/_mock/events") + HEALTH)
    while line.read_line() != b": connected\n":
        pass
    line.reset()

    assert server.comes_to_rest()


# Both ways give the same bytes

PROMPTS = st.one_of(
    st.builds(lambda text: json.dumps({"prompt": text}).encode(), st.text(max_size=20)),
    st.sampled_from([b"", b"{", b"[]", b'{"prompt": 7}', b"\xff", b'{"prompt": "x"} {}']),
)
MORE = [b"Connection: close", b"Content-Type: text/plain", b"X-Forwarded-Proto: https"]


STRANGE = [
    *[b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b"0", b"\r\n\r\n", b"0\r\n\r\n", b"%", b"#"],
    *[b"Transfer-Encoding: chunked\r\n", b"Content-Length: 2\r\n", b"Connection: close\r\n"],
    *[b"Host: 127.0.0.1\r\n", b"Connection: Upgrade\r\nUpgrade: h2c\r\n", b"HTTP/1.0"],
]
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
    version = draw(st.sampled_from(["1.1", "1.1", "1.1", "1.0", "2.0"]))
    lines = [f"{method} {target} HTTP/{version}".encode(), HOST.strip(), *fields, b"", b""]
    return b"\r\n".join(lines) + body


CALLS = st.lists(build_call(), min_size=1, max_size=3)


def write_chunks(body: bytes, cuts: list[int]) -> bytes:
    chunks = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    return b"".join(b"%X\r\n%b\r\n" % (len(c), c) for c in chunks if c) + b"0\r\n\r\n"


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    edges = [0, *sorted({place % len(data) for place in places}), len(data)]
    return [data[a:b] for a, b in pairwise(edges) if a < b]


@given(calls=CALLS, places=st.lists(st.integers(0, 2_000), max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_both_ways_give_the_same_bytes(
    converse: "Converse",
    build_emulator: "BuildApp",
    long_way: type[Opened],
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
    converse: "Converse", build_emulator: "BuildApp", long_way: type[Opened], calls: list[bytes]
) -> None:
    """A call in one piece whose headers came before is answered like the first of its kind."""
    short, long = build_emulator(), build_emulator(long_way)
    for app in (short, long):
        converse(app, [HEALTH])
    pieces = [call for call in calls for _ in range(3)]
    pieces += [call.replace(b"task_id=x", b"task_id=y") for call in calls]

    assert converse(short, pieces) == converse(long, pieces)
    assert list_entries(short) == list_entries(long)


EDITS = st.tuples(
    st.integers(0, 2_000),
    st.integers(0, 3),
    st.sampled_from([b"", *STRANGE]) | st.binary(max_size=3),
)


@given(calls=CALLS, edits=st.lists(EDITS, min_size=1, max_size=3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_broken_bytes_are_answered_alike_on_both_ways(
    converse: "Converse",
    build_emulator: "BuildApp",
    long_way: type[Opened],
    calls: list[bytes],
    edits: list[tuple[int, int, bytes]],
) -> None:
    """Whatever is cut out of a conversation or put into it, both ways see the same in the rest."""
    short, long = build_emulator(), build_emulator(long_way)
    for app in (short, long):
        converse(app, [HEALTH])
    conversation = b"".join([*calls, *calls])
    for place, size, text in edits:
        at = place % len(conversation)
        conversation = conversation[:at] + text + conversation[at + size :]

    pieces = cut(conversation, [place for place, _, _ in edits])
    answers = converse(short, pieces)

    assert answers == converse(long, pieces)
    assert b"HTTP/1.1 5" not in answers


@pytest.fixture(params=["short", "ASGI"])
def app(
    request: pytest.FixtureRequest,
    converse: "Converse",
    build_emulator: "BuildApp",
    long_way: type[Opened],
) -> Opened:
    """An emulator that answers providers' calls on the short way, and one that does not."""
    app = build_emulator(Opened if request.param == "short" else long_way)
    converse(app, [HEALTH])
    return app


def test_every_cut_of_a_request_gives_the_same_answer(converse: "Converse", app: Opened) -> None:
    """Wherever two segments part, head, length, chunk or body, nothing changes."""
    chunked = submit("x").partition(b"Content-Length")[0] + b"Transfer-Encoding: chunked\r\n\r\n"
    body = json.dumps({"prompt": ""}).encode()
    request = chunked + write_chunks(body, [3, 9]) + HEALTH + submit("") + poll("lost")
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


@pytest.mark.parametrize(
    ("field", "target", "status"),
    [
        (HOST, "/_mock/accounts", b" 400 "),
        (HOST, "/gptimage15/api/generate", b" 400 "),
        (KEY, "/gptimage15/api/generate", b" 401 "),
        (b"Content-Type: application/json\r\n", "/_mock/reset", b" 415 "),
    ],
)
def test_headers_behind_a_body_count_for_nothing(
    converse: "Converse", app: Opened, field: bytes, target: str, status: bytes
) -> None:
    """Trailers cannot add what the head left out, in one segment or in two."""
    line = f"POST {target} HTTP/1.1\r\n".encode()
    others = b"".join(other for other in (HOST, KEY) if other != field)
    head = line + others + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"
    trailer = field + b"\r\n"

    whole = converse(app, [head + trailer])

    assert status in whole.partition(b"\r\n")[0]
    assert converse(app, [head, trailer]) == whole


def test_a_known_head_is_no_way_around_the_limit(
    converse: "Converse", build_emulator: "BuildApp"
) -> None:
    """An address that is too long stays so behind headers that came before."""
    app = build_emulator()
    converse(app, [HEALTH])
    long = poll("x" * 200 * 1024)

    assert b" 431 " in converse(app, [poll("x"), poll("x"), long])


REPLIES = [
    Reply(200, b"{}"),
    Reply(204, b""),
    Reply(429, b"{}", headers=(("retry-after", "7"), ("x-name", "\xe9"))),
    Reply(500, b"text", "text/plain; charset=utf-8"),
]


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: str(reply.status))
@pytest.mark.parametrize("more", [[], [b"Connection: close"]], ids=["kept", "closed"])
def test_every_kind_of_reply_is_written_alike(
    converse: "Converse",
    build_emulator: "BuildApp",
    long_way: type[Opened],
    reply: Reply,
    more: list[bytes],
) -> None:
    """Status, headers and body of a reply are the same bytes on both ways."""
    apps = build_emulator(), build_emulator(long_way)
    for app in apps:
        converse(app, [HEALTH])
        app.answer_call = lambda *_: reply  # type: ignore[method-assign]
    short, long = (converse(app, [submit("x", *more)]) for app in apps)

    assert short == long
    assert str(reply.status).encode() in short


@pytest.mark.parametrize("way", ["short", "known", "ASGI"])
def test_a_mistake_of_ours_is_told_and_logged(
    serve: "Serve", build_emulator: "BuildApp", caplog: pytest.LogCaptureFixture, way: str
) -> None:
    """An exception ends in a 500 and a traceback in the log, not in the blame of the client."""
    server = serve(build_emulator(Faulty))
    expect = [b"Expect: 100-continue"] if way == "ASGI" else []
    with server.connect() as line:
        line.ask(HEALTH)
        if way == "known":
            assert line.ask(submit("all well")).status == 200
        answer = line.ask(submit("mistaken", *expect))
        answer = line.read() if answer.status == 100 else answer

    assert (answer.status, answer.body) == (500, b"Internal Server Error")
    assert "a mistake of ours" in caplog.text
    assert server.is_well()


def test_a_mistake_while_a_head_is_read_is_told_and_logged(
    serve: "Serve", monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even where a request is not yet one, a mistake of ours passes for a bad request."""
    server = serve()
    monkeypatch.setattr(flaws, "find_flaw", lambda *_: 1 / 0)
    with server.connect() as line:
        answer = line.ask(HEALTH)

    assert (answer.status, answer.closes) == (500, True)
    assert "division by zero" in caplog.text
