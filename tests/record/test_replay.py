"""Replay: any number of clients, at any rhythm, get what was recorded, each in its own words."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.draw import draw
from mockserver.record.exchange import Exchange
from mockserver.record.har import read_har
from mockserver.record.replay.answer import Miss
from mockserver.record.replay.play import ReplayMode
from mockserver.record.replay.report import describe_report
from mockserver.record.replay.tape import Tape
from tests.record.played import HOOK, read_contract
from tests.record.replayed import (
    CREATE,
    CREDITS,
    FOX,
    INSPECT,
    NOW,
    OWL,
    STATES,
    Viewer,
    make_tape,
    play_tasks,
    watch,
    write_exchange,
    write_submit,
    write_task,
)


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Tape:
    """Two tasks that were recorded side by side, each polled five times."""
    mixed = [*write_task(FOX, "a fox", STATES), *write_task(OWL, "an owl", STATES, 1)]
    mixed.sort(key=lambda exchange: exchange.started)
    return make_tape(tmp_path_factory.mktemp("tape") / "x.har", mixed)


EPOCHS = [("waiting", 1), ("queuing", 2), ("generating", 3), ("success", 5)]
REPLIES = list(zip(STATES, range(1, 6), strict=True))


@pytest.mark.parametrize("polls", [1, 4, 50])
@pytest.mark.parametrize(
    ("mode", "told"), [(ReplayMode.EPOCH, EPOCHS), (ReplayMode.COUNT, REPLIES)]
)
def test_any_number_of_polls(tape: Tape, mode: ReplayMode, told: Any, polls: int) -> None:
    """Fewer polls than recorded see the beginning, more of them see the end again and again."""
    viewer = Viewer(tape, mode)
    task_id = viewer.submit("a fox")

    assert watch(viewer, task_id, polls) == (told + told[-1:] * 50)[:polls]
    report = viewer.report.build()
    late = max(0, polls - len(told))
    assert report["over_polled"] == ([{"task": FOX, "polls": late}] if late else [])
    assert report["unvisited_tasks"] == [OWL]
    left = [state for state, _ in EPOCHS[polls:]] if polls == 1 or mode is ReplayMode.EPOCH else []
    left = left or (["success"] if polls == 4 and mode is ReplayMode.COUNT else [])
    assert [each["states"] for each in report["unvisited_epochs"]] == ([left] if left else [])


@given(
    rhythm=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 400)), max_size=40),
    mode=st.sampled_from(ReplayMode),
    scale=st.sampled_from([0.0, 0.5, 1.0, 3.0]),
)
def test_interleaved_tasks_of_two_accounts(
    tape: Tape, rhythm: list[tuple[int, int]], mode: ReplayMode, scale: float
) -> None:
    """However clients alternate and pause, each task goes its recorded way and never back."""
    viewers = [Viewer(tape, mode, scale, key) for key in ("one", "two")]
    ids = [viewer.submit(prompt) for viewer in viewers for prompt in ("a fox", "an owl")]
    seen: list[list[tuple[str, int]]] = [[], [], [], []]
    for number, pause in rhythm:
        viewer = viewers[number // 2]
        viewer.now += pause
        seen[number] += watch(viewer, ids[number], 1)
        passed = viewer.now - NOW
        if mode is ReplayMode.TIME:
            due = 5 if not scale else max(1, min(5, int(passed / scale) // 200))
            assert seen[number][-1] == REPLIES[due - 1]

    assert len({*ids}) == 4
    for told in seen:
        numbers = [number for _, number in told]
        assert numbers == sorted(numbers)
        if mode is not ReplayMode.TIME:
            way = EPOCHS if mode is ReplayMode.EPOCH else REPLIES
            assert told == (way + way[-1:] * 40)[: len(told)]


@given(prompts=st.lists(st.sampled_from(["a fox", "an owl"]), min_size=1, max_size=8))
def test_the_same_submit_again(tape: Tape, prompts: list[str]) -> None:
    """Each submit begins its own recorded task, over and over, under an id of its own."""
    viewer = Viewer(tape)
    ids = [viewer.submit(prompt) for prompt in prompts]

    assert len({*ids, FOX, OWL}) == len(ids) + 2
    for task_id, prompt in zip(ids, prompts, strict=True):
        told = viewer.poll(task_id)
        assert (told["taskId"], told["state"]) == (task_id, "waiting")
        assert orjson.loads(told["param"]) == {"prompt": prompt}
    assert Viewer(tape).submit(prompts[0]) == ids[0]
    assert Viewer(tape, key="another").submit(prompts[0]) not in ids


def test_equal_submits_take_successive_tasks(tmp_path: Path) -> None:
    """The second submit of a request is answered as the second was, the third as the first."""
    ends = ["success", "fail"]
    tapes = [write_task(str(n) * 32, "a fox", [end], n * 10) for n, end in enumerate(ends)]
    viewer = Viewer(make_tape(tmp_path / "x.har", [*tapes[0], *tapes[1]]))

    told = [viewer.poll(viewer.submit("a fox"))["state"] for _ in range(5)]

    assert told == ["success", "fail", "success", "fail", "success"]


def test_another_submit_takes_the_next_task(tape: Tape) -> None:
    """A submit that differs gets tasks that are left, with a word on it; then it is refused."""
    viewer = Viewer(tape)
    viewer.submit("an owl")
    task_id = viewer.submit("a bee")

    assert orjson.loads(viewer.poll(task_id)["param"]) == {"prompt": "a fox"}
    viewer.ask(CREATE, body=write_submit("a bee"))
    assert isinstance(viewer.last, Miss)
    assert viewer.last.status == 409
    words = 'entry 0 of x.har: it has "a fox" at /input/prompt, this one has "a bee"'
    assert words in viewer.last.error
    assert viewer.report.build()["misses"] == 1


def test_what_is_not_recorded_is_missed(tape: Tape) -> None:
    """A task that nobody submitted, and an operation that nobody called, are named in the miss."""
    viewer = Viewer(tape)
    unknown = viewer.ask(INSPECT, {"taskId": "no-such-task"})
    unheard = viewer.ask(CREDITS)

    assert isinstance(unknown, Miss)
    assert (unknown.status, unheard.status) == (404, 404)
    assert "'no-such-task'" in unknown.error
    assert f'it has "{FOX}" at /taskId, this one has "no-such-task"' in unknown.error
    assert "createTask (2), recordInfo (10)" in unknown.hint
    assert "getCredits" in unheard.error


def test_a_recorded_id_can_be_polled(tape: Tape) -> None:
    """Who kept an id of the recording polls that task without a submit."""
    viewer = Viewer(tape)

    assert [state for state, _ in watch(viewer, OWL, 2)] == ["waiting", "queuing"]
    assert viewer.poll(OWL)["taskId"] == OWL


def test_other_calls_come_in_their_order(tmp_path: Path) -> None:
    """A call that belongs to no task is answered as the first was, then as the second; that stays.

    Each account has its own turn.
    """
    replies = [{"code": 200, "msg": "success", "data": amount} for amount in (9.5, 3)]
    told = [write_exchange(n, "GET", CREDITS.path, None, r) for n, r in enumerate(replies)]
    tape = make_tape(tmp_path / "x.har", told)
    one, two = Viewer(tape), Viewer(tape, key="another")

    assert [one.ask(CREDITS)["data"] for _ in range(3)] == [9.5, 3, 3]
    assert two.ask(CREDITS)["data"] == 9.5


def test_a_refused_submit_is_refused(tmp_path: Path) -> None:
    """A refusal is replayed to the same request, and to no other."""
    no = {"code": 402, "msg": "Credits insufficient", "data": None}
    refusal = write_exchange(0, "POST", CREATE.path, write_submit("a fox"), no)
    later = write_task(FOX, "a fox", ["success"], 10)
    viewer = Viewer(make_tape(tmp_path / "x.har", [refusal, *later]))

    assert viewer.ask(CREATE, body=write_submit("a bee"))["code"] == 200
    assert viewer.ask(CREATE, body=write_submit("a fox"))["code"] == 402


def test_everything_is_rewritten_together(tmp_path: Path) -> None:
    """Ids, moments, results and callback addresses are new wherever they stand, spans stay."""
    player = play_tasks("a fox")
    recorded = str(player.tape[0].task_id)
    viewer = Viewer(make_tape(tmp_path / "x.har", player.tape))
    hook = "http://127.0.0.1:4/mine?a=/b"
    task_id = viewer.submit("a fox", callBackUrl=hook)
    told = [viewer.poll(task_id) for _ in range(2)]
    (callback,) = viewer.take_callbacks()

    for text in (orjson.dumps(told), callback.body):
        assert recorded.encode() not in text
        assert b"files.example" not in text
        assert HOOK.encode() not in text
    (address,) = orjson.loads(told[1]["resultJson"])["resultUrls"]
    assert address == "http://127.0.0.1:9999/_recorded/0/1.png"
    assert told[1]["createTime"] == NOW
    assert told[1]["completeTime"] - NOW == told[1]["costTime"] * 1000 + 335
    assert orjson.loads(told[1]["param"])["callBackUrl"] == hook
    heard = orjson.loads(callback.body)["data"]
    assert (heard["taskId"], heard["resultJson"]) == (task_id, told[1]["resultJson"])
    assert callback.url == hook


@pytest.mark.parametrize(
    ("mode", "polls"), [(ReplayMode.EPOCH, 2), (ReplayMode.COUNT, 3), (ReplayMode.TIME, None)]
)
def test_a_callback_comes_at_its_place(tmp_path: Path, mode: ReplayMode, polls: int | None) -> None:
    """It follows the poll after which it was recorded; whoever does not poll gets it in time."""
    viewer = Viewer(make_tape(tmp_path / "x.har", play_tasks("a fox").tape), mode, 0.5)
    task_id = viewer.submit("a fox", callBackUrl=HOOK)
    taken = [len(viewer.take_callbacks())]
    for _ in range(4):
        viewer.poll(task_id)
        taken.append(len(viewer.take_callbacks()))

    assert taken == [int(number == polls) for number in range(5)]
    viewer.submit("a fox", callBackUrl=HOOK)
    viewer.now += 32_749
    assert viewer.take_callbacks() == []
    viewer.now += 1
    assert len(viewer.take_callbacks()) == 1
    assert viewer.take_callbacks() == []


def test_attempts_are_one_callback(tmp_path: Path) -> None:
    """What the client of then refused and was sent again, the client of now is sent once."""
    *rest, callback, last = play_tasks("a fox").tape
    refused = replace(callback, status=500)
    again = replace(callback, started=callback.started + 2_000)
    twice = replace(callback, started=callback.started + 4_000)
    viewer = Viewer(make_tape(tmp_path / "x.har", [*rest, refused, again, twice, last]))
    viewer.submit("a fox", callBackUrl=HOOK)
    viewer.now += 10**9

    assert [told.number for told in viewer.take_callbacks()] == [1, 2]


def test_no_callback_without_an_address(tmp_path: Path) -> None:
    """A client that asks for no callback gets none."""
    viewer = Viewer(make_tape(tmp_path / "x.har", play_tasks("a fox").tape))
    viewer.poll(viewer.submit("a fox"))
    assert viewer.answer.play is not None
    assert viewer.answer.play.next_callback is None
    viewer.now += 10**9

    assert viewer.take_callbacks() == []


def test_a_repeated_submit_is_one_task(tmp_path: Path) -> None:
    """Where the contract lets clients name a submit, its retry begins no further task."""
    recording = Path(__file__).parents[2] / "fixtures/recordings/emulator/aigptimage.har"
    contract = read_contract("aigptimage", "documented")
    assert contract.idempotency is not None
    viewer = Viewer(make_tape(tmp_path / "x.har", read_har(recording), contract))
    create = contract.operations["createTask"]

    def submit(name: str) -> str:
        headers = {contract.idempotency.header: name} if contract.idempotency else {}
        reply = viewer.ask(create, body=write_submit("x"), contract=contract, headers=headers)
        return str(reply["data"]["taskId"])

    assert submit("a") == submit("a") != submit("b")


def write_wire(exchange: Exchange) -> dict[str, Any]:
    """An entry as Polly.JS writes it."""
    text = exchange.response_body.decode()
    return {
        "_id": draw(0, "entry", exchange.started).hex(32),
        "_order": 0,
        "cache": {},
        "request": {
            "bodySize": len(exchange.request_body),
            "cookies": [],
            "headers": [],
            "headersSize": 200,
            "httpVersion": "HTTP/1.1",
            "method": exchange.method,
            "postData": {"mimeType": "application/json", "text": exchange.request_body.decode()},
            "queryString": [],
            "url": exchange.url,
        },
        "response": {
            "bodySize": len(text),
            "content": {"mimeType": "application/json", "size": len(text), "text": text},
            "cookies": [],
            "headers": [{"name": "content-type", "value": "application/json"}],
            "status": 200,
        },
        "startedDateTime": "2026-04-01T10:00:00.000Z",
        "time": 10,
        "timings": {"wait": 10},
    }


def test_hundreds_of_exchanges_of_a_plain_recording(tmp_path: Path) -> None:
    """Dozens of tasks in a file of another recorder, all at one moment, are played each as it was.

    Of the file's bodies nothing stays in memory.
    """
    tasks = [write_task(draw(0, "id", n).hex(32), f"animal {n}", STATES, 10 * n) for n in range(60)]
    entries = [write_wire(exchange) for task in tasks for exchange in task]
    path = tmp_path / "polly.har"
    log = {"_recordingName": "tasks", "creator": {"name": "Polly.JS", "version": "6.0.6"}}
    path.write_bytes(orjson.dumps({"log": {**log, "entries": entries, "version": "1.2"}}))
    viewer = Viewer(make_tape(path))

    for number in reversed(range(60)):
        task_id = viewer.submit(f"animal {number}")
        assert watch(viewer, task_id, 5) == [*EPOCHS, EPOCHS[-1]]
        assert f"animal {number}" in viewer.poll(task_id)["param"]
    assert viewer.report.build()["unvisited_tasks"] == []


def test_a_long_report_is_cut_for_people(tape: Tape) -> None:
    """In words the report has a bounded number of lines, and says how many are left out."""
    report = Viewer(tape).report.build()
    tasks = [f"task-{number}" for number in range(30)]
    late = [{"task": name, "polls": 1} for name in tasks]
    lines = describe_report({**report, "over_polled": late, "unvisited_tasks": tasks})

    assert len(lines) == 22
    assert lines[-1].startswith("and 21 more; ")
