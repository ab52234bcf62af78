"""Whatever is sent to a provider's address, its own words answer."""

import json
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.contract.model import Contract, Operation, Role
from mockserver.engine.call import Malformed
from mockserver.engine.engine import Engine
from mockserver.web.calls import Request, parse_query, read_key

Ask = Callable[..., httpx.Response]


class Submit(NamedTuple):
    """A submit that a provider accepts."""

    provider: str
    operation: str
    path: str
    body: Mapping[str, Any]


SUBMITS = {
    "kie": Submit(
        "kie",
        "createTask",
        "/api/v1/jobs/createTask",
        {
            "model": "gpt-image/1.5-text-to-image",
            "input": {"prompt": "a fox", "aspect_ratio": "1:1", "quality": "medium"},
        },
    ),
    "aigptimage": Submit(
        "aigptimage",
        "createTask",
        "/api/v1/jobs/createTask",
        {"model": "gpt-image-2-text-to-image", "input": {"prompt": "a fox"}},
    ),
    "gptimage15": Submit("gptimage15", "generate", "/api/generate", {"prompt": "a fox"}),
    "gptimage15 V2": Submit(
        "gptimage15",
        "generateV2",
        "/api/v2/generate",
        {"prompt": "a fox", "aspectRatio": "1:1", "size": "1K"},
    ),
}

HUGE = b'{"prompt": "' + b"x" * 1_100_000 + b'"}'


class Rubbish(NamedTuple):
    """A body that no provider takes, and the condition that it meets."""

    raw: bytes
    condition: str
    headers: Mapping[str, str] = MappingProxyType({})
    status: int | None = None  # where HTTP has a word of its own


RUBBISH = {
    "no body": Rubbish(b"", "malformed"),
    "null": Rubbish(b"null", "bad_value"),
    "a list": Rubbish(b"[]", "bad_value"),
    "a number": Rubbish(b"1", "bad_value"),
    "a text": Rubbish(b'"x"', "bad_value"),
    "half": Rubbish(b"{", "malformed"),
    "bad UTF-8": Rubbish(b"\xff", "malformed"),
    "brackets": Rubbish(b"[" * 100_000, "malformed"),
    "deep": Rubbish(b'{"a":' * 300 + b"1" + b"}" * 300, "malformed"),
    "NaN": Rubbish(b'{"prompt": NaN}', "malformed"),
    "a long number": Rubbish(b'{"seed": 999999999999999999999999999999}', "malformed"),
    "a surrogate": Rubbish(rb'{"prompt": "\ud800"}', "malformed"),
    "a byte order mark": Rubbish(b"\xef\xbb\xbf{}", "malformed"),
    "an empty object": Rubbish(b"{}", "missing_field"),
    "too much": Rubbish(HUGE, "malformed", status=413),
    "a form": Rubbish(b"{}", "malformed", {"content-type": "application/x-www-form-urlencoded"}),
    "packed": Rubbish(b"{}", "malformed", {"content-encoding": "gzip"}, 415),
}

SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=20)
JUNK = st.recursive(
    SCALARS | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["model", "input", "prompt", "images", "size", "callBackUrl"]), inner
        )
    ),
    max_leaves=8,
)


def find_operation(contracts: Sequence[Contract], submit: Submit) -> tuple[Contract, Operation]:
    contract = next(c for c in contracts if c.name == submit.provider)
    return contract, contract.operations[submit.operation]


def judge(
    contracts: Sequence[Contract], submit: Submit, condition: str, reply: httpx.Response
) -> None:
    """Hold a refusal against the shape that the contract has for its condition."""
    contract, operation = find_operation(contracts, submit)
    shape = operation.find_shape(condition)
    assert shape is not None, f"{contract.name} has no shape for {condition}"
    assert not shape.find_violations(reply.json())


@pytest.mark.parametrize("submit", SUBMITS.values(), ids=SUBMITS)
def test_a_good_submit_is_accepted(ask: Ask, submit: Submit) -> None:
    """The sample that the tables below break is itself fine."""
    reply = ask("POST", f"/{submit.provider}{submit.path}", json=submit.body)

    assert reply.status_code == 200
    assert reply.json()["code"] == 200


@pytest.mark.parametrize("submit", SUBMITS.values(), ids=SUBMITS)
@pytest.mark.parametrize("rubbish", RUBBISH.values(), ids=RUBBISH)
def test_rubbish_is_refused_in_the_providers_own_shape(
    ask: Ask, engine: Engine, contracts: Sequence[Contract], submit: Submit, rubbish: Rubbish
) -> None:
    """No body makes the server fail: each one meets its condition, said as the contract says it."""
    headers = {"content-type": "application/json", **rubbish.headers}

    reply = ask("POST", f"/{submit.provider}{submit.path}", content=rubbish.raw, headers=headers)

    account = engine.find_account("sk-mock-test")
    assert account is not None
    assert account.journal.entries[-1].condition == rubbish.condition
    judge(contracts, submit, rubbish.condition, reply)
    assert reply.status_code == (rubbish.status or reply.status_code)
    assert reply.status_code < 500


@pytest.mark.parametrize("submit", SUBMITS.values(), ids=SUBMITS)
def test_a_body_that_is_too_large_ends_the_connection(ask: Ask, submit: Submit) -> None:
    """After a body that was not read to its end, nothing else may follow on the connection."""
    reply = ask("POST", f"/{submit.provider}{submit.path}", content=HUGE)

    assert reply.headers["connection"] == "close"


