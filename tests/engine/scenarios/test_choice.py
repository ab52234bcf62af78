"""Who is heard when several ask for a scenario, and what a task keeps of it."""

from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.scenarios.wish import Wish

if TYPE_CHECKING:
    from tests.engine.conftest import NewWorld, World

# What each place asks for, the one that is heard first in front; each ends a task in its own way.
WISH, ADDRESS, ACCOUNT, PROMPT = "stuck", "fails-fast", "worn-out", "instant"


def submit(world: "World", key: str, prompt: str = "a nut", **content: Any) -> dict[str, Any]:
    """Submit with a prompt, perhaps at an address with a scenario."""
    body = {"model": "plain", "input": {"prompt": prompt}}
    call = world.build_call("make", key=key, body=body)
    call.scenario = content.get("scenario")
    reply = world.engine.answer(call)
    return {"http": reply.status, **orjson.loads(reply.body)}


def look(world: "World", task_id: str, key: str, scenario: str | None = None) -> dict[str, Any]:
    """Poll, perhaps at an address with a scenario."""
    call = world.build_call("look", key=key, path={"id": task_id})
    call.scenario = scenario
    reply = world.engine.answer(call)
    return {"http": reply.status, **orjson.loads(reply.body)}


@given(asked=st.sets(st.sampled_from([WISH, ADDRESS, ACCOUNT, PROMPT])))
def test_the_first_who_asks_is_heard(new_world: "NewWorld", asked: set[str]) -> None:
    """A wish comes before the address, that before the key, that before the prompt."""
    world = new_world(speed=1)
    key = f"sk-mock-me.{ACCOUNT}" if ACCOUNT in asked else "sk-mock-me"
    if WISH in asked:
        world.account(key).wishes.append(Wish(WISH, 1))
    prompt = f"a nut [mock: {PROMPT}] on a table" if PROMPT in asked else "a nut"
    reply = submit(world, key, prompt, scenario=ADDRESS if ADDRESS in asked else None)

    ranks = [name for name in (WISH, ADDRESS, ACCOUNT, PROMPT) if name in asked]
    expected = ranks[0] if ranks else "succeeds"
    assert world.task(reply["id"], key=key).scenario.name == expected
    assert world.account(key).journal.entries[-1].scenario == expected


def test_a_wish_is_for_so_many_submits(world: "World") -> None:
    """Wishes are used up in their order, by submits alone."""
    account = world.account()
    account.wishes += [Wish("too-odd", 2), Wish("stuck", 1)]
    names = []
    for _ in range(4):
        task_id = world.submit()["id"]
        world.inspect(task_id)
        names.append(world.task(task_id).scenario.name)

    assert names == ["too-odd", "too-odd", "stuck", "succeeds"]
    assert account.wishes == []


def test_a_refused_submit_uses_a_wish_up(world: "World") -> None:
    """So that a client which tries again gets through."""
    world.account().wishes.append(Wish("rate-limited", 1))

    assert [world.submit()["http"] for _ in range(2)] == [429, 200]


def test_a_wish_waits_for_a_provider_that_knows_it(world: "World") -> None:
    """A wish for another provider, or one unknown here, is passed over and stays."""
    account = world.account()
    account.wishes += [Wish("fails", 1, "acorn"), Wish("no-such", 1), Wish("too-odd", 1, "walnut")]

    assert world.task(world.submit()["id"]).scenario.name == "too-odd"
    assert [wish.scenario for wish in account.wishes] == ["fails", "no-such"]


@pytest.mark.parametrize(
    "prompt",
    ["[mock:stuck]", "a nut\n[mock: stuck ]", "[mock: stuck] [mock: fails]", "x[mock:stuck]y"],
)
def test_a_directive_stands_anywhere_in_the_prompt(world: "World", prompt: str) -> None:
    """The first one counts, and the prompt stays as it is."""
    task = world.task(world.submit(prompt)["id"])

    assert task.scenario.name == "stuck"
    assert task.read_facts()["input.prompt"] == prompt


def test_only_a_marked_prompt_is_read(world: "World") -> None:
    """The same words in another field, or in a poll, mean nothing."""
    prompts = ("a [mock nut], [mock:] and [mock: a b]", "a nut")
    tasks = [world.task(world.submit(each, note="[mock: stuck]")["id"]) for each in prompts]

    assert [task.scenario.name for task in tasks] == ["succeeds"] * 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"scenario": "stcuk"}, "unknown scenario 'stcuk' in the address"),
        ({"scenario": "STUCK"}, "unknown scenario 'STUCK' in the address"),
        ({"prompt": "[mock: stcuk]"}, "unknown scenario 'stcuk' in the prompt"),
        ({"prompt": "[mock: stuck.42]"}, "unknown scenario 'stuck.42' in the prompt"),
    ],
)
def test_an_unknown_scenario_is_refused_with_the_nearest(
    world: "World", content: dict[str, str], message: str
) -> None:
    """As a wrong key is, so that every client shows it and none tries again; the journal has it."""
    reply = submit(world, "sk-mock-me", **content)

    told = f"{message} for this provider; nearest: 'stuck'"
    assert (reply["http"], reply["text"]) == (401, told)
    (entry,) = world.account().journal.entries
    assert (entry.operation, list(entry.notes)) == ("make", [told])


@pytest.mark.parametrize(
    ("name", "told"),
    [("STUKC", "nearest: 'stuck'"), ("xyzzy", "mockserver scenarios lists them")],
)
def test_a_name_that_is_like_no_other_is_not_taken_for_one(
    world: "World", name: str, told: str
) -> None:
    """The nearest scenario is named only where it may have been meant."""
    assert submit(world, "sk-mock-me", scenario=name)["text"].endswith(f"provider; {told}")


def test_a_task_keeps_the_scenario_that_was_chosen_for_it(world: "World") -> None:
    """What a wish, an address or a prompt asked for holds for the polls of its task, only of it."""
    key = "sk-mock-me.succeeds"
    lost = submit(world, key, scenario="not-found")["id"]
    other = submit(world, key)["id"]

    assert look(world, lost, key)["code"] == 404
    assert look(world, other, key)["http"] == 200
    assert world.account(key).journal.entries[-2].scenario == "not-found"


def test_polls_of_other_tasks_follow_the_account(world: "World") -> None:
    """A task whose account chose for it obeys what the account says later, and its own without."""
    account = world.account()
    account.scenario = "not-found"
    task_id = world.submit()["id"]
    heard = [world.inspect(task_id)["http"]]
    account.scenario = "succeeds"
    heard.append(world.inspect(task_id)["http"])
    account.scenario = None
    heard.append(world.inspect(task_id)["http"])

    assert heard == [404, 200, 404]


def test_the_address_of_a_poll_is_heard_before_its_task(world: "World") -> None:
    """Whoever polls through an address gets what that says."""
    task_id = submit(world, "sk-mock-me", scenario="not-found")["id"]

    assert look(world, task_id, "sk-mock-me")["http"] == 404
    assert look(world, task_id, "sk-mock-me", "succeeds")["http"] == 200
    assert look(world, task_id, "sk-mock-me", "server-error")["http"] == 500
