"""Expectations over HTTP: how many requests there were, and what the nearest others lack."""

from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.clock import ManualClock
from mockserver.contract.load import load
from mockserver.data import contracts_dir
from mockserver.engine.accounts.account import Account
from mockserver.engine.accounts.journal import Entry
from mockserver.engine.accounts.key import read_key
from mockserver.engine.engine import Engine
from mockserver.engine.settings import Settings
from mockserver.web.control.criteria import read_criteria
from mockserver.web.control.matching import compare, explain, is_met, read_counts

Ask = Callable[..., httpx.Response]

ME = "/_mock/accounts/sk-mock-test"
SUBMIT = "/kie/api/v1/jobs/createTask"
MODEL = "gpt-image-2-text-to-image"


@pytest.fixture
def busy(ask: Ask) -> Ask:
    """A server with an account that has submitted twice, polled, and made a mistake."""
    inputs = ({"prompt": prompt, "aspect_ratio": "3:2"} for prompt in ("a red fox", "a blue whale"))
    first, _ = [ask("POST", SUBMIT, json={"model": MODEL, "input": each}) for each in inputs]
    ask("GET", f"/kie/api/v1/jobs/recordInfo?taskId={first.json()['data']['taskId']}")
    ask("POST", SUBMIT, json={"model": MODEL, "input": {}})
    return ask


def expect(ask: Ask, **words: Any) -> httpx.Response:
    return ask("POST", f"{ME}/requests/expect", json=words)


@pytest.mark.parametrize(
    ("words", "seqs"),
    [
        ({}, [0, 1, 2, 3]),
        ({"operation": "createTask"}, [0, 1, 3]),
        ({"operation": "submit", "status": 200, "condition": None}, [0, 1]),
        ({"operation": "inspect"}, [2]),
        ({"facts": {"input.prompt": "a red fox"}}, [0]),
        ({"facts": {"input.prompt": {"contains": "BLUE"}}}, [1]),
        ({"facts": {"task.model": MODEL}}, [0, 1, 3]),
        ({"facts": {"task.id": {"present": True}}}, [2]),
        ({"body": {"/input/aspect_ratio": "3:2"}}, [0, 1]),
        ({"body": {"/input/prompt": {"present": False}}, "method": "POST"}, [3]),
        ({"body": {"": {"equals": {"model": MODEL, "input": {}}}}}, [3]),
        ({"condition": "missing-field"}, [3]),
        ({"condition": {"one_of": ["missing_field", "bad_value"]}}, [3]),
        ({"violations": True}, [3]),
        ({"violations": 1}, []),
        ({"operation": "file"}, []),
        ({"violations": {"one_of": [0, 1]}}, []),
        ({"method": "GET"}, [2]),
        ({"path": SUBMIT}, [0, 1, 3]),
        ({"headers": {"Authorization": "Bearer sk-mock-test"}}, [0, 1, 2, 3]),
        ({"provider": "aigptimage"}, []),
        ({"scenario": "succeeds"}, [0, 1, 2, 3]),
    ],
)
def test_requests_are_counted_by_what_they_say(
    busy: Ask, words: dict[str, Any], seqs: list[int]
) -> None:
    """Every criterion picks the requests that a person would pick."""
    found = busy("POST", f"{ME}/requests/count", json=words).json()

    assert found == {"count": len(seqs), "requests": seqs}


@pytest.mark.parametrize(
    ("counts", "holds"),
    [
        ({}, True),
        ({"exactly": 2}, True),
        ({"exactly": 1}, False),
        ({"at_least": 3}, False),
        ({"at_most": 1}, False),
        ({"at_least": 1, "at_most": 2}, True),
    ],
)
def test_an_expected_number_holds_or_not(busy: Ask, counts: dict[str, int], holds: bool) -> None:
    """Exactly, at least, at most; without a number one is enough."""
    reply = expect(busy, operation="submit", condition=None, **counts)

    assert (reply.status_code == 200) is holds
    assert reply.json()["count"] == 2


def test_a_near_miss_says_what_is_otherwise(busy: Ask) -> None:
    """The nearest comes first, with the first difference and all others, in words."""
    words = {"facts": {"input.prompt": "a green fox"}, "body": {"/input/aspect_ratio": "3:2"}}
    reply = expect(busy, operation="submit", **words, exactly=1)

    failed = reply.json()
    assert reply.status_code == 417
    assert [miss["seq"] for miss in failed["near_misses"]] == [0, 1, 3]
    assert failed["near_misses"][0]["differences"] == [
        'input.prompt is "a red fox", not "a green fox"'
    ]
    assert failed["near_misses"][2]["differences"] == [
        'input.prompt is missing, not "a green fox"',
        'body /input/aspect_ratio is missing, not "3:2"',
    ]
    expected, near, *_ = failed["error"].splitlines()
    assert expected == (
        'expected exactly 1 with operation "submit" and input.prompt "a green fox" and '
        'body /input/aspect_ratio "3:2"; sk-mock-test has made 0'
    )
    assert near == (
        f'  near: request 0, POST {SUBMIT}: input.prompt is "a red fox", not "a green fox"'
    )