@pytest.mark.parametrize("submit", SUBMITS.values(), ids=SUBMITS)
@given(body=JUNK)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_no_json_at_all_makes_the_server_fail(
    ask: Ask, contracts: Sequence[Contract], submit: Submit, body: Any
) -> None:
    """Any JSON value is either accepted or refused by one of the contract's shapes."""
    _, operation = find_operation(contracts, submit)

    reply = ask("POST", f"/{submit.provider}{submit.path}", json=body, key="sk-mock-junk")

    assert reply.status_code < 500
    assert any(shape.accepts(reply.json()) for shape in operation.shapes.values())


BAD_KEYS = {
    "no header": None,
    "an empty header": "",
    "no token": "Bearer",
    "a blank token": "Bearer   ",
    "another scheme": "Basic c2stbW9jay1h",
    "the bare key": "sk-mock-a",
    "no name": "Bearer sk-mock-",
    "an unknown scenario": "Bearer sk-mock-a.no-such-thing",
    "a bad seed": "Bearer sk-mock-a.succeeds.x",
}


@pytest.mark.parametrize("submit", SUBMITS.values(), ids=SUBMITS)
@pytest.mark.parametrize("header", BAD_KEYS.values(), ids=BAD_KEYS)
def test_a_bad_key_is_refused_in_the_providers_own_shape(
    ask: Ask, contracts: Sequence[Contract], submit: Submit, header: str | None
) -> None:
    """Without a usable key every provider says 401 in its own way."""
    headers = {} if header is None else {"authorization": header}
    path = f"/{submit.provider}{submit.path}"

    reply = ask("POST", path, key=None, headers=headers, json=submit.body)

    judge(contracts, submit, "unauthorized", reply)
    assert reply.json()["code"] == 401


INSPECTS = {
    "kie": ("/kie/api/v1/jobs/recordInfo", "taskId"),
    "aigptimage": ("/aigptimage/api/v1/jobs/recordInfo", "taskId"),
    "gptimage15": ("/gptimage15/api/status", "task_id"),
}
BAD_QUERIES = ["", "?{}=", "?{}=%ff", "?{}=%00", "?{}=nope", "?&&&", "?{}=" + "x" * 50_000, "?{}"]


@pytest.mark.parametrize(("path", "name"), INSPECTS.values(), ids=INSPECTS)
@pytest.mark.parametrize("query", BAD_QUERIES, ids=range(len(BAD_QUERIES)))
def test_a_bad_query_is_refused_in_the_providers_own_shape(
    ask: Ask, contracts: Sequence[Contract], path: str, name: str, query: str
) -> None:
    """No query makes the server fail."""
    provider = path.split("/")[1]
    contract = next(c for c in contracts if c.name == provider)
    (operation, *_) = contract.find_role(Role.INSPECT)

    reply = ask("GET", path + query.format(name))

    assert reply.status_code < 500
    assert reply.json()["code"] != 200
    assert any(shape.accepts(reply.json()) for shape in operation.shapes.values())


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (b"a=1&b=2", {"a": "1", "b": "2"}),
        (b"a=1&a=2", {"a": "1"}),
        (b"a=x+y%20z&%C3%A9=%26", {"a": "x y z", "\xe9": "&"}),
        (b"a=b=c&d&=e&&", {"a": "b=c", "d": "", "": "e"}),
        (b"a=%zz%4", {"a": "%zz%4"}),
        (b"a=%00", {"a": "\0"}),
    ],
)
def test_a_query_is_read_as_browsers_write_it(query: bytes, found: dict[str, str]) -> None:
    """Plus signs and percent signs are decoded; of a repeated name the first value counts."""
    assert parse_query(query) == found


@pytest.mark.parametrize("query", [b"a=%ff", b"%C3=1", b"a=1&b=\xff"])
def test_a_query_that_is_not_utf8_is_malformed(query: bytes) -> None:
    """Nobody guesses a character set."""
    assert isinstance(parse_query(query), Malformed)


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        ("BEARER abc", "abc"),
        ("Bearer", None),
        ("Bearer ", None),
        ("Token abc", None),
        ("", None),
        (None, None),
    ],
)
def test_a_key_is_a_bearer_token(header: str | None, key: str | None) -> None:
    """The scheme is written in any case; every other scheme carries no key."""
    assert read_key(header) == key


def test_a_body_that_was_not_taken_is_empty() -> None:
    """The journal shows nothing of a body that was refused unread."""
    request = Request("POST", "/", "/", b"", {}, "http://h", Malformed("too large", 413))

    assert request.raw == b""


def test_a_prompt_comes_back_byte_for_byte(ask: Ask) -> None:
    """Odd characters of a prompt survive the way in and out."""
    prompt = "\u202eevil\u200b \0 \U0001f98a 'quoted' \\ \"both\" </script>"
    body = {"model": "gpt-image-2-text-to-image", "input": {"prompt": prompt}}
    task = ask("POST", "/aigptimage/api/v1/jobs/createTask", json=body).json()["data"]["taskId"]

    found = ask("GET", "/aigptimage/api/v1/jobs/recordInfo", params={"taskId": task}).json()

    assert json.loads(found["data"]["param"])["input"]["prompt"] == prompt
