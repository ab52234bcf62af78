"""A submit costs: when it is sent again, and when never."""

from collections.abc import Callable
from typing import Any

import pytest

from imagejobs import (
    Conflict,
    ImageError,
    InvalidRequest,
    Misused,
    OutOfCredits,
    RateLimited,
    SubmitUnknown,
    Unauthorized,
    Unavailable,
    Unreachable,
)

MakeClient = Callable[..., Any]
MakeScript = Callable[..., Any]

OK = (200, {"code": 200, "msg": "success", "data": {"taskId": "t"}})
LIMITED = (200, {"code": 429, "msg": "slow down", "data": None})

UNKNOWN: list[Any] = [
    "ReadTimeout",
    "ReadError",
    "RemoteProtocolError",
    "WriteError",
    (500, {"code": 500, "msg": "server error"}),
    (200, {"code": 500, "msg": "Server exception, please try again later"}),
    (502, b"<html>Bad Gateway</html>"),
    (503, {}, {"retry-after": "1"}),
    (504, b""),
    (408, {"code": 408}),
    (200, b""),
    (200, b'{"code": 200, "data": {"taskI'),
    (200, b"<html>welcome</html>"),
    (200, []),
    (200, {"data": {"taskId": "t"}}),
    (200, {"code": 200, "data": None}),
    (200, {"code": 200, "data": {"taskId": ""}}),
    (201, {"code": 200, "data": {"taskId": []}}),
    (303, b"", {"location": "https://elsewhere.example/tasks/t"}),
]

REFUSALS: list[tuple[Any, type[ImageError]]] = [
    ((200, {"code": 401, "msg": "no"}), Unauthorized),
    ((401, {"code": 401, "msg": "no"}), Unauthorized),
    ((401, b""), Unauthorized),
    ((403, {"code": 200}), Unauthorized),
    ((200, {"code": "402", "msg": "no"}), OutOfCredits),
    ((200, {"code": 500, "msg": "Credits insufficient : top up"}), OutOfCredits),
    ((200, {"code": 433}), OutOfCredits),
    ((200, {"code": 422, "message": "no"}), InvalidRequest),
    ((200, {"code": 500, "msg": "aspect_ratio is required"}), InvalidRequest),
    ((413, b""), InvalidRequest),
    ((409, {"code": 409}), Conflict),
    ((200, {"code": 455}), Unavailable),
    ((200, {"code": 505}), Unavailable),
    ((302, b"", {"location": "https://elsewhere.example/"}), Misused),
]


@pytest.mark.parametrize("step", UNKNOWN)
def test_an_unknown_outcome_is_never_repeated(
    make_client: MakeClient, script: MakeScript, step: Any
) -> None:
    """Without an idempotency key, one request is all that is ever sent."""
    server = script(step, OK)

    with pytest.raises(SubmitUnknown, match="may have been made"):
        make_client(server).submit("fox")

    assert len(server.requests) == 1


@pytest.mark.parametrize("step", UNKNOWN)
def test_an_unknown_outcome_is_repeated_with_the_same_key(
    make_client: MakeClient, script: MakeScript, step: Any
) -> None:
    """Where the provider knows idempotency keys, the order is sent again with its own."""
    server = script(step, OK)

    task = make_client(server, "aigptimage").submit("fox")

    assert task.id == "t"
    assert [request.headers["x-request-id"] for request in server.requests] == ["id-1", "id-1"]


def test_each_order_has_its_own_key(make_client: MakeClient, script: MakeScript) -> None:
    """Two orders are two tasks, even with the same prompt."""
    server = script(OK)
    client = make_client(server, "aigptimage")

    client.submit("fox")
    client.submit("fox")

    assert [request.headers["x-request-id"] for request in server.requests] == ["id-1", "id-2"]


def test_the_callers_own_key_is_used(make_client: MakeClient, script: MakeScript) -> None:
    """Whoever keeps ids of orders can make an order safe over restarts."""
    server = script(OK)

    make_client(server, "aigptimage").submit("fox", request_id="order-7")

    assert server.requests[0].headers["x-request-id"] == "order-7"


def test_a_key_that_would_protect_nothing_is_refused(
    make_client: MakeClient, script: MakeScript
) -> None:
    """A request id for a provider that knows none is an error, not a false comfort."""
    server = script(OK)

    with pytest.raises(Misused, match="request_id"):
        make_client(server, "kie").submit("fox", request_id="order-7")

    assert server.requests == []


@pytest.mark.parametrize("provider", ["kie", "aigptimage"])
@pytest.mark.parametrize(("step", "error"), REFUSALS)
def test_a_refusal_ends_the_submit(
    make_client: MakeClient, script: MakeScript, provider: str, step: Any, error: type[ImageError]
) -> None:
    """A refusal that time does not heal is raised at once, by its own name."""
    server = script(step, OK)

    with pytest.raises(error) as caught:
        make_client(server, provider).submit("fox")

    assert type(caught.value) is error
    assert len(server.requests) == 1


@pytest.mark.parametrize("step", [LIMITED, (429, b""), "ConnectError", "ConnectTimeout"])
def test_what_was_surely_not_accepted_is_sent_again(
    make_client: MakeClient, script: MakeScript, step: Any
) -> None:
    """A limited or unconnected submit is repeated: it made no task."""
    server = script(step, step, OK)

    assert make_client(server).submit("fox").id == "t"
    assert len(server.requests) == 3


def test_an_unknown_outcome_stays_unknown(make_client: MakeClient, script: MakeScript) -> None:
    """A later refusal does not prove that the first, lost request made no task."""
    server = script("ReadError", "ConnectError")

    with pytest.raises(SubmitUnknown, match="id-1"):
        make_client(server, "aigptimage").submit("fox", timeout=5)


def test_a_hint_is_kept_before_a_submit(
    make_client: MakeClient, script: MakeScript, time: Any
) -> None:
    """The pause that a refusal asks for is kept."""
    limited = (429, {"code": 429, "msg": "slow down", "data": {"retryAfter": 17}})

    make_client(script(limited, OK)).submit("fox")

    assert 17 <= sum(time.pauses) < 18


def test_a_hint_beyond_the_deadline_ends_the_call_at_once(
    make_client: MakeClient, script: MakeScript, time: Any
) -> None:
    """Nobody sleeps towards an end that is known already."""
    limited = (429, b"", {"retry-after": "3600"})

    with pytest.raises(RateLimited) as caught:
        make_client(script(limited)).submit("fox")

    assert caught.value.retry_after == 3600
    assert time.pauses == []


@pytest.mark.parametrize("step", [LIMITED, "ConnectError"])
def test_repeating_ends_with_the_deadline(
    make_client: MakeClient, script: MakeScript, time: Any, step: Any
) -> None:
    """However long the trouble lasts, the call does not outlast its time."""
    with pytest.raises((RateLimited, Unreachable)):
        make_client(script(step)).submit("fox", timeout=30)

    assert sum(time.pauses) <= 30


def test_what_json_cannot_say_is_not_sent(make_client: MakeClient, script: MakeScript) -> None:
    """An option that is no JSON is the caller's error."""
    server = script(OK)

    with pytest.raises(Misused, match="JSON"):
        make_client(server).submit("fox", options={"size": float("nan")})

    assert server.requests == []
