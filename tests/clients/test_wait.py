"""Waiting: polls that fail, tasks that end, time that runs out."""

from collections.abc import Callable
from typing import Any

import pytest

from imagejobs import (
    Failure,
    GenerationFailed,
    ImageError,
    Misused,
    NotFound,
    Phase,
    Task,
    TimedOut,
    Unauthorized,
    Unavailable,
    Unreadable,
)
from imagejobs.inbox import Delivery, Inbox

MakeClient = Callable[..., Any]
MakeScript = Callable[..., Any]

URL = "https://cdn.example.com/fox.png"


def reply(state: str, **fields: Any) -> tuple[int, Any]:
    return 200, {"code": 200, "msg": "success", "data": {"taskId": "t", "state": state, **fields}}


ACCEPTED = (200, {"code": 200, "data": {"taskId": "t"}})
DONE = reply("success", resultJson='{"resultUrls":["' + URL + '"]}')
RUNNING = reply("generating", resultJson="")
UNKNOWN_TASK = (200, {"code": 422, "msg": "recordInfo is null", "data": None})

PASSING: list[Any] = [
    "ReadTimeout",
    "ConnectError",
    "RemoteProtocolError",
    (200, {"code": 429, "msg": "slow down"}),
    (429, b""),
    (500, {"code": 500}),
    (200, {"code": 500, "msg": "Server exception, please try again later"}),
    (502, b"<html>"),
    (200, {"code": 455}),
    (200, b""),
    (200, b"{"),
    (200, {"code": 200, "data": None}),
    (200, {"code": 200, "data": {"taskId": "t", "state": 5.5e300, "resultJson": "{"}}),
    (200, {"code": 200, "data": {"taskId": "another", "state": "success"}}),
    reply("success", resultJson='{"resultUrls":["https://c'),
    UNKNOWN_TASK,
]

LASTING: list[tuple[Any, type[ImageError]]] = [
    ((200, {"code": 401}), Unauthorized),
    ((404, b""), NotFound),
    ((200, b"nonsense"), Unreadable),
]


@pytest.mark.parametrize("step", PASSING)
def test_trouble_that_passes_is_sat_out(
    make_client: MakeClient, script: MakeScript, step: Any
) -> None:
    """A poll that fails for a moment does not lose the task."""
    server = script(step, RUNNING, DONE)

    task = make_client(server).wait("t")

    assert task.results == (URL,)
    assert len(server.requests) == 3


@pytest.mark.parametrize(("step", "error"), LASTING)
def test_trouble_that_stays_is_raised(
    make_client: MakeClient, script: MakeScript, step: Any, error: type[ImageError]
) -> None:
    """A refusal, an unknown task and endless nonsense end the wait, and name the task."""
    server = script(step)

    with pytest.raises(error) as caught:
        make_client(server).wait("t")

    assert caught.value.task_id == "t"
    assert len(server.requests) <= 12


def test_a_task_that_vanishes_is_not_waited_for(
    make_client: MakeClient, script: MakeScript
) -> None:
    """Once seen, a task that the provider no longer knows is gone."""
    with pytest.raises(NotFound):
        make_client(script(RUNNING, UNKNOWN_TASK)).wait("t")


def test_generate_submits_once_and_polls_to_the_end(
    make_client: MakeClient, script: MakeScript
) -> None:
    """One order is one submit, however long it takes."""
    server = script(ACCEPTED, UNKNOWN_TASK, RUNNING, "ReadTimeout", RUNNING, DONE)

    task = make_client(server).generate("fox")

    assert task.phase is Phase.SUCCEEDED
    assert len(server.submits) == 1
    assert len(server.requests) == 6


def test_an_ended_task_is_not_asked_for(make_client: MakeClient, script: MakeScript) -> None:
    """Waiting for a task that is known to have ended costs no request."""
    server = script(DONE)
    client = make_client(server)
    task = client.wait("t")

    assert client.wait(task) == task
    assert len(server.requests) == 1


