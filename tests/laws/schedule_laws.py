"""What holds whatever is done to a client: the laws of money, time, keys, facts and errors."""

from collections.abc import Callable
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from imagejobs import (
    BadFile,
    GenerationFailed,
    ImageError,
    Phase,
    SubmitUnknown,
    Task,
    TimedOut,
    Unreadable,
)
from tests.laws.upstream import EPOCH, FILES, IDEMPOTENT, KEY, Exchange, draw_file

if TYPE_CHECKING:
    from tests.laws.schedules import Run

# Errors of a reply that may be another one the next time.
PASSING: Final = frozenset({"RateLimited", "Unavailable", "Unreachable", "Unreadable"})
ENOUGH: Final = 5  # failures in a row after which a client may give up
CALL: Final = 60.0  # seconds for a submit
DOWNLOAD: Final = 180.0
LONGEST_PAUSE: Final = 31.0  # seconds of back-off, unless more was asked for
GRACE: Final = 15.0  # seconds in which a task may be unknown after its submit
LEEWAY: Final = 1.0
DISABLED: Final = 505  # a feature that is off does not come back while one waits

Law = Callable[["Run"], None]
LAWS: Final[list[Law]] = []


def law(function: Law) -> Law:
    LAWS.append(function)
    return function


def judge(run: "Run") -> None:
    """Raise AssertionError for the first law that a run breaks."""
    for each in LAWS:
        each(run)


def pick(run: "Run", *roles: str) -> list[Exchange]:
    return [exchange for exchange in run.trace if exchange.role in roles]


def find_accepted(run: "Run") -> Exchange | None:
    """The reply that named the task."""
    return next((each for each in pick(run, "submit") if each.is_good), None)


def is_lasting(exchange: Exchange) -> bool:
    """Whether a reply says that asking again is no use."""
    return not exchange.ways <= PASSING or read_code(exchange) == DISABLED


def read_code(exchange: Exchange) -> int | None:
    code = exchange.step.get("code", exchange.step.get("status"))
    return code if isinstance(code, int) else None


@law
def one_order_makes_one_task(run: "Run") -> None:
    """No order is paid twice: not by luck, but because nothing unclear is sent again."""
    assert len(run.upstream.tasks) <= 1, "two tasks were made for one generate"
    submits = pick(run, "submit")
    names = {exchange.request.headers.get("x-request-id") for exchange in submits}
    bodies = {exchange.request.content for exchange in submits}
    assert len(names) <= 1, "the request id changed"
    assert len(bodies) <= 1, "the order changed"
    if run.plan.provider != IDEMPOTENT:
        assert not any(e.is_open or e.is_good for e in submits[:-1]), (
            "an unclear submit was repeated"
        )


@law
def whoever_may_have_paid_is_told(run: "Run") -> None:
    """An error names the task, or says that there may be one, if there is one."""
    if run.upstream.tasks and isinstance(run.end, ImageError):
        (task_id,) = run.upstream.tasks
        is_told = isinstance(run.end, SubmitUnknown) or run.end.task_id == task_id
        assert is_told, f"{type(run.end).__name__} hides that a task was made"


@law
def every_call_ends_in_time(run: "Run") -> None:
    """A total deadline holds for everything, pauses included."""
    assert run.ended_at - EPOCH <= run.plan.timeout + LEEWAY, "generate took too long"
    assert run.finished_at - run.ended_at <= DOWNLOAD + LEEWAY, "the download took too long"


@law
def requests_are_few(run: "Run") -> None:
    """However it goes, a wait costs a bounded number of requests."""
    assert len(pick(run, "submit")) <= 10
    assert len(pick(run, "inspect")) <= 20 + run.plan.timeout / 2.5
    assert len(pick(run, "file")) <= 10 * 6
    assert not pick(run, "other")


