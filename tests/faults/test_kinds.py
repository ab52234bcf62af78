"""What each fault does to a call, with every contract and without a wire."""

import json
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import pytest

from mockserver.contract.moments import Phase
from mockserver.engine.call import Reply
from mockserver.engine.carriage import End
from mockserver.engine.trouble.words import read_rule
from mockserver.errors import UsageError
from mockserver.faults import FAULTS
from mockserver.faults.kinds.terminal_codes import CODES
from tests.faults.conftest import ORIGIN

if TYPE_CHECKING:
    from tests.faults.conftest import NewUser, User

MINUTE = 60_000
FILE = Reply(200, b"0123456789", "image/png")


def list_states(user: "User") -> set[object]:
    return {state.name for state in user.contract.lifecycle.states}


def list_values(value: Any) -> Iterable[Any]:
    """Every value in a JSON value, itself included, JSON in strings too."""
    yield value
    if isinstance(value, dict):
        children: Iterable[Any] = value.values()
    elif isinstance(value, list):
        children = value
    elif isinstance(value, str) and value[:1] in ("{", "["):
        children = [json.loads(value)]
    else:
        return
    for child in children:
        yield from list_values(child)


def find_address(user: "User", task: str) -> str:
    """Where a result of a task is."""
    texts = [str(value) for value in list_values(user.inspect(task).body)]
    return next(text for text in texts if text.startswith(f"{ORIGIN}/_files/"))


def test_malformed_json(user: "User") -> None:
    """Each way leaves a body that no parser takes, under the type of JSON."""
    for how in ("cut", "comma", "quotes"):
        user.plan("malformed-json", how=how, count=1)
        seen = user.submit(how)
        assert seen.body is None, how
        assert seen.reply.media_type == "application/json"


def test_wrong_content_type(user: "User") -> None:
    """The body is what it should be, and is called something else."""
    user.plan("wrong-content-type", says="text/html")

    seen = user.submit()

    assert seen.reply.media_type == "text/html"
    assert user.answered in seen.body["data"]


@pytest.mark.parametrize("takes_effect", [False, True])
def test_html_page(user: "User", takes_effect: bool) -> None:
    """A page comes with its status, and the call has an effect only if that is asked for."""
    before = user.list_balance()
    user.plan("html-page", status=504, takes_effect=takes_effect)

    seen = user.submit()

    assert (seen.http, seen.reply.media_type) == (504, "text/html; charset=utf-8")
    assert b"504 Gateway Timeout" in seen.reply.body
    assert (user.list_balance() < before) is takes_effect


@pytest.mark.parametrize("takes_effect", [False, True])
def test_status(user: "User", takes_effect: bool) -> None:
    """The HTTP status is the one that was asked for, over a body that is a refusal."""
    user.plan("status", status=500, count=1, takes_effect=takes_effect)

    seen = user.submit()

    assert seen.http == 500
    assert seen.body["code"] >= 400
    assert len(user.account.open_holding(user.contract).tasks) == takes_effect


@pytest.mark.parametrize("code", [402, 429, 500, 777])
def test_body_code(user: "User", code: int) -> None:
    """HTTP says 200 and the body says the code, whether the contract knows it or not."""
    user.plan("body-code", code=code)

    seen = user.submit()

    assert (seen.http, seen.body["code"]) == (200, code)
    assert not user.account.open_holding(user.contract).tasks


def test_rate_limit_with_and_without_hints(user: "User") -> None:
    """A header tells when to come again if asked for, and nothing does if not."""
    user.plan("rate-limit", hints="header", retry_after=7, count=1)
    user.plan("rate-limit", hints="none")

    with_hints, without = user.submit(), user.submit()

    assert ("Retry-After", "7") in with_hints.reply.headers
    assert with_hints.body["code"] == without.body["code"] == 429
    assert without.reply.headers == ()
    assert "retryAfter" not in json.dumps(without.body)


def test_rate_limit_tells_what_the_contract_tells(new_user: "NewUser") -> None:
    """The seconds stand where the contract has a place for them."""
    user = new_user("aigptimage")
    user.plan("rate-limit", retry_after=7)

    assert '"retryAfter": 7' in json.dumps(user.submit().body)


