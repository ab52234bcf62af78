from typing import TYPE_CHECKING, Any

import pytest

from mockserver.engine.accounts.journal import Entry
from mockserver.engine.call import Malformed

if TYPE_CHECKING:
    from tests.engine.conftest import NewWorld, World

GOOD: dict[str, Any] = {"model": "plain", "input": {"prompt": "a nut"}}


def last_entry(world: "World", key: str = "sk-mock-me") -> Entry:
    return world.account(key).journal.entries[-1]


@pytest.mark.parametrize("key", [None, "", "  "])
def test_without_a_key_nothing_is_served(world: "World", key: str | None) -> None:
    """No key is refused, and the call is noted among the strays."""
    reply = world.read("make", key=key, body=GOOD)

    assert reply == {"http": 401, "code": 401, "text": "who are you"}
    assert [entry.operation for entry in world.engine.strays.entries] == ["make"]
    assert not len(world.engine.accounts)


def test_what_asks_for_no_key_is_served_without_one(world: "World") -> None:
    """An operation without security is open to everybody."""
    assert world.read("motd", key=None) == {"http": 200, "text": "hello"}


def test_strict_servers_know_their_keys(new_world: "NewWorld") -> None:
    """With a list of keys, every other key is refused."""
    world = new_world(keys=frozenset({"sk-mock-me"}))

    assert world.read("make", key="sk-mock-me", body=GOOD)["code"] == 200
    assert world.read("make", key="sk-mock-you", body=GOOD)["code"] == 401


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("sk-mock-", "a key is sk-mock-<name>[.<scenario>[.<seed>]]"),
        ("sk-mock-me..7", "a key is sk-mock-<name>[.<scenario>[.<seed>]]"),
        ("sk-mock-me.fials", "unknown scenario 'fials' for this provider; nearest: 'fails'"),
        ("sk-mock-me.fails.x", "'x' is no seed, write digits; a key is sk-mock-<name>"),
        ("sk-mock-me.fails.1.2", "'1.2' is no seed, write digits; a key is sk-mock-<name>"),
    ],
)
def test_a_wrong_mock_key_says_what_is_wrong(world: "World", key: str, text: str) -> None:
    """A key that asks for what there is not is refused in the provider's shape, with a reason."""
    reply = world.read("make", key=key, body=GOOD)

    assert reply["code"] == 401
    assert reply["text"].startswith(text)
    assert [reply["text"]] == [entry.notes[0] for entry in world.engine.strays.entries]


def test_a_scenario_of_an_account_that_no_provider_knows_is_refused(world: "World") -> None:
    """A scenario that was set later is looked at in the same way."""
    world.account().scenario = "fials"

    assert "unknown scenario 'fials'" in world.read("make", body=GOOD)["text"]


@pytest.mark.parametrize(
    ("calls", "wait", "limit", "window"),
    [
        ([0, 0, 0], 1, 2, 1),
        ([0, 0, 1_000, 1_500], 9, 3, 10),
        ([0, 1_000, 1_000, 1_000], 9, 3, 10),
    ],
)
def test_calls_beyond_a_limit_are_told_how_long_to_wait(
    world: "World", calls: list[int], wait: int, limit: int, window: int
) -> None:
    """Two windows count; the refusal speaks of the one that lasts longer."""
    world.account().tier = "tiny"
    start = world.clock.now()
    replies = []
    for moment in calls:
        world.clock.advance(start + moment - world.clock.now())
        replies.append(world.read("make", body={}))

    assert replies[-1] == {
        "http": 429, "code": 429, "wait": wait, "limit": limit, "window": window, "tier": "tiny"
    }  # fmt: skip


def test_a_refused_call_counts_in_no_window(world: "World") -> None:
    """What the short window refuses does not use up the long one."""
    world.account().tier = "tiny"
    codes = []
    for pause in (0, 0, 0, 1_000, 0):
        world.clock.advance(pause)
        codes.append(world.read("make", body={})["code"])

    assert codes == [422, 422, 429, 422, 429]


def test_a_window_opens_with_the_first_call_after_the_last_one(world: "World") -> None:
    """Refused calls count nowhere, and a window that is over is forgotten."""
    world.account().tier = "tiny"
    codes = []
    for pause in (0, 0, 0, 999, 1, 0):
        world.clock.advance(pause)
        codes.append(world.read("look", path={"id": "x"})["code"])

    assert codes == [404, 429, 429, 429, 404, 429]