@law
def nobody_comes_earlier_than_told(run: "Run") -> None:
    """What a reply, good or not, asks to wait is waited for before the same host is asked again."""
    for one, next_one in pairwise(run.trace):
        same_host = one.request.url.host == next_one.request.url.host
        if one.hint is not None and same_host:
            waited = next_one.at - one.until
            assert waited >= one.hint - 1e-3, f"came back after {waited} s, {one.hint} were asked"


@law
def polls_are_gentle(run: "Run") -> None:
    """Two seconds or so between polls, more and more; a failure is met with longer pauses."""
    polls = [exchange for exchange in run.trace if exchange.role in {"submit", "inspect"}]
    failures = 0
    for one, next_one in pairwise(polls):
        failures = 0 if one.is_good else failures + 1
        least = min(0.2 * 2 ** (failures - 1), 8) if failures else 1.5
        pause = min(least, run.plan.timeout + EPOCH - one.until - LEEWAY)
        assert next_one.at - one.until >= pause, f"polled again after {next_one.at - one.until} s"


@law
def the_key_stays_with_its_host(run: "Run") -> None:
    """Nothing but the API sees the key, and only downloads go elsewhere, never inside."""
    for exchange in run.trace:
        request = exchange.request
        if exchange.role == "file":
            shown = f"{request.url} {request.headers} {request.headers.raw} {request.content!r}"
            assert KEY not in shown, f"the key went to {request.url.host}"
            assert "authorization" not in request.headers
            assert request.url.host.endswith(".example"), f"{request.url} was fetched, from inside"
        else:
            assert request.headers["authorization"] == f"Bearer {KEY}"
    files = [exchange for exchange in pick(run, "file") if exchange.at < run.ended_at]
    assert not files, "a call with the key was sent elsewhere"


@law
def after_the_end_nobody_polls(run: "Run") -> None:
    """Once a reply has told the end, the task is not asked for any more."""
    polls = pick(run, "inspect")
    assert not any(e.phase in {"succeeded", "failed"} for e in polls[:-1]), "polled after the end"


@law
def nobody_asks_again_in_vain(run: "Run") -> None:
    """A refusal that will be the same the next time ends the call."""
    for role in ("submit", "inspect"):
        for one in pick(run, role)[:-1]:
            is_unknown = one.ways == {"NotFound"} and role == "inspect"
            is_open = one.is_open and run.plan.provider == IDEMPOTENT
            assert one.is_good or is_unknown or is_open or not is_lasting(one), "asked in vain"


@law
def a_task_is_as_it_was_told(run: "Run") -> None:
    """What the client says of a task is what the last reply said."""
    if not isinstance(run.end, Task):
        return
    last, task = pick(run, "submit", "inspect")[-1], run.end
    assert last.phase == "succeeded", "success was never told"
    assert last.results, "there is nothing to show for it"
    (task_id,) = run.upstream.tasks
    assert (task.id, task.phase, task.results) == (task_id, Phase.SUCCEEDED, last.results)
    assert task.elapsed is None or abs(task.elapsed - run.plan.duration) < 1
    if last.step.get("fault") != "null-fields":
        assert task.prompt == "a red fox"
        assert task.credits == 4
    assert run.watched[-1] == task
    assert all((a.phase, a.state) != (b.phase, b.state) for a, b in pairwise(run.watched))


@law
def an_error_says_what_stood_in_the_way(run: "Run") -> None:
    """The class of an error is what the last reply means, and it was too early for no other try."""
    if isinstance(run.end, Task):
        return
    assert run.end is not None
    assert str(run.end), "an error without words"
    assert not isinstance(run.end, GenerationFailed) or run.end.failure, "nobody knows why"
    accepted = find_accepted(run)
    if accepted is None:
        judge_submit(run, run.end)
    else:
        judge_wait(run, run.end, accepted)