@pytest.mark.parametrize("http_status", [None, "envelope", "code"])
@pytest.mark.parametrize("provider", ["kie", "aigptimage"])
@pytest.mark.parametrize("words", [{"fault": "rate-limit"}, {"fault": "burst-window", "max": 0}])
def test_too_many_calls_are_refused_as_the_contract_does(
    new_user: "NewUser", provider: str, http_status: str | None, words: dict[str, Any]
) -> None:
    """HTTP status and code are those of the scenario, wherever the account wants its codes."""
    user, like = new_user(provider), new_user(provider)
    like.account.scenario = "rate-limited"
    for each in (user, like):
        each.account.http_status = http_status
    user.plan(**words)

    seen, expected = user.submit(), like.submit()

    assert (seen.http, seen.body["code"]) == (expected.http, expected.body["code"])


def test_burst_window(user: "User") -> None:
    """So many calls pass in each window of the account's clock, and the others are refused."""
    user.plan("burst-window", max=2, window="5s", operation="submit")

    codes = [user.submit(str(number)).body["code"] for number in range(3)]
    user.account.advance(5_000)

    assert codes == [200, 200, 429]
    assert user.submit().body["code"] == 200


@pytest.mark.parametrize("phase", ["queued", "running"])
def test_stuck_task(user: "User", phase: str) -> None:
    """However long one waits, the task is where it got stuck; a control call ends it."""
    user.plan("stuck-task", phase=phase, count=1)
    task = user.make()
    user.account.advance(1_000 * MINUTE)
    state = user.read(user.inspect(task))["task.state"]
    steps = user.account.holdings[user.contract.name].tasks[task].timeline.steps
    walked = {step.state.name: str(step.state.phase) for step in steps}

    assert walked[state] in ("queued", "running")
    assert walked[state] == phase or phase not in walked.values()
    user.engine.force_task(user.account, user.contract.name, task, Phase.SUCCEEDED)
    assert "task.results" in user.read(user.inspect(task))


def test_a_stuck_task_is_stuck_however_often_it_is_polled(user: "User") -> None:
    """Polls that would have moved it on do so no more."""
    user.account.scenario = "two-polls"
    user.plan("stuck-task", count=1)
    task, other = user.make(), user.make()

    told = [[user.read(user.inspect(each)) for _ in range(3)][-1] for each in (task, other)]

    assert ["task.results" in each for each in told] == [False, True]


def test_briefly_unknown(user: "User") -> None:
    """A young task is not found, and is there when it is older."""
    user.plan("briefly-unknown", span="3s")
    task = user.make()

    young = user.inspect(task).body
    user.account.advance(3_000)

    assert young["code"] != 200
    assert user.inspect(task).body["code"] == 200


def test_state_backwards(user: "User") -> None:
    """A task that was told to have succeeded is open again, and then it has succeeded."""
    task = user.make()
    first = user.read(user.inspect(task))["task.state"]
    user.end(task)
    user.plan("state-backwards", count=1, to="first")

    told = [user.read(user.inspect(task)) for _ in range(2)]

    assert told[0]["task.state"] == first
    assert "task.results" not in told[0]
    assert "task.results" in told[1]


def test_a_task_that_has_just_begun_cannot_go_back(user: "User") -> None:
    """The fault does nothing then, and does not count that."""
    planned = user.plan("state-backwards", count=1)

    user.inspect(user.make())

    assert (planned.met, planned.acted) == (1, 0)


def test_a_task_is_told_to_wait_again(user: "User") -> None:
    """A task that is worked on, or has ended, is told of in a state for waiting, seen or not."""
    user.plan("state-backwards", to="queued", count=1)
    task = user.make()
    user.end(task)
    waits = {str(state.name) for state in user.contract.lifecycle.states if state.phase == "queued"}

    told = [user.read(user.inspect(task))["task.state"] for _ in range(2)]

    assert told[0] in waits
    assert told[1] not in waits


def test_extra_headers(user: "User") -> None:
    """The reply is what it was, with headers that replace those of their names."""
    plain = user.submit().body
    user.plan("extra-headers", headers={"Retry-After": "", "X-Odd": "1"}, count=1)

    seen = user.submit()

    assert seen.reply.headers == (("Retry-After", ""), ("X-Odd", "1"))
    assert seen.body.keys() == plain.keys()


def test_a_date_in_a_header_lies_so_far_ahead(user: "User") -> None:
    """It is a date of HTTP, on the account's clock, rounded up to a second."""
    user.account.advance(1_500)
    user.plan("extra-headers", headers={"Retry-After": "{in 3s}"})

    ((_, text),) = user.submit().reply.headers

    moment = parsedate_to_datetime(text).timestamp() * 1000
    assert text.endswith(" GMT")
    assert 3_000 <= moment - user.account.now() < 4_000


