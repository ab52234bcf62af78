"""Recordings held against contracts: what is found, how bad it is called, and what is not."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.record.drift import RATINGS, Drift, Kind, Severity, find_drift
from mockserver.record.drift.report import build_report
from mockserver.record.drift.text import format_drift
from mockserver.record.exchange import Exchange
from mockserver.record.exchange import Kind as ExchangeKind
from tests.record.played import HOOK, KEY, Player, read_contract, record

EDITIONS = [
    ("kie", "documented"),
    ("kie", "observed"),
    ("aigptimage", "documented"),
    ("gptimage15", "documented"),
    ("acorn", "documented"),
    ("acorn", "seasoned"),
]
Change = Callable[[dict[str, Any]], object]

# What kie/observed.yaml lists, as far as it shows in what is sent: first what its service sends
# that the pages do not have, then the reverse. Each text for people is a "text".
OBSERVED_AGAINST_DOCUMENTED = {
    "createTask reply ok": "new-field /data/recordId",
    "createTask reply insufficient_credits": "text /msg",
    "createTask reply rate_limited": "text /msg",
    "createTask reply invalid_request": "text /msg",  # missing fields, unknown models
    "createTask reply server_error": "text /msg",  # and bad values, which have its code
    "recordInfo reply queued|running": (
        "null /data/failCode; null /data/failMsg; type /data/param/input;"
        "missing-field /data/updateTime; new-field /data/costTime; new-field /data/completeTime;"
        "new-field /data/creditsConsumed; new-field /data/operationType;"
        "new-field /data/successFlag; new-field /data/paramJson"
    ),
    "recordInfo reply succeeded": (
        "null /data/failCode; null /data/failMsg; type /data/param/input; unit /data/costTime;"
        "missing-field /data/updateTime; new-field /data/creditsConsumed;"
        "new-field /data/operationType; new-field /data/response; new-field /data/successFlag;"
        "new-field /data/paramJson"
    ),
    "recordInfo reply failed": (
        "type /data/param/input; missing-field /data/updateTime; new-field /data/costTime;"
        "new-field /data/creditsConsumed; new-field /data/operationType;"
        "new-field /data/successFlag; new-field /data/paramJson"
    ),
    "recordInfo reply unauthorized": "text /msg",
    "createTask callback succeeded": (
        "type /data/param/input; new-field /data/updateTime; new-field /data/creditsConsumed"
    ),
    "createTask callback failed": (
        "type /data/param/input; missing-field /data/costTime;"
        "missing-field /data/completeTime; missing-field /data/createTime"
    ),
    "getCredits reply rate_limited": "text /msg",
    "getCredits reply server_error": "text /msg",
    "getDownloadUrl reply invalid_request": "text /msg",
    "generate4oImage reply insufficient_credits": "text /msg",
    "generate4oImage reply rate_limited": "text /msg",
    "generate4oImage reply server_error": "text /msg",
    "get4oImageDetails reply invalid_request": "value /msg; text /msg",  # an unknown task: 404
}
DOCUMENTED_AGAINST_OBSERVED = {
    "createTask reply ok": "missing-field /data/recordId",
    "createTask reply insufficient_credits": "text /msg",
    "createTask reply rate_limited": "text /msg",
    "createTask reply bad_value": "text /msg",  # the page's text for code 500
    "recordInfo reply queued|running": (
        "type /data/failCode; type /data/failMsg; type /data/param/input;"
        "new-field /data/updateTime; missing-field /data/costTime;"
        "missing-field /data/completeTime"
    ),
    "recordInfo reply succeeded": (
        "type /data/failCode; type /data/failMsg; type /data/param/input; unit /data/costTime;"
        "new-field /data/updateTime"
    ),
    "recordInfo reply failed": (
        "type /data/param/input; new-field /data/updateTime; missing-field /data/costTime"
    ),
    "recordInfo reply unauthorized": "text /msg",
    "recordInfo reply unlisted refusal": "new-code /code",  # an unknown task: 404, never seen
    "createTask callback succeeded": "type /data/param/input",
    "createTask callback failed": (
        "type /data/param/input; new-field /data/costTime; new-field /data/completeTime;"
        "new-field /data/createTime"
    ),
    "getCredits reply rate_limited": "text /msg",
    "getCredits reply server_error": "value /msg",  # there, the text tells refusals apart
    "getDownloadUrl reply invalid_request": "text /msg",
    "generate4oImage reply insufficient_credits": "text /msg",
    "generate4oImage reply rate_limited": "text /msg",
    "generate4oImage reply server_error": "value /msg",
    "get4oImageDetails reply unlisted refusal": "new-code /code",
}


def play_kie(edition: str) -> list[Exchange]:
    """All that the emulator can be made to say in one edition, with a wrong link and key."""
    player = Player(read_contract("kie", edition))
    player.play_everything()
    operations = player.contract.operations
    player.call(operations["getDownloadUrl"], body={"url": "https://elsewhere.example/1.png"})
    player.call(operations["recordInfo"], f"{KEY}.unauthorized", query={"taskId": "x"})
    return player.tape


def list_places(drift: Drift) -> dict[str, set[str]]:
    """Kinds and pointers of all findings, by operation, side and moment."""
    found: dict[str, set[str]] = {}
    for finding in drift.findings:
        _, operation, side, moment, pointer = finding.place
        found.setdefault(f"{operation} {side} {moment}", set()).add(f"{finding.kind} {pointer}")
    return found


def split(listed: dict[str, str]) -> dict[str, set[str]]:
    return {place: {each.strip() for each in told.split(";")} for place, told in listed.items()}


@pytest.mark.parametrize(
    ("recorded", "held", "listed"),
    [
        ("observed", "documented", OBSERVED_AGAINST_DOCUMENTED),
        ("documented", "observed", DOCUMENTED_AGAINST_OBSERVED),
    ],
)
def test_drift_between_editions_is_what_the_overlay_lists(
    recorded: str, held: str, listed: dict[str, str]
) -> None:
    """A recording of one edition differs from the other in the listed places and no others."""
    drift = find_drift(play_kie(recorded), [read_contract("kie", held)])

    assert list_places(drift) == split(listed)


@pytest.mark.parametrize(("name", "edition"), EDITIONS)
def test_an_emulator_does_not_drift_from_its_contract(name: str, edition: str) -> None:
    """What is played from a contract agrees with it, every outcome and refusal, callbacks too."""
    drift = find_drift(record(name, edition), [read_contract(name, edition)])

    assert list_places(drift) == {}
    assert drift.held[0].tasks > 2
    assert drift.held[0].exchanges == len(record(name, edition))


def play_one(name: str = "kie", edition: str = "observed") -> list[Exchange]:
    """One task: its submit, four polls (the last one after the end) and its callback."""
    contract = read_contract(name, edition)
    player = Player(contract)
    submit = next(op for op in contract.operations.values() if op.callbacks)
    model = "gpt-image-2-text-to-image"
    player.play(submit, {"model": model, "input": {"prompt": "a red fox"}, "callBackUrl": HOOK})
    return player.tape


def alter(exchange: Exchange, change: Change) -> Exchange:
    """An exchange whose reply was changed in place."""
    body = orjson.loads(exchange.response_body)
    change(body)
    return replace(exchange, response_body=orjson.dumps(body))


def find_kinds(tape: Iterable[Exchange]) -> list[tuple[str, str, str]]:
    """Severity, kind and pointer of everything found in a tape of the observed edition."""
    drift = find_drift(tape, [read_contract("kie", "observed")])
    return [(f.severity.name, f.kind.value, f.place.pointer) for f in drift.findings]


LITERAL: dict[str, tuple[Change, list[tuple[str, str, str]]]] = {
    "a field is missing": (
        lambda body: body["data"].pop("createTime"),
        [("BREAKS", "missing-field", "/data/createTime")],
    ),
    "a field is new": (
        lambda body: body["data"].update(progress=5),
        [("NEW", "new-field", "/data/progress")],
    ),
    "a field is new in JSON in a string": (
        lambda body: body["data"].update(param='{"input":"{}","model":"m","seed":1}'),
        [("NEW", "new-field", "/data/param/seed")],
    ),
    "a type changes": (
        lambda body: body["data"].update(createTime="now"),
        [("BREAKS", "type", "/data/createTime")],
    ),
    "a value is null": (
        lambda body: body["data"].update(model=None),
        [("BREAKS", "null", "/data/model")],
    ),
    "a state is new": (
        lambda body: body["data"].update(state="paused"),
        [("BREAKS", "new-state", "/data/state")],
    ),
    "a value is not listed": (
        lambda body: body["data"].update(successFlag=9),
        [("BREAKS", "value", "/data/successFlag")],
    ),
    "milliseconds become seconds": (
        lambda body: body["data"].update(createTime=body["data"]["createTime"] // 1000),
        [
            ("BREAKS", "unit", "/data/createTime"),
            ("COSMETIC", "time-goes-back", "/data/createTime"),
        ],
    ),
    "a code is new": (
        lambda body: (body.update(code=418, msg="no"), body.update(data=None)),
        [("NEW", "new-code", "/code")],
    ),
    "success has another code": (
        lambda body: body.update(code=0),
        [("BREAKS", "value", "/code")],
    ),
    "JSON in a string is none": (
        lambda body: body["data"].update(param="{"),
        [("BREAKS", "type", "/data/param")],
    ),
}


@pytest.mark.parametrize("case", LITERAL)
def test_each_literal_change_has_its_kind_and_severity(case: str) -> None:
    """One change of one reply is one finding, of the kind and as bad as the table says."""
    tape = play_one()
    change, expected = LITERAL[case]

    tape[1] = alter(tape[1], change)

    assert [each for each in find_kinds(tape) if each[1] != "time-goes-back"] == expected[:1]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"status": 404}, [("BREAKS", "status", "HTTP status")]),
        (
            {"response_headers": (("content-type", "text/html"),)},
            [("BREAKS", "content-type", "content-type")],
        ),
        ({"response_headers": (("Content-Type", "application/json;charset=UTF-8"),)}, []),
        ({"response_headers": ()}, []),
        ({"response_body": b"<html>"}, [("BREAKS", "not-json", "")]),
        ({"response_body": b""}, []),
        (
            {"response_body": b"", "response_headers": (("Content-Length", "0"),)},
            [("BREAKS", "not-json", "")],
        ),
        ({"status": None, "error": "reset", "response_body": b""}, []),
    ],
)
def test_what_stands_around_a_body_is_judged(
    changes: dict[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    """Status and media type count; what a recorder left out, or nobody answered, is no drift."""
    tape = play_one()

    tape[1] = replace(tape[1], **changes)

    assert find_kinds(tape) == expected


def test_an_answer_that_was_not_kept_is_counted() -> None:
    """An exchange without a body to judge is said to be one."""
    tape = play_one()
    tape[1] = replace(tape[1], response_body=b"")

    drift = find_drift(tape, [read_contract("kie", "observed")])

    assert (drift.held[0].unanswered, drift.held[0].exchanges) == (1, len(tape) - 1)
    assert "1 without an answer" in format_drift(drift)


def test_a_change_after_the_end_is_found() -> None:
    """A task that has ended tells the same for ever, or the report names the place."""
    tape = play_one()
    polls = [n for n, each in enumerate(tape) if each.operation == "recordInfo"]

    tape[polls[-1]] = alter(tape[polls[-1]], lambda body: body["data"].update(creditsConsumed=0.5))

    assert find_kinds(tape) == [("BREAKS", "changed-after-end", "/data/creditsConsumed")]


def test_a_task_that_reopens_is_found() -> None:
    """A reply of an open task after one that had ended is a change after the end."""
    tape = play_one()
    polls = [n for n, each in enumerate(tape) if each.operation == "recordInfo"]
    early, last = tape[polls[0]], tape[polls[-1]]

    tape.append(replace(early, started=last.started + 1_000))

    assert find_kinds(tape) == [("BREAKS", "changed-after-end", "/data/state")]


def test_a_task_that_goes_back_is_found() -> None:
    """A step that the lifecycle does not know is told, though nobody reads it wrong."""
    tape = play_one()
    polls = [n for n, each in enumerate(tape) if each.operation == "recordInfo"]

    tape[polls[0]] = alter(tape[polls[0]], lambda body: body["data"].update(state="generating"))
    tape[polls[1]] = alter(tape[polls[1]], lambda body: body["data"].update(state="waiting"))

    assert find_kinds(tape) == [("NEW", "regression", "/data/state")]


@pytest.mark.parametrize(
    ("poll", "field", "change"),
    [(1, "updateTime", -60_000), (1, "createTime", 5), (2, "completeTime", -10_000_000)],
)
def test_time_that_goes_back_is_found(poll: int, field: str, change: int) -> None:
    """A task is updated later and later, is created once, and ends after that."""
    tape = play_one(edition="documented")
    polls = [n for n, each in enumerate(tape) if each.operation == "recordInfo"]
    tape = tape[: polls[poll] + 1]

    def shift(body: dict[str, Any]) -> None:
        body["data"][field] += change

    tape[-1] = alter(tape[-1], shift)

    drift = find_drift(tape, [read_contract("kie", "documented")])
    found = [(each.kind.value, each.place.pointer) for each in drift.findings]
    assert found == [("time-goes-back", f"/data/{field}")]


def test_answers_that_overlap_prove_no_order() -> None:
    """A poll that began before the last answer was there may well tell of an older state."""
    tape = play_one()
    polls = [n for n, each in enumerate(tape) if each.operation == "recordInfo"]
    early, last = tape[polls[0]], tape[polls[-1]]

    tape.append(replace(early, started=last.started + last.elapsed - 1))

    assert find_kinds(tape) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"model": "gpt-image-9", "input": {}}, ("NEW", "new-model", "/model")),
        (
            {"model": "gpt-image-2-text-to-image", "input": {}},
            ("NEW", "accepted", "/input/prompt"),
        ),
        (
            {"model": "gpt-image-2-text-to-image", "input": {"prompt": "a fox"}, "seed": 1},
            ("NEW", "new-field", "/seed"),
        ),
    ],
)
def test_what_was_taken_against_the_contract_is_told(
    body: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    """A request that the contract forbids and the API takes is drift of the contract."""
    tape = play_one()

    tape[0] = replace(tape[0], request_body=orjson.dumps(body))

    assert find_kinds(tape) == [expected]


def test_what_both_sides_refuse_is_no_drift() -> None:
    """A bad request that is refused agrees with the contract; a good one that is, does not."""
    player = Player(read_contract("kie", "observed"))
    create = player.contract.operations["createTask"]
    good = {"model": "gpt-image-2-text-to-image", "input": {"prompt": "a fox"}}
    player.call(create, body={"model": "gpt-image-2-text-to-image", "input": {}})
    player.call(create, f"{KEY}.missing-field", body=good)

    assert find_kinds(player.tape[:1]) == []
    assert find_kinds(player.tape) == [("NEW", "refused", "")]


def test_strangers_are_named_with_the_nearest_operation() -> None:
    """A request for no operation is counted and told with what it was probably meant for."""
    stranger = replace(
        play_one()[0],
        provider=None,
        operation=None,
        url="https://api.kie.ai/api/v1/jobs/createTasks?key=abc",
    )
    drift = find_drift([stranger] * 3, [read_contract("kie", "observed")])

    ((told, count),) = drift.strangers.items()
    assert count == 3
    assert told.startswith("api.kie.ai: POST /api/v1/jobs/createTasks is not served")
    assert told.endswith("nearest: POST /api/v1/jobs/createTask")
    assert told in format_drift(drift)


def test_strangers_do_not_fill_the_memory() -> None:
    """However many different addresses are unknown, a bounded number of them is named."""
    first = replace(play_one()[0], provider=None, operation=None)
    names = ("".join(chr(97 + int(digit)) for digit in str(number)) for number in range(900))
    tape = (replace(first, url=f"https://a.example/{name}") for name in names)

    drift = find_drift(tape, [read_contract("kie", "observed")])

    assert len(drift.strangers) == 201
    assert sum(drift.strangers.values()) == 900


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 900 + b"]" * 900,
        b'{"code":200,"msg":"success","data":' + b'{"a":' * 900 + b"1" + b"}" * 901,
        b'{"code":1e400}',
        b'"text"',
        b"null",
        b'{"code":200,"msg":"success","data":{"taskId":{},"state":[],"param":5,"createTime":{}}}',
    ],
)
def test_any_body_can_be_judged(body: bytes) -> None:
    """Whatever JSON, or what looks like it, a reply or a request holds, the report comes."""
    tape = play_one()
    tape[1] = replace(tape[1], response_body=body)
    tape[0] = replace(tape[0], request_body=body)
    tape[-1] = replace(tape[-1], request_body=body)

    drift = find_drift(tape, [read_contract("kie", "observed")])

    assert drift.findings
    assert format_drift(drift)
    assert orjson.dumps(build_report(drift))


def test_an_address_that_is_none_is_a_stranger() -> None:
    """A request whose address cannot be read is counted."""
    odd = replace(play_one()[0], provider=None, operation=None, url="http://[::1/x")

    drift = find_drift([odd], [read_contract("kie", "observed")])

    assert list(drift.strangers) == ["POST of an address that is none"]


def test_files_are_counted_and_not_judged() -> None:
    """A fetched result is no reply of the contract."""
    file = replace(play_one()[0], kind=ExchangeKind.FILE, operation=None, response_body=b"PNG")
    tape = [*play_one(), file]

    drift = find_drift(tape, [read_contract("kie", "observed")])

    assert drift.held[0].files == 1
    assert not drift.findings


def test_no_secret_reaches_a_report() -> None:
    """A key that the service echoes in any field is in no report, whatever the field is."""
    canary = "of-no-known-form-CANARY-4711"
    leaks: list[Change] = [
        lambda body: body["data"].update(echo=canary),
        lambda body: body["data"].update(state=canary),
        lambda body: body["data"].update(failCode=f"Bearer {canary}"),
        lambda body: body["data"].update({canary: 1}),
        lambda body: body.update(code=418, msg=f"bad key {canary}", data=None),
    ]
    tape = play_one()
    for number, leak in enumerate(leaks):
        leaking = alter(tape[1], leak)
        key = (("Authorization", f"Bearer {canary}"),)
        tape.append(replace(leaking, started=number, request_headers=key))
    tape.append(replace(tape[0], provider=None, operation=None, url=f"https://a.example/{canary}"))

    drift = find_drift(tape, [read_contract("kie", "observed")])

    told = format_drift(drift) + orjson.dumps(build_report(drift)).decode()
    assert len(drift.findings) > 3
    assert "CANARY" not in told


def test_the_text_is_safe_to_print() -> None:
    """Control characters of a recording do not reach a terminal."""
    tape = play_one()
    tape[1] = alter(tape[1], lambda body: body["data"].update({"\x1b[31m": "\x1b]0;x\x07"}))

    told = format_drift(find_drift(tape, [read_contract("kie", "observed")]))

    assert "is new" in told
    assert all(c.isprintable() or c == "\n" for c in told)


def test_the_report_begins_with_the_worst() -> None:
    """People and programs read what breaks readers first."""
    drift = find_drift(record("kie", "observed"), [read_contract("kie", "documented")])

    order = [list(Severity).index(finding.severity) for finding in drift.findings]
    told = format_drift(drift)

    assert order == sorted(order)
    assert told.index("breaks readers (") < told.index("new (") < told.index("cosmetic (")
    assert build_report(drift)["totals"] == {
        severity.value: sum(f.severity is severity for f in drift.findings) for severity in Severity
    }


def test_every_kind_has_a_severity_and_a_reason() -> None:
    """No kind of difference is without its rating."""
    assert set(RATINGS) == set(Kind)
    assert all(rating.reason for rating in RATINGS.values())


@settings(max_examples=20)
@given(cut=st.integers(0, 60), seed=st.randoms(use_true_random=False))
def test_interleaved_tasks_are_told_apart(cut: int, seed: Any) -> None:
    """However the exchanges of several tasks are mixed, nothing is found that is not there."""
    tapes = [[replace(each, task_id=f"{lane}") for each in play_lane(lane)] for lane in range(3)]
    mixed, queues = [], [list(tape) for tape in tapes]
    while any(queues):
        queue = seed.choice([queue for queue in queues if queue])
        mixed.append(queue.pop(0))
    del mixed[cut:]

    assert find_kinds(mixed) == []


LANES: dict[int, list[Exchange]] = {}


def play_lane(number: int) -> list[Exchange]:
    """The exchanges of one task, played once."""
    if number not in LANES:
        LANES[number] = play_one()
    return LANES[number]
