"""Replay of network errors: each is told once, at its place, by the nearest fault."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.carriage import Carriage, End
from mockserver.record.exchange import Exchange
from mockserver.record.replay.breakdown import build_carriage, find_end
from mockserver.record.replay.play import ReplayMode
from mockserver.record.replay.report import describe_report
from tests.record.replayed import (
    CREATE,
    CREDITS,
    FOX,
    MADE,
    STATES,
    Viewer,
    make_tape,
    write_exchange,
    write_submit,
    write_task,
)

NOTHING: dict[str, Any] = {"status": None, "response_headers": (), "response_body": b""}


def fail(exchange: Exchange, error: str) -> Exchange:
    """The same request without an answer."""
    return replace(exchange, error=error, **NOTHING)


def tell(viewer: Viewer, task_id: str, polls: int) -> list[str]:
    """The error or the state that each of so many polls is told."""
    told = []
    for _ in range(polls):
        state = viewer.ask_for_task(task_id)
        told.append(viewer.answer.exchange.error or state["data"]["state"])
    return told


def write_troubled(*told: str) -> list[Exchange]:
    """A task of which each poll was told a state, or ended in an error."""
    tape = write_task(FOX, "a fox", [each if each in STATES else "waiting" for each in told])
    polls = zip(tape[1:], told, strict=True)
    return [tape[0], *(poll if name in STATES else fail(poll, name) for poll, name in polls)]


GENERATING = "generating"
WAYS = {
    "between two states": (["waiting", "reset", "success"], ["waiting", "reset", "success"]),
    "within one state": (
        [GENERATING, "timeout", GENERATING, "success"],
        [GENERATING, "timeout", GENERATING, "success"],
    ),
    "at the beginning": (["refused", "waiting"], ["refused", "waiting", "waiting"]),
    "at the end": ([GENERATING, "reset"], [GENERATING, "reset", GENERATING, GENERATING]),
    "behind the end": (["success", "reset"], ["success", "reset", "success"]),
    "alone": (["reset"], ["reset", "reset"]),
}


@pytest.mark.parametrize("mode", [ReplayMode.EPOCH, ReplayMode.COUNT])
@pytest.mark.parametrize("name", WAYS)
def test_an_error_is_told_once_at_its_place(tmp_path: Path, name: str, mode: ReplayMode) -> None:
    """Polls go on behind it; where nothing follows, the answer before it stays."""
    recorded, told = WAYS[name]
    viewer = Viewer(make_tape(tmp_path / "x.har", write_troubled(*recorded)), mode)

    assert tell(viewer, viewer.submit("a fox"), len(told)) == told


def test_by_time_an_error_is_told_once_as_well(tmp_path: Path) -> None:
    """Until the next recorded reply, later polls get the answer before the error."""
    tape = make_tape(tmp_path / "x.har", write_troubled("waiting", "reset", "success"))
    viewer = Viewer(tape, ReplayMode.TIME)
    task_id = viewer.submit("a fox")
    viewer.now += 450  # the second poll was 400 ms behind the submit, the third is 600

    assert tell(viewer, task_id, 3) == ["reset", "waiting", "waiting"]
    viewer.now += 200
    assert tell(viewer, task_id, 2) == ["success", "success"]


@given(
    st.lists(st.sampled_from([*STATES, "reset", "timeout"]), min_size=1, max_size=8),
    st.sampled_from(ReplayMode),
)
def test_any_polls_come_to_the_last_answer(
    tmp_path_factory: pytest.TempPathFactory, recorded: list[str], mode: ReplayMode
) -> None:
    """However many errors there are, a client that goes on polling gets what was said last."""
    path = tmp_path_factory.mktemp("errors") / "x.har"
    viewer = Viewer(make_tape(path, write_troubled(*recorded)), mode, scale=0)
    answers = [each for each in recorded if each in STATES]

    told = tell(viewer, viewer.submit("a fox"), 12)

    assert told[-1] == (answers or recorded)[-1]
    assert set(told) <= set(recorded)


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "one"}])
def test_a_submit_that_failed_is_tried_again(tmp_path: Path, headers: dict[str, str]) -> None:
    """The first submit ends as it did then, the next one makes the task."""
    tape = [fail(write_exchange(0, "POST", CREATE.path, write_submit("a fox"), {}), "reset")]
    tape += write_task(FOX, "a fox", ["success"], 5)
    viewer = Viewer(make_tape(tmp_path / "x.har", tape))

    viewer.ask(CREATE, body=write_submit("a fox"), headers=headers)
    first = viewer.answer
    viewer.ask(CREATE, body=write_submit("a fox"), headers=headers)

    assert (first.exchange.error, first.body) == ("reset", b"")
    assert (viewer.answer.exchange.error, viewer.answer.notice) == (None, None)


def test_other_calls_end_in_errors_too(tmp_path: Path) -> None:
    """They come in their order, and the last answer stays."""
    asked = [write_exchange(n, "GET", CREDITS.path, None, {"code": 200, "data": n}) for n in (0, 1)]
    tape = [asked[0], fail(asked[1], "timeout")]
    viewer = Viewer(make_tape(tmp_path / "x.har", tape))
    errors = []
    for _ in range(3):
        viewer.ask(CREDITS)
        errors.append(viewer.answer.exchange.error)

    assert errors == [None, "timeout", None]


def test_the_report_counts_errors(tmp_path: Path) -> None:
    """It says how often each was told, and which were not."""
    tape = [*write_troubled("waiting", "reset", "success", "timeout"), *write_lost()]
    read = make_tape(tmp_path / "x.har", tape)
    viewer = Viewer(read)
    tell(viewer, viewer.submit("a fox"), 3)
    report = viewer.report.build()

    assert (read.errors, read.broken) == ({"reset": 2, "timeout": 1}, 1)
    assert report["errors"] == {"reset": 1}
    assert report["unvisited_epochs"][0]["states"] == ["timeout"]
    assert report["unvisited_tasks"] == ["a submit that ended in reset (entry 5 of x.har)"]
    assert "network errors told: reset 1" in describe_report(report)


def write_lost() -> list[Exchange]:
    """A submit that got no answer, and one whose client did not wait for it."""
    asked = write_exchange(50, "POST", CREATE.path, write_submit("an owl"), {})
    return [fail(asked, "reset"), fail(replace(asked, started=MADE + 6_000), "left")]


ENDS = {
    End.RESET: ("reset", "refused", "unresolved", "tls", "net::ERR_CONNECTION_REFUSED", "what?"),
    End.CLOSE: ("closed", "broken", "net::ERR_EMPTY_RESPONSE", "server disconnected"),
    End.NEVER: ("timeout", "net::ERR_TIMED_OUT", "net::ERR_CONNECTION_TIMED_OUT", "timed out"),
    None: ("left", "stopped", "held", "net::ERR_ABORTED", "NS_BINDING_ABORTED", "too-large"),
}


@pytest.mark.parametrize(("error", "end"), [(e, end) for end in ENDS for e in ENDS[end]])
def test_the_nearest_fault(error: str, end: End | None) -> None:
    """Whoever recorded it: no answer in time hangs, an end is an end, all else resets."""
    exchange = Exchange(0, 1, "GET", "https://x.test/", error=error)

    assert find_end(error) == end
    assert build_carriage(exchange) == (end and Carriage(is_silent=True, end=end))


@pytest.mark.parametrize(
    ("told", "length"), [("100", 96), (None, 1), ("no", 1), ("4", 1), ("9" * 99, 1)]
)
def test_a_cut_answer_is_cut_again(told: str | None, length: int) -> None:
    """What came of it comes, under the length that was told, and then its error."""
    headers = (("Content-Length", told),) if told else ()
    cut = Exchange(
        *(0, 1, "GET", "https://x.test/", (), b"", 200, headers),
        response_body=b"half",
        error="closed",
    )

    assert build_carriage(cut) == Carriage(length=length, end=End.CLOSE)
    assert build_carriage(replace(cut, error=None)) is None


def test_the_busiest_task_is_forgotten_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When too many tasks are kept, the one that nobody has asked for since longest goes."""
    monkeypatch.setattr("mockserver.record.replay.deck.MAX_PLAYS", 2)
    viewer = Viewer(make_tape(tmp_path / "x.har", write_task(FOX, "a fox", ["success"])))
    busy, idle = viewer.submit("a fox"), viewer.submit("a fox")
    viewer.poll(busy)
    viewer.submit("a fox")

    assert viewer.poll(busy)["state"] == "success"
    assert not isinstance(viewer.ask_for_task(idle), dict)