def test_too_many_are_named(busy: Ask) -> None:
    """Where there are more than expected, those that fit are shown, and no near misses."""
    failed = expect(busy, operation="submit", condition=None, at_most=1).json()

    assert failed["requests"] == [0, 1]
    assert failed["near_misses"] == []
    assert f"this one fits: request 0, POST {SUBMIT}" in failed["error"]


@pytest.mark.parametrize(
    ("words", "problem", "hint"),
    [
        ({"operation": "createTsk"}, "there is no operation 'createTsk'", "'createTask'"),
        ({"provider": "kei"}, "no provider 'kei' is served", "'kie'"),
        ({"facts": {"input.promt": "x"}}, "there is no fact 'input.promt'", "'input.prompt'"),
        ({"body": {"input.prompt": "x"}}, "'input.prompt' is no JSON pointer", "/input/prompt"),
        ({"body": []}, "'body' must be an object", ""),
        ({"facts": {"input.prompt": {"contains": 1}}}, "'contains' takes a text", ""),
        ({"facts": {"input.prompt": {"one_of": 1}}}, "'one_of' takes a list", ""),
        ({"facts": {"input.prompt": {"present": 1}}}, "'present' takes true or false", ""),
        ({"exactly": 1, "at_least": 1}, "'exactly' says it all", ""),
        ({"at_least": 3, "at_most": 2}, "'at_least' is more than 'at_most'", ""),
        ({"exactly": -1}, "'exactly' must be a whole number", ""),
        ({"exactly": True}, "'exactly' must be a whole number", ""),
        ({"statsu": 200}, "there is no field 'statsu' here", "'status'"),
    ],
)
def test_what_can_never_fit_is_refused(
    busy: Ask, words: dict[str, Any], problem: str, hint: str
) -> None:
    """A misspelled name is no expectation that fails: it is told as what it is."""
    reply = expect(busy, **words)

    assert reply.status_code == 400
    assert problem in reply.json()["error"]
    assert hint in reply.json().get("hint", "")


def test_a_name_in_a_path_is_a_fact(ask: Ask) -> None:
    """A request at an address with a scenario says the same as without."""
    ask("GET", "/kie/_/slow/api/v1/jobs/recordInfo?taskId=t-1")

    found = ask("POST", f"{ME}/requests/count", json={"facts": {"task.id": "t-1"}})
    assert found.json()["count"] == 1


def test_a_journal_that_forgets_says_so() -> None:
    """What is not on record any more may be why an expectation is not met."""
    engine = Engine([load(contracts_dir() / "gptimage15")], ManualClock(), Settings(max_entries=1))
    account = engine.open_account("sk-mock-test")
    for _ in range(3):
        account.enter(build_entry(account))

    verdict = compare(account, {}, read_criteria({"status": 500}))
    text = explain(account, read_criteria({"status": 500}), {"exactly": 1}, verdict)
    assert "no longer has 2 earlier requests" in text


def build_entry(account: Account, body: bytes = b"", target: str = "/x") -> Entry:
    seq = account.journal.total
    return Entry(
        seq, 0, None, None, "GET", target, {}, body, 200, b"", None, (), (), None, None, None, seq
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("ab/~", max_size=2), inner, max_size=3)
    ),
)


@given(body=JSON, data=st.data())
def test_every_value_is_found_under_its_pointer(body: Any, data: st.DataObject) -> None:
    """Whatever a body holds, its pointer leads to it, and to nothing that differs from it."""
    pointer, value = "", body
    while isinstance(value, dict | list) and value:
        name = data.draw(
            st.sampled_from(list(value) if isinstance(value, dict) else range(len(value)))
        )
        pointer += "/" + str(name).replace("~", "~0").replace("/", "~1")
        value = value[name]
    engine = Engine([], ManualClock(), Settings())
    account = engine.accounts.open(read_key("sk-mock-test"))
    account.enter(build_entry(account, orjson.dumps(body)))

    fits = compare(account, {}, read_criteria({"body": {pointer: {"equals": value}}}))
    differs = compare(account, {}, read_criteria({"body": {pointer: {"equals": [value]}}}))
    assert len(fits.matches) == 1
    assert not differs.matches


@given(count=st.integers(0, 9), low=st.integers(0, 9), more=st.integers(0, 9))
def test_numbers_mean_what_they_say(count: int, low: int, more: int) -> None:
    """At least and at most are a range with both ends, exactly is a range of one."""
    high = low + more

    assert is_met(count, read_counts({"at_least": low, "at_most": high})) is (low <= count <= high)
    assert is_met(count, read_counts({"exactly": low})) is (count == low)
