from typing import TYPE_CHECKING, Any

import pytest

from mockserver.engine.scenarios.library import Library
from mockserver.engine.scenarios.repertoire import Repertoire
from mockserver.engine.scenarios.scenario import list_scenarios

if TYPE_CHECKING:
    from tests.engine.conftest import World

GOOD: dict[str, Any] = {"model": "plain", "input": {"prompt": "a nut"}}


def test_scenarios_are_outcomes_conditions_and_failures(world: "World") -> None:
    """What a contract can answer with is what its keys can ask for, the default first."""
    assert list(list_scenarios(world.contract)) == [
        *["succeeds", "fails", "unauthorized", "malformed", "missing-field", "unknown-model"],
        *["invalid-request", "not-found", "expired", "insufficient-credits", "rate-limited"],
        *["too-many-active", "conflict", "server-error", "too-odd", "worn-out"],
    ]


def test_each_scenario_is_told_in_a_sentence(world: "World") -> None:
    """People can read what a scenario does."""
    sentences = [each.sentence for each in list_scenarios(world.contract).values()]

    assert all(sentence.startswith("Every ") and sentence.endswith(".") for sentence in sentences)


def test_a_scenario_is_found_by_either_spelling(world: "World") -> None:
    """Underscores are understood, and the nearest name is offered."""
    repertoire = Repertoire(world.contract, Library())

    assert repertoire.find("rate_limited") is repertoire.find("rate-limited")
    assert repertoire.find("rate") is None
    assert repertoire.find_nearest("rate_limit") == "rate-limited"


@pytest.mark.parametrize(
    ("scenario", "reply"),
    [
        ("unauthorized", {"http": 401, "code": 401, "text": "who are you"}),
        ("malformed", {"http": 400, "code": 400, "text": "unreadable"}),
        ("missing-field", {"http": 400, "code": 422, "text": "model is missing"}),
        ("unknown-model", {"http": 400, "code": 404, "text": "no such model"}),
        ("invalid-request", {"http": 400, "code": 400, "text": "model is bad"}),
        ("insufficient-credits", {"http": 402, "code": 402, "left": 100}),
        ("too-many-active", {"http": 409, "code": 409, "limit": 50, "tier": "wide"}),
        ("conflict", {"http": 409, "code": 409, "text": "not now"}),
        ("server-error", {"http": 500, "code": 1500, "text": "broken"}),
    ],
)
def test_every_refusal_can_be_had_by_the_key_alone(
    world: "World", scenario: str, reply: dict[str, Any]
) -> None:
    """A good submit is refused as the scenario says, with facts that could be true."""
    assert reply == world.read("make", key=f"sk-mock-me.{scenario}", body=GOOD)


def test_a_pretended_limit_is_that_of_the_account(world: "World") -> None:
    """The refusal names a limit that the tier really has, and a wait within its window."""
    reply = world.read("make", key="sk-mock-me.rate-limited", body=GOOD)

    assert (reply["tier"], reply["limit"], reply["window"]) == ("wide", 1000, 10)
    assert 1 <= reply["wait"] <= 10


def test_limits_are_pretended_where_there_are_none(world: "World") -> None:
    """A tier without limits, or a contract without, can show the refusal all the same."""
    world.account("sk-mock-me.rate-limited").tier = "unlimited"
    submit = world.read("make", key="sk-mock-me.rate-limited", body=GOOD)
    inspect = world.read("look", key="sk-mock-me.rate-limited", path={"id": "w-1"})

    assert (submit["tier"], submit["limit"]) == ("wide", 1000)
    assert (inspect["tier"], inspect["limit"]) == ("wide", 20)


@pytest.mark.parametrize(
    ("scenario", "body", "code"),
    [
        ("insufficient-credits", {}, 422),
        ("insufficient-credits", {"model": "huge"}, 404),
        ("too-many-active", {}, 422),
        ("unknown-model", {}, 404),
        ("rate-limited", {}, 429),
        ("server-error", {}, 1500),
    ],
)
def test_a_condition_waits_for_its_gate(
    world: "World", scenario: str, body: dict[str, Any], code: int
) -> None:
    """What would be refused earlier is refused earlier, in a scenario too."""
    assert code == world.read("make", key=f"sk-mock-me.{scenario}", body=body)["code"]


def test_a_condition_of_tasks_leaves_submits_alone(world: "World") -> None:
    """With `not-found` a task can be made, and is never found."""
    key = "sk-mock-me.not-found"
    task_id = world.submit(key=key)["id"]

    assert world.inspect(task_id, key=key)["code"] == 404


def test_a_condition_that_an_operation_cannot_meet_passes_it_by(world: "World") -> None:
    """An operation without a shape for the condition answers as ever."""
    assert world.read("credits", key="sk-mock-me.insufficient-credits")["http"] == 200
    assert world.read("credits", key="sk-mock-me.rate-limited")["credits"] == 100


def test_a_required_parameter_can_be_pretended_missing(world: "World") -> None:
    """Where there is no body, the first required parameter is to blame."""
    reply = world.read("look", key="sk-mock-me.missing-field", path={"id": "w-1"})

    assert (reply["code"], reply["text"]) == (422, "id is missing")