def test_a_date_in_a_header_may_lie_back_and_on_a_file(user: "User") -> None:
    """Headers of files are changed as those of calls are; dates may be earlier than now."""
    task = user.make()
    user.end(task)
    address = find_address(user, task)
    headers = {"Date": "{in -10m}", "ETag": '"mine"'}
    user.plan("extra-headers", operation="file", headers=headers)

    reply, fault = user.fetch(address, replace(FILE, headers=(("etag", '"1"'), ("age", "3"))))

    seen = dict(reply.headers)
    moment = parsedate_to_datetime(seen.pop("Date")).timestamp() * 1000
    assert (fault, seen) == ("extra-headers", {"age": "3", "ETag": '"mine"'})
    assert 0 <= moment - user.account.now() + 10 * MINUTE < 1_000


@pytest.mark.parametrize(
    "words",
    [
        {"fault": "extra-headers", "headers": {}},
        {"fault": "extra-headers", "headers": {"Content-Length": "1"}},
        {"fault": "extra-headers", "headers": {"X Y": "1"}},
        {"fault": "extra-headers", "headers": {"X": "a\r\nb"}},
        {"fault": "extra-headers", "headers": {"X": "{in 3 moons}"}, "is_fine": True},
        {"fault": "extra-headers", "headers": {"X": "{in 3x}"}},
        {"fault": "extra-headers", "headers": {"X": "{in -10001d}"}},
        {"fault": "redirect", "status": 304},
    ],
    ids=range(8),
)
def test_headers_that_would_break_the_reply_are_refused(words: dict[str, Any]) -> None:
    """Whatever frames a reply, or is no header at all, is no setting; other braces are text."""
    is_fine = words.pop("is_fine", False)
    with nullcontext() if is_fine else pytest.raises(UsageError, match=words["fault"]):
        read_rule(words, FAULTS)


def test_redirect(user: "User") -> None:
    """The client is sent to the server of files, or where it was, and nothing has happened."""
    user.plan("redirect", count=1)
    user.plan("redirect", status=302, to="{target}?again")

    away, around = user.submit().reply, user.submit().reply

    assert (away.status, dict(away.headers)) == (307, {"location": f"{ORIGIN}/elsewhere"})
    path = user.contract.operations[user.submit_name].path
    assert (around.status, dict(around.headers)) == (302, {"location": f"{path}?again"})
    assert not user.account.open_holding(user.contract).tasks


