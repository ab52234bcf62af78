from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import settings
from schemathesis import BaseSchema
from schemathesis.checks import CHECKS as REGISTERED
from schemathesis.errors import FailureGroup

from mockserver.checks import LifecycleCheck, list_replaced
from mockserver.errors import ContractError

HazelSchema = Callable[..., BaseSchema]
WITH_KEY = {"Authorization": "Bearer sk-mock-hazel"}
STEADY = settings(max_examples=20, stateful_step_count=12, derandomize=True)


@pytest.fixture
def registered() -> Iterator[None]:
    """The check is one of those that schemathesis runs by itself."""
    schemathesis.check(LifecycleCheck)
    yield
    REGISTERED.unregister("LifecycleCheck")


def leave_alone(call: str, body: dict[str, Any]) -> dict[str, Any]:
    return body


def go_back(call: str, body: dict[str, Any]) -> dict[str, Any]:
    """What should be done is queued once more."""
    return put_off(body, 0)


def never_end(call: str, body: dict[str, Any]) -> dict[str, Any]:
    """What should be done is still under way."""
    return put_off(body, 1)


def put_off(body: dict[str, Any], state: int) -> dict[str, Any]:
    if "fruit" in body:
        return {"code": 425, "said": "not ripe"}
    return {"code": 200, "id": body["id"], "state": state} if body.get("state") == 2 else body


def follow_links(schema: BaseSchema, max_polls: int | None = None) -> None:
    """Submit and poll as schemathesis's state machine does, and check the lifecycle alone."""

    class Journey(schema.as_state_machine()):  # type: ignore[misc]
        def setup(self) -> None:
            self.schema.app.engine.reset()
            self.lifecycle = LifecycleCheck(max_polls)

        def validate_response(self, response: Any, case: Any, **_: Any) -> None:
            case.validate_response(response, checks=[self.lifecycle.after_response])

    Journey.run(settings=STEADY)


def test_an_honest_server_passes(hazel_schema: HazelSchema) -> None:
    """Where tasks go forward and end, the check is silent."""
    follow_links(hazel_schema(leave_alone), max_polls=4)


def test_a_server_that_goes_back_is_caught(hazel_schema: HazelSchema) -> None:
    """Schemathesis finds a regression and reports the sentence of the breach."""
    with pytest.raises(FailureGroup, match="was 1 and went back to 0"):
        follow_links(hazel_schema(go_back))


def test_a_server_whose_tasks_never_end_is_caught(hazel_schema: HazelSchema) -> None:
    """Schemathesis finds a task that is asked for too often."""
    with pytest.raises(FailureGroup, match="was asked for 5 times and is still 1"):
        follow_links(hazel_schema(never_end), max_polls=4)


def test_it_can_be_registered_and_set(hazel_schema: HazelSchema, registered: None) -> None:
    """As a registered class it runs with every response, with settings from schemathesis's own."""
    schema = hazel_schema(never_end, checks={"LifecycleCheck": {"max_polls": 2}})
    submit = schema["/nuts"]["POST"].Case(headers=WITH_KEY, body={"wish": "a nut"}).call()
    place = {"id": submit.json()["id"]}
    look = schema["/nuts/{id}"]["GET"].Case(headers=WITH_KEY, path_parameters=place)
    look.call_and_validate(excluded_checks=list_replaced())
    look.call_and_validate(excluded_checks=list_replaced())

    with pytest.raises(FailureGroup, match="was asked for 3 times"):
        look.call_and_validate(excluded_checks=list_replaced())


def test_another_document_is_refused_with_a_reason(hazel_schema: HazelSchema) -> None:
    """A document that is none of our contracts gives one clear error, not a silent pass."""
    document = {
        "openapi": "3.1.0",
        "info": {"title": "other", "version": "1"},
        "paths": {"/x": {"get": {"responses": {"200": {"description": "Fine."}}}}},
    }
    schema = schemathesis.openapi.from_dict(document)
    case = schema["/x"]["GET"].Case()
    response = hazel_schema(leave_alone)["/nuts"]["POST"].Case(body={"wish": "a nut"}).call()

    with pytest.raises(ContractError, match=r"the document under test#: has no x-provider"):
        case.validate_response(response, checks=[LifecycleCheck().after_response])
