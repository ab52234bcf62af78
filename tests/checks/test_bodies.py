from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from schemathesis import BaseSchema, Case, GenerationMode
from schemathesis.errors import FailureGroup

from mockserver.checks import CHECKS, bodies, list_replaced

HazelSchema = Callable[..., BaseSchema]
Body = dict[str, Any]

POSITIVE, NEGATIVE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
ACCEPTED = {"code": 200, "id": "h-1", "state": 0}


def leave_alone(call: str, body: Body) -> Body:
    return body


def take_everything(call: str, body: Body) -> Body:
    return ACCEPTED if body.get("code") == 422 else body


def take_nothing(call: str, body: Body) -> Body:
    return {"code": 422, "said": "no"} if body.get("code") == 200 else body


def break_down(call: str, body: Body) -> Body:
    return {"code": 500, "said": "a storm"} if body.get("code") == 422 else body


def let_everybody_in(call: str, body: Body) -> Body:
    return ACCEPTED if body.get("code") == 401 else body


def say_too_little(call: str, body: Body) -> Body:
    return {name: value for name, value in body.items() if name != "said"}


# The check, what the server does wrong, and with which kind of request that shows.
OFFENCES = [
    (bodies.invalid_request_is_refused, take_everything, NEGATIVE, "should have been rejected"),
    (bodies.valid_request_is_served, take_nothing, POSITIVE, "should have been accepted"),
    (bodies.server_error_is_not_sent, break_down, NEGATIVE, "Server error"),
    (bodies.key_is_asked_for, let_everybody_in, POSITIVE, "without a key answered"),
    (bodies.reply_is_declared, say_too_little, NEGATIVE, "the reply has no shape of plant"),
]


def submit_all(schema: BaseSchema, mode: GenerationMode, checks: list[Any]) -> None:
    """Make some submits of a kind, each followed by the checks."""

    @settings(max_examples=15, derandomize=True, database=None, phases=[Phase.generate])
    @given(case=schema["/nuts"]["POST"].as_strategy(generation_mode=mode))
    def submit(case: Case[Any]) -> None:
        case.call_and_validate(checks=checks)

    submit()


@pytest.mark.parametrize(("check", "spoil", "mode", "message"), OFFENCES)
def test_each_offence_is_caught(
    hazel_schema: HazelSchema, check: Any, spoil: Any, mode: GenerationMode, message: str
) -> None:
    """One thing done wrong, always with HTTP status 200, is found by the check that is for it."""
    with pytest.raises(FailureGroup, match=message):
        submit_all(hazel_schema(spoil), mode, [check])


@pytest.mark.parametrize("mode", [POSITIVE, NEGATIVE])
def test_an_honest_server_passes(hazel_schema: HazelSchema, mode: GenerationMode) -> None:
    """No check finds anything where the contract is kept."""
    submit_all(hazel_schema(leave_alone), mode, [*CHECKS])


def test_the_replaced_checks_would_be_wrong(hazel_schema: HazelSchema) -> None:
    """Schemathesis's own checks accuse an honest server that answers with HTTP status 200."""
    with pytest.raises(FailureGroup, match="should have been rejected"):
        submit_all(hazel_schema(leave_alone), NEGATIVE, list_replaced())


def test_an_undeclared_method_needs_the_reply_to_an_unknown_path(
    hazel_schema: HazelSchema,
) -> None:
    """A method that the path does not have is answered in the contract's own words, else named."""
    check: Any = bodies.undeclared_method_is_refused
    honest, chatty = hazel_schema(leave_alone), hazel_schema(lambda call, body: {"said": "hello"})
    honest["/nuts"]["POST"].Case(method="PATCH").call_and_validate(checks=[check])

    with pytest.raises(FailureGroup, match="PATCH got no reply to an unknown path"):
        chatty["/nuts"]["POST"].Case(method="PATCH").call_and_validate(checks=[check])


def test_json_in_a_string_is_looked_at(hazel_schema: HazelSchema) -> None:
    """A reply whose string holds no JSON, or other JSON than declared, has no declared shape."""
    done = {"code": 200, "id": "h-1", "state": 2, "nuts": '["no address"]'}
    schema = hazel_schema(lambda call, body: done)
    case = schema["/nuts/{id}"]["GET"].Case(path_parameters={"id": "h-1"})
    check: Any = bodies.reply_is_declared

    with pytest.raises(FailureGroup, match="no shape of look"):
        case.call_and_validate(checks=[check])