@pytest.mark.parametrize("status", [403, 413, 502])
def test_a_status_and_the_code_in_the_body_do_not_quarrel(user: "User", status: int) -> None:
    """Both say whose mistake it is, also where the contract has no words for the status."""
    user.plan("status", status=status)

    seen = user.submit()

    assert (seen.http, seen.body["code"] // 100) == (status, status // 100)


def test_unknown_state(user: "User") -> None:
    """The state is a word of no contract, and all else is as it was."""
    task = user.make()
    before = user.inspect(task)
    user.plan("unknown-state", word="pondering")

    after = user.inspect(task).body

    assert "pondering" not in list_states(user)
    changed = json.dumps(after).replace("pondering", str(user.read(before)["task.state"]))
    assert json.loads(changed) == before.body


def test_extra_fields(user: "User") -> None:
    """Every object has more than the contract knows, and still all that it knows."""
    user.plan("extra-fields", fields={"surprise": 1})

    body = user.submit().body

    assert body["surprise"] == body["data"]["surprise"] == 1
    assert user.answered in body["data"]


def test_missing_and_null_fields(user: "User") -> None:
    """A fact's field is left out, or null, whatever a contract calls it."""
    user.plan("missing-fields", fields="task.id", count=1)
    user.plan("null-fields", fields=["task.id"])

    missing, null = user.submit().body["data"], user.submit().body["data"]

    assert user.answered not in (missing or {})
    assert null[user.answered] is None


def test_a_field_is_drawn_where_none_is_named(user: "User") -> None:
    """Some field of the reply is null, and the same one with the same seed."""
    user.plan("null-fields")

    body = user.submit().body

    assert None in list(list_values(body))


@pytest.mark.parametrize("left", ["empty", "null"])
def test_empty_results(user: "User", left: str) -> None:
    """The task has succeeded, and no address of a result is in the whole reply."""
    task = user.make()
    user.plan("empty-results", left=left, nth=1)
    before = user.inspect(task).body
    user.end(task)

    seen, later = user.inspect(task), user.inspect(task)

    assert before["code"] == seen.body["code"] == 200
    assert "/_files/" not in json.dumps(seen.body)
    assert "/_files/" in json.dumps(later.body)


@pytest.mark.parametrize("to", ["file:///etc/hosts", "http://169.254.169.254/"])
def test_foreign_results(user: "User", to: str) -> None:
    """Where the addresses of results stood, the other one stands, and nothing else has changed."""
    task = user.make()
    user.end(task)
    plain = user.read(user.inspect(task))
    user.plan("foreign-results", to=to)

    seen = user.read(user.inspect(task))

    assert seen.pop("task.results") == [to]
    assert len(plain.pop("task.results")) == 1
    assert seen == plain


def test_terminal_codes(user: "User") -> None:
    """What a refusal and a failure say in words begins with the codes; a success says nothing."""
    fails = {name: each for name, each in user.contract.failures.items() if each.message}
    user.account.scenario = next(iter(fails))
    task = user.make()
    user.end(task)
    user.plan("terminal-codes")

    failed = user.inspect(task)
    user.account.scenario = "insufficient-credits"
    refused = user.submit()

    start = "".join(CODES)
    assert str(user.read(failed)["task.failure.message"]).startswith(start)
    assert any(str(value).startswith(start) for value in list_values(refused.body))
    assert b"\x1b" not in failed.reply.body  # JSON writes it otherwise


def test_broken_json_string(user: "User") -> None:
    """The reply is JSON; where JSON in a string belongs, it breaks off."""
    task = user.make()
    user.end(task)
    has_any = user.contract.name != "gptimage15"  # its first edition has none
    planned = user.plan("broken-json-string")

    body = user.inspect(task).body

    assert body["code"] == 200
    assert planned.acted == has_any
    if has_any:
        with pytest.raises(json.JSONDecodeError):
            list(list_values(body))


def test_duplicate_keys(user: "User") -> None:
    """A key stands twice: parsers that take the last one find null."""
    user.plan("duplicate-keys", fields="task.id")

    seen = user.submit()

    assert seen.reply.body.count(json.dumps(user.answered).encode()) >= 2
    assert seen.body["data"][user.answered] is None


@pytest.mark.parametrize(
    ("fault", "end"),
    [("reset", End.RESET), ("empty-reply", End.CLOSE), ("hang", End.NEVER)],
)
def test_a_lost_reply_may_have_had_no_effect(user: "User", fault: str, end: End) -> None:
    """With and without an effect the client sees the same, and pays only with one."""
    before = user.list_balance()
    user.plan(fault, takes_effect=False, count=1)
    user.plan(fault)

    without, paid_before = user.submit(), user.list_balance()
    with_effect = user.submit()

    for seen in (without, with_effect):
        assert seen.reply.carriage is not None
        assert seen.reply.carriage.end is end
    assert paid_before == before > user.list_balance()


def test_latency_keeps_its_bounds(new_user: "NewUser") -> None:
    """A uniform delay lies between its ends, a log-normal one has its median and its most."""
    user = new_user()
    user.account.tier = "unlimited"
    user.plan("latency", span="100ms", spread="uniform", most="200ms", count=200)
    user.plan("latency", span="100ms", spread="log-normal", most="300ms", sigma=1)

    carriages = [user.submit(str(number)).reply.carriage for number in range(400)]
    delays = [carriage.delay for carriage in carriages if carriage]

    assert min(delays[:200]) >= 100
    assert max(delays[:200]) <= 200
    assert len(set(delays[:200])) > 50
    assert max(delays[200:]) == 300
    assert 70 < sorted(delays[200:])[100] < 140


def test_files(new_user: "NewUser") -> None:
    """Each fault of files does what its name says, and only to files."""
    user = new_user()
    task = user.make()
    user.end(task)
    (address,) = user.read(user.inspect(task))["task.results"]
    for fault in ("truncated-file", "wrong-file-type", "expired-link"):
        user.plan(fault, count=1)
    user.plan("redirect", count=1, operation="file", to="{files}/elsewhere")  # not of files
    user.plan("redirect", count=1, operation="file", to="/elsewhere")
    user.plan("reset", count=5)  # of calls: files are only meant where they are named
    user.plan("html-page", operation="file")

    replies = [user.fetch(address, FILE) for _ in range(5)]

    assert [fault for _, fault in replies] == [
        *("truncated-file", "wrong-file-type", "expired-link", "redirect", "html-page")
    ]
    half, other, expired, moved, page = (reply for reply, _ in replies)
    assert (half.body, half.media_type, half.carriage) == (b"01234", "image/png", None)
    assert (b"<html>" in other.body, other.media_type) == (True, "image/png")
    assert expired.status == 404
    assert moved.headers == (("location", "/elsewhere"),)
    assert page.status == 502
