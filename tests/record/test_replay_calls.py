"""Replay of what is less common: several polling operations, links, uploads, odd recordings."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.record.exchange import Exchange, Kind
from mockserver.record.replay.address import write_address
from mockserver.record.replay.answer import Miss
from mockserver.record.replay.tape import Tape
from tests.record.played import HOOK, Player, list_submits, read_contract
from tests.record.replayed import (
    CONTRACT,
    CREATE,
    FOX,
    MADE,
    ORIGIN,
    STATES,
    Viewer,
    make_tape,
    play_tasks,
    watch,
    write_exchange,
    write_submit,
    write_task,
)

ACORN = read_contract("acorn", "documented")
SLOW, FAST = ACORN.operations["inspectPlanting"], ACORN.operations["collectFruit"]


@pytest.fixture(scope="module")
def planting(tmp_path_factory: pytest.TempPathFactory) -> Tape:
    """A task of the provider that has two operations to ask for one."""
    player = Player(ACORN)
    ((name, body),) = list_submits("acorn")
    player.play(ACORN.operations[name], body)
    return make_tape(tmp_path_factory.mktemp("acorn") / "x.har", player.tape, ACORN)


@given(asked=st.lists(st.booleans(), min_size=1, max_size=8))
def test_two_operations_tell_one_story(planting: Tape, asked: list[bool]) -> None:
    """Whichever way a client asks, a task that was told to be over stays so."""
    viewer = Viewer(planting)
    ((name, body),) = list_submits("acorn")
    made = viewer.ask(ACORN.operations[name], body=body, contract=ACORN)
    shape = ACORN.operations[name].shapes["ok"]
    path = {"id": str(shape.read(made)["task.id"])}
    ended = []
    for is_fast in asked:
        operation = FAST if is_fast else SLOW
        viewer.ask(operation, path=path, contract=ACORN)
        frames = planting.reels[0].tracks[operation.id].frames
        began = viewer.answer.exchange.started
        ended.append(next(frame.has_ended for frame in frames if frame.started == began))

    assert ended == sorted(ended)
    if len(set(asked)) == 1 and len(asked) > 3:
        assert ended[-1]


def test_the_last_state_is_told_reply_by_reply(tmp_path: Path) -> None:
    """If the replies of the last state differ, each is told, and the very last one stays."""
    tape = make_tape(tmp_path / "x.har", write_task(FOX, "a fox", [*STATES, "success", "success"]))
    viewer = Viewer(tape)

    numbers = [number for _, number in watch(viewer, viewer.submit("a fox"), 8)]

    assert numbers == [1, 2, 3, 5, 6, 7, 7, 7]


def test_a_callback_without_polls_follows_the_submit(tmp_path: Path) -> None:
    """Where nobody polled when it was recorded, the callback comes at once."""
    submit, *_, callback, _ = play_tasks("a fox").tape
    viewer = Viewer(make_tape(tmp_path / "x.har", [submit, callback]))
    viewer.submit("a fox", callBackUrl=HOOK)

    assert len(viewer.take_callbacks()) == 1


def test_another_address_for_callbacks_is_no_other_wish(tmp_path: Path) -> None:
    """A submit is found whatever its address for callbacks, and also without one."""
    exchanges = play_tasks("a fox", "an owl").tape
    for more in ({}, {"callBackUrl": "http://127.0.0.1:5/mine"}):
        viewer = Viewer(make_tape(tmp_path / f"{len(more)}.har", exchanges))
        reply = viewer.ask(CREATE, body=write_submit("an owl", **more))

        assert "owl" in viewer.poll(reply["data"]["taskId"])["param"]
        assert viewer.ask(CREATE, body=write_submit("an owl"))["data"]
        assert viewer.answer.notice is None


def test_an_address_among_the_wishes(tmp_path: Path) -> None:
    """Where the address for callbacks stands among what is wished for, it does not count."""
    contract = read_contract("gptimage15", "documented")
    create = contract.operations["generate"]
    player = Player(contract)
    for prompt in ("a fox", "an owl"):
        player.play(create, {"prompt": prompt}, f"{prompt[-3:]}-key")
    viewer = Viewer(make_tape(tmp_path / "x.har", player.tape, contract))

    viewer.ask(create, body={"prompt": "an owl"}, contract=contract)

    assert viewer.answer.notice is None
    assert viewer.answer.exchange.request_headers[0][1] == "Bearer owl-key"


def test_an_entry_may_be_written_late(tmp_path: Path) -> None:
    """What counts is when a request began, not where it stands in the file."""
    tasks = [
        write_task(str(n) * 32, "a fox", [end], n) for n, end in enumerate(["success", "fail"])
    ]
    late = [*tasks[1], *reversed(tasks[0])]
    viewer = Viewer(make_tape(tmp_path / "x.har", late))

    ends = [viewer.poll(viewer.submit("a fox"))["state"] for _ in range(2)]

    assert ends == ["success", "fail"]


LINK = CONTRACT.operations["getDownloadUrl"]
UPLOAD = CONTRACT.operations["uploadStream"]
FILES = [f"https://cdn.example/{name}.png" for name in "ab"]


def test_a_link_is_asked_for_by_our_address(tmp_path: Path) -> None:
    """A client that sends the address it was given is told the link that was recorded for it."""
    told = [
        write_exchange(
            n,
            "POST",
            LINK.path,
            {"url": url},
            {"code": 200, "msg": "success", "data": f"{url}?s={n}"},
        )
        for n, url in enumerate(FILES)
    ]
    fetched = Exchange(MADE, 1, "GET", FILES[1], status=200, response_body=b"x", kind=Kind.FILE)
    result = {"code": 200, "msg": "success", "data": {"taskId": FOX}}
    made = write_exchange(9, "POST", CREATE.path, write_submit("a fox"), result)
    (_, poll) = write_task(FOX, "a fox", ["success"], 10)
    reply = orjson.loads(poll.response_body)
    reply["data"]["resultJson"] = orjson.dumps({"resultUrls": FILES}).decode()
    poll = replace(poll, response_body=orjson.dumps(reply))
    tape = make_tape(tmp_path / "x.har", [fetched, *told, made, poll])
    viewer = Viewer(tape)

    links = [
        viewer.ask(LINK, body={"url": write_address(tape, url, ORIGIN)})["data"] for url in FILES
    ]

    assert links == [write_address(tape, f"{url}?s={n}", ORIGIN) for n, url in enumerate(FILES)]
    assert isinstance(viewer.ask(LINK, body={"url": "https://cdn.example/c.png"}), Miss)


def test_uploads_come_in_their_order(tmp_path: Path) -> None:
    """A file that is sent is answered as the first one was, though no two forms are alike."""
    data = [{"fileName": name, "downloadUrl": url} for name, url in zip("ab", FILES, strict=True)]
    replies = [{"success": True, "code": 200, "msg": "ok", "data": each} for each in data]
    told = [write_exchange(n, "POST", UPLOAD.path, None, reply) for n, reply in enumerate(replies)]
    told = [
        replace(each, url=UPLOAD.servers[0] + UPLOAD.path, request_body=b"form %d" % each.started)
        for each in told
    ]
    viewer = Viewer(make_tape(tmp_path / "x.har", told))

    names = [viewer.ask(UPLOAD, body="mine")["data"]["fileName"] for _ in range(3)]

    assert names == ["a", "b", "b"]


@pytest.mark.parametrize("statuses", [[404, 200], [200, 404], [404], [200, 304]])
def test_a_whole_file_is_preferred(tmp_path: Path, statuses: list[int]) -> None:
    """Of several fetches of a result the whole one is served, else the last."""
    fetches = [
        Exchange(
            MADE + 900 + n,
            1,
            "GET",
            FILES[0],
            status=status,
            response_body=b"" if status == 304 else b"%d" % status,
        )
        for n, status in enumerate(statuses)
    ]
    submit, poll = write_task(FOX, "a fox", ["success"])
    reply: dict[str, Any] = orjson.loads(poll.response_body)
    reply["data"]["resultJson"] = orjson.dumps({"resultUrls": FILES[:1]}).decode()
    poll = replace(poll, response_body=orjson.dumps(reply))
    tape = make_tape(tmp_path / "x.har", [submit, poll, *fetches])

    frame = tape.find_file(FILES[0])

    assert frame is not None
    assert frame.place.number == 2 + statuses.index(max(statuses, key=lambda s: s == 200))