def test_the_tier_unlimited_switches_all_limits_off(world: "World") -> None:
    """Neither calls nor active tasks are counted."""
    world.account().tier = "unlimited"

    assert {200} == {world.read("make", body=GOOD)["code"] for _ in range(60)}


def test_a_tier_that_the_provider_has_not_is_its_default(world: "World") -> None:
    """An account's tier means nothing where it is unknown."""
    world.account().tier = "golden"
    for _ in range(50):
        world.submit()

    assert world.submit() == {"http": 409, "code": 409, "limit": 50, "tier": "wide"}


@pytest.mark.parametrize(("status", "http"), [(None, 400), (413, 413)])
def test_an_unreadable_body_is_refused(world: "World", status: int | None, http: int) -> None:
    """The contract says how, the reader of the body may say with which HTTP status."""
    reply = world.engine.answer(
        world.build_call("make", body=Malformed("it is cut off", status=status), raw=b"{")
    )

    assert http == reply.status
    assert [v.message for v in last_entry(world).violations] == ["it is cut off"]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"page": "0"}, "page is bad"),
        ({"page": "one"}, "page is bad"),
        ({"urgent": "yes"}, "urgent is bad"),
    ],
)
def test_a_bad_parameter_is_named(world: "World", query: dict[str, str], text: str) -> None:
    """Parameters keep their schemas, numbers and flags as they are spelled in a query."""
    assert text == world.read("make", body=GOOD, query=query)["text"]


def test_good_parameters_pass(world: "World") -> None:
    """Numbers and flags are understood; an empty parameter counts as absent."""
    query = {"page": "2", "urgent": "true"}

    assert world.read("make", body=GOOD, query=query)["code"] == 200
    assert world.read("make", body=GOOD, query={"page": ""})["code"] == 200


def test_a_missing_parameter_is_named(world: "World") -> None:
    """A required parameter that is absent or empty is a missing field."""
    assert world.read("look") == {"http": 400, "code": 422, "text": "id is missing"}
    assert world.read("look", path={"id": ""})["text"] == "id is missing"


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        ({}, 422, "model is missing"),
        ({"model": ""}, 422, "model is missing"),
        ({"model": None}, 422, "model is missing"),
        ({"model": "huge"}, 404, "no such model"),
        ({"model": ["plain"]}, 404, "no such model"),
        ([GOOD], 400, "body is bad"),
        ("plain", 400, "body is bad"),
        (None, 400, "body is bad"),
        ({"model": "plain"}, 422, "input is missing"),
        ({"model": "plain", "input": {}}, 422, "prompt is missing"),
        ({"model": "plain", "input": {"prompt": ""}}, 422, "prompt is missing"),
        ({"model": "plain", "input": {"prompt": 7}}, 400, "prompt is bad"),
        ({"model": "plain", "input": {"prompt": "x" * 201}}, 400, "prompt is bad"),
        ({"model": "fine", "input": {"shots": 0}}, 422, "prompt is missing"),
        ({**GOOD, "callback": "no address"}, 400, "callback is bad"),
    ],
)
def test_a_bad_body_is_refused_for_its_first_fault(
    world: "World", body: object, code: int, text: str
) -> None:
    """The model comes before the input, and what is missing before what is bad."""
    reply = world.read("make", body=body)

    assert (code, text) == (reply["code"], reply["text"])
    assert last_entry(world).violations
    assert world.balance() == 100_000


def test_unknown_fields_pass_with_a_note(world: "World") -> None:
    """What the contract does not know is taken, and said in the journal."""
    body = {"model": "plain", "input": {"prompt": "a nut", "tone": "dark"}, "loud": True}
    reply = world.read("make", body=body, query={"fast": "1"})

    assert reply["code"] == 200
    assert list(last_entry(world).notes) == [
        "query parameter 'fast' is not in the contract",
        "field /input/tone is not in the contract",
        "field /loud is not in the contract",
    ]