def test_a_failed_task_ends_the_wait(make_client: MakeClient, script: MakeScript) -> None:
    """A failed task is an error with the provider's reason."""
    server = script(RUNNING, reply("fail", failCode="400", failMsg="not this"))

    with pytest.raises(GenerationFailed, match="400 not this") as caught:
        make_client(server).wait("t")

    assert caught.value.failure is not None
    assert len(server.requests) == 2


def test_inspect_says_how_it_is(make_client: MakeClient, script: MakeScript) -> None:
    """A failed task is a good answer to the question how it is."""
    task = make_client(script(reply("fail", failMsg="not this"))).inspect("t")

    assert task.phase is Phase.FAILED


def test_inspect_gives_up_in_the_end(
    make_client: MakeClient, script: MakeScript, time: Any
) -> None:
    """A question that is never answered ends with the error, in time."""
    server = script((500, b""))

    with pytest.raises(Unavailable):
        make_client(server).inspect("t", timeout=60)

    assert sum(time.pauses) <= 60
    assert len(server.requests) <= 9


@pytest.mark.parametrize("timeout", [0.1, 1, 10, 100, None])
def test_a_wait_ends_in_time_and_tells_how_to_go_on(
    make_client: MakeClient, script: MakeScript, time: Any, timeout: float | None
) -> None:
    """Time is up when it is up; the error names the task and its last state."""
    with pytest.raises(TimedOut, match="generating") as caught:
        make_client(script(RUNNING)).wait("t", timeout=timeout)

    assert caught.value.task_id == "t"
    assert (timeout or 900) - 1 <= sum(time.pauses) + 0.9
    assert sum(time.pauses) <= (timeout or 900)


def test_slow_answers_count_against_the_deadline(
    make_client: MakeClient, script: MakeScript, time: Any, library: Any
) -> None:
    """The time that requests take is part of the wait."""

    def answer_late(request: Any) -> Any:
        time.pass_by(15)
        return library.Response(502)

    start = time.now()

    with pytest.raises(TimedOut):
        make_client(script(answer_late)).wait("t", timeout=60)

    assert time.now() - start <= 75


def test_each_request_is_given_what_is_left(
    make_client: MakeClient, script: MakeScript, time: Any
) -> None:
    """A request's own limit is never longer than the call's."""
    server = script(RUNNING)

    with pytest.raises(TimedOut):
        make_client(server).wait("t", timeout=5)

    limits = [request.extensions["timeout"]["read"] for request in server.requests]
    assert limits[0] <= 5
    assert limits == sorted(limits, reverse=True)


def test_a_hint_is_kept_between_polls(
    make_client: MakeClient, script: MakeScript, time: Any
) -> None:
    """A poller that is told to wait waits."""
    limited = (429, {"code": 429, "data": {"retryAfter": 40}})

    make_client(script(limited, DONE)).wait("t")

    assert 40 <= sum(time.pauses) <= 41


def test_a_hint_of_a_good_reply_is_kept(
    make_client: MakeClient, script: MakeScript, time: Any
) -> None:
    """A task that goes on is asked for again when its reply says so, unless that is soon anyway."""
    later, soon = ((*RUNNING, {"retry-after": seconds}) for seconds in ("17", "1"))

    make_client(script(later, soon, DONE)).wait("t")

    first, second = time.pauses
    assert first == 17
    assert 1 < second < 17


@pytest.mark.parametrize("is_verified", [False, True])
def test_a_callback_shortens_no_hint(
    make_client: MakeClient, script: MakeScript, time: Any, is_verified: bool
) -> None:
    """It is a reason to poll, and what the provider has asked for is kept all the same."""
    inbox = Inbox()
    inbox.put(Delivery(Task("kie", "t", Phase.SUCCEEDED), is_verified))
    hinted = (*RUNNING, {"retry-after": "17"})

    make_client(script(hinted, DONE)).wait("t", inbox=inbox)

    assert [round(pause) for pause in time.pauses] == [17]