def judge_submit(run: "Run", error: ImageError) -> None:
    submits = pick(run, "submit")
    assert submits, f"nothing was sent: {error}"
    if any(exchange.is_open for exchange in submits):
        assert isinstance(error, SubmitUnknown), f"{name(error)} hides that it is unclear"
        return
    assert name(error) in submits[-1].ways, f"{name(error)} for {set(submits[-1].ways)}"
    if not is_lasting(submits[-1]) and may_repeat(submits[-1]):
        budget = EPOCH + min(CALL, run.plan.timeout)
        assert is_excused(submits, budget), "a submit that was surely not accepted was given up"


def may_repeat(exchange: Exchange) -> bool:
    """Whether a submit was surely not accepted, for a reason that passes within a call."""
    return exchange.ways <= {"RateLimited", "Unreachable"}


def judge_wait(run: "Run", error: ImageError, accepted: Exchange) -> None:
    polls = pick(run, "inspect")
    assert error.task_id in run.upstream.tasks, "the error does not name the task"
    if isinstance(error, TimedOut):
        assert is_late(run, polls or [accepted]), "given up too early"
        return
    last = polls[-1]
    if last.phase in {"succeeded", "failed"}:
        judge_bad_end(error, last)
        return
    assert name(error) in last.ways, f"{name(error)} for {set(last.ways) or last.phase}"
    if last.ways == {"NotFound"}:
        was_seen = any(exchange.is_good for exchange in polls)
        assert was_seen or last.until - accepted.until >= GRACE, (
            "the task was too young to be known"
        )
    elif not is_lasting(last):
        assert last.ways == {"Unreadable"}, f"{name(error)} is no reason to leave a paid task"
        assert count_last(polls) >= ENOUGH, "the task was left too early"


def judge_bad_end(error: ImageError, last: Exchange) -> None:
    """A task ended, and that is an error: it has failed, or there is nothing to show for it."""
    if last.phase == "failed":
        assert isinstance(error, GenerationFailed), name(error)
    else:
        assert isinstance(error, Unreadable), name(error)
        assert not last.results, "the results were lost"


def is_late(run: "Run", polls: list[Exchange]) -> bool:
    """Whether there was no time for another poll, as asked or as is decent."""
    left = EPOCH + run.plan.timeout - polls[-1].until
    return left <= LEEWAY or (polls[-1].hint or 0) >= left - LEEWAY


def is_excused(tries: list[Exchange], budget: float) -> bool:
    """Whether a call was tried often enough, or has no time left."""
    pause = max(tries[-1].hint or 0, min(2 ** len(tries), LONGEST_PAUSE))
    return count_last(tries) >= ENOUGH or tries[-1].until + pause >= budget - LEEWAY


def count_last(exchanges: list[Exchange]) -> int:
    """How many failures there were in a row at the end."""
    (is_good, last) = [(k, list(g)) for k, g in groupby(exchanges, lambda e: e.is_good)][-1]
    return 0 if is_good else len(last)


@law
def a_file_is_what_the_provider_sent(run: "Run") -> None:
    """A download gives the whole image, or the error that its last reply means."""
    files = pick(run, "file")
    if run.file is None:
        assert not files, "something was fetched that nobody asked for"
    elif not isinstance(run.file, ImageError):
        assert run.file.content == draw_file(urlsplit(run.file.url).path), "not the file"
    elif not files:
        assert isinstance(run.end, Task)
        is_odd = any(not url.startswith(FILES) for url in run.end.results[:1])
        assert is_odd, f"nothing was fetched: {run.file}"
    else:
        judge_download(run, run.file, files)


def judge_download(run: "Run", error: ImageError, files: list[Exchange]) -> None:
    last = files[-1]
    if "Redirected" in last.ways:
        assert isinstance(error, BadFile), name(error)
        return
    assert name(error) in last.ways, f"{name(error)} for {set(last.ways) or 'a file'}"
    if last.is_short or not is_lasting(last):
        tries = [exchange for exchange in files if "Redirected" not in exchange.ways]
        assert is_excused(tries, run.ended_at + DOWNLOAD), "a download was given up too early"


def name(error: Any) -> str:
    return type(error).__name__