def test_a_repeated_submit_gets_the_same_reply(world: "World") -> None:
    """Under one name an equal submit makes no second task and costs nothing."""
    first = world.call("make", body=GOOD, headers={"x-once": "a"})
    turned = {"input": {"prompt": "a nut"}, "model": "plain"}
    world.account().advance(3_600_000)
    again = world.call("make", body=turned, headers={"x-once": "a"})

    assert first.body == again.body
    assert world.balance() == 98_500


def test_a_name_is_not_for_another_body(world: "World") -> None:
    """Another submit under a taken name is a conflict, and harms nobody."""
    world.call("make", body=GOOD, headers={"x-once": "a"})
    other = {"model": "plain", "input": {"prompt": "two nuts"}}

    assert world.read("make", body=other, headers={"x-once": "a"})["code"] == 409
    assert world.read("make", body=other, headers={"x-once": "b"})["code"] == 200
    assert world.read("make", key="sk-mock-you", body=other, headers={"x-once": "a"})["code"] == 200


def test_a_refused_submit_takes_no_name(world: "World") -> None:
    """A name belongs to a task; what was refused may be mended under the same name."""
    world.call("make", body={"model": "plain"}, headers={"x-once": "a"})

    assert world.read("make", body=GOOD, headers={"x-once": "a"})["code"] == 200


def test_a_name_may_not_be_too_long_and_may_be_empty(world: "World") -> None:
    """The contract's length holds; an empty name is none."""
    assert world.read("make", body=GOOD, headers={"x-once": "a" * 21})["text"] == "x-once is bad"
    ids = {world.read("make", body=GOOD, headers={"x-once": ""})["id"] for _ in range(2)}
    assert len(ids) == 2


def test_too_many_active_tasks_are_refused_until_one_ends(world: "World") -> None:
    """A slot is free as soon as a task has ended, without a poll."""
    world.account().tier = "tiny"
    first = world.submit()["id"]
    refused = world.submit()
    world.account().advance(world.task(first).ended - world.clock.now())

    assert refused == {"http": 409, "code": 409, "limit": 1, "tier": "tiny"}
    assert world.submit()["code"] == 200


def test_credits_must_cover_the_price(world: "World") -> None:
    """The refusal can tell the balance; what is just enough is enough."""
    ledger = world.account().open_holding(world.contract).ledger
    ledger.set_balance(0, 1_499)
    refused = world.submit()
    ledger.set_balance(0, 1_500)

    assert refused == {"http": 402, "code": 402, "left": 1.499}
    assert (world.submit()["code"], world.balance()) == (200, 0)


@pytest.mark.parametrize(
    ("fields", "price"), [({}, 2), ({"grade": "high"}, 5), ({"grade": "high", "shots": 3}, 15)]
)
def test_the_price_follows_the_input(world: "World", fields: dict[str, Any], price: int) -> None:
    """Prices are looked up in the contract's table."""
    assert price == world.submit(model="fine", **fields)["price"]


def test_another_key_does_not_see_a_task(world: "World") -> None:
    """A task of another account is unknown, like one that never was."""
    task_id = world.submit()["id"]
    strange = world.inspect(task_id, key="sk-mock-you")

    assert strange == {"http": 404, "code": 404, "text": "no such task"}
    assert strange == world.inspect("w-000000000000", key="sk-mock-you")


def test_a_record_goes_after_its_time(world: "World") -> None:
    """After its retention a task is unknown, or gone where the contract has a word for it."""
    task_id = world.submit()["id"]
    world.end(task_id)
    world.account().advance(3 * 3_600_000 - 1)
    before = world.inspect(task_id)
    world.account().advance(1)

    assert before["state"] == "done"
    assert world.inspect(task_id)["code"] == 404
    assert world.read("drop", path={"id": task_id})["code"] == 410


@pytest.mark.parametrize(
    ("model", "note"),
    [
        ("plian", "'plian' is none of the {count} models; nearest: 'plain'"),
        ("?", "'?' is none of the {count} models"),
        ("x" * 301, f"'{'x' * 300}…' is none of the {{count}} models"),
    ],
)
def test_an_unknown_model_is_told_with_the_nearest(world: "World", model: str, note: str) -> None:
    """The journal says which model was probably meant, if one comes near."""
    world.read("make", body={"model": model, "input": {"prompt": "a nut"}})

    (violation,) = world.account().journal.entries[-1].violations
    body = world.contract.operations["make"].body
    assert body is not None
    assert violation.message == note.format(count=len(body.models))