def test_a_hint_of_the_submit_is_kept(
    make_client: MakeClient, script: MakeScript, time: Any
) -> None:
    """The answer to a submit may say when to ask for the task first."""
    accepted = (*ACCEPTED, {"retry-after": "17"})

    make_client(script(accepted, DONE)).generate("fox")

    assert time.pauses == [17]


FAR = {"retry-after": "86400"}


@pytest.mark.parametrize(
    "steps",
    [[(*ACCEPTED, FAR)], [ACCEPTED, (*RUNNING, FAR)], [ACCEPTED, RUNNING, (429, b"", FAR)]],
    ids=["submit", "poll", "refusal"],
)
def test_a_hint_beyond_the_deadline_ends_the_wait(
    make_client: MakeClient, script: MakeScript, time: Any, steps: list[Any]
) -> None:
    """Nobody comes back earlier than asked: the wait ends at once, with the id and the hint."""
    server = script(*steps, DONE)

    with pytest.raises(TimedOut, match=r"task t.*in 86400 s") as caught:
        make_client(server).generate("fox", timeout=10)

    assert (caught.value.task_id, caught.value.retry_after) == ("t", 86400)
    assert len(server.requests) == len(steps)
    assert sum(time.pauses) < 10


def test_a_success_without_a_result_is_an_error(
    make_client: MakeClient, script: MakeScript
) -> None:
    """The provider says that all is well and gives nothing: nobody succeeds, or asks again."""
    server = script(reply("success", resultJson=""))

    with pytest.raises(Unreadable, match="t succeeded without a result") as caught:
        make_client(server).wait("t")

    assert caught.value.task_id == "t"
    assert len(server.requests) == 1


def test_a_code_of_failure_has_its_reason(make_client: MakeClient, script: MakeScript) -> None:
    """A failed task may be told by the envelope's code alone; `failure` says why all the same."""
    server = script((200, {"code": 501, "msg": "no such style", "data": None}))

    with pytest.raises(GenerationFailed) as caught:
        make_client(server).wait("t")

    assert caught.value.failure == Failure("501", "no such style")


def test_polls_are_few(make_client: MakeClient, script: MakeScript) -> None:
    """A quarter of an hour takes about a hundred polls, not a thousand."""
    server = script(RUNNING)

    with pytest.raises(TimedOut):
        make_client(server).wait("t")

    assert 80 <= len(server.requests) <= 120


def test_a_watcher_sees_each_change_once(make_client: MakeClient, script: MakeScript) -> None:
    """Progress is told when there is some."""
    seen: list[Task] = []
    server = script(ACCEPTED, reply("waiting"), reply("waiting"), RUNNING, RUNNING, DONE)

    make_client(server).generate("fox", watch=seen.append)

    assert [task.state for task in seen] == ["", "waiting", "generating", "success"]


@pytest.mark.parametrize("timeout", [-1, 0, float("nan")])
def test_an_impossible_timeout_is_refused(
    make_client: MakeClient, script: MakeScript, timeout: float
) -> None:
    """Time must be there to be used."""
    with pytest.raises(Misused, match="timeout"):
        make_client(script(DONE)).wait("t", timeout=timeout)


def test_an_empty_id_is_refused(make_client: MakeClient, script: MakeScript) -> None:
    """An id that got lost is found before anything is sent."""
    server = script(DONE)

    with pytest.raises(Misused, match="empty"):
        make_client(server).inspect("")

    assert server.requests == []


def test_the_balance_is_a_number(make_client: MakeClient, script: MakeScript) -> None:
    """KIE.AI's balance has decimals."""
    assert make_client(script((200, {"code": 200, "data": 5916.25}))).balance() == 5916.25


def test_a_balance_that_nobody_has_is_refused(make_client: MakeClient, script: MakeScript) -> None:
    """A provider without the call is named."""
    with pytest.raises(Misused, match="aigptimage"):
        make_client(script(DONE), "aigptimage").balance()
