from typing import TYPE_CHECKING, Any

import pytest

from mockserver.clock import ManualClock
from mockserver.contract.moments import Phase
from mockserver.engine.call import Stray
from mockserver.errors import ScenarioError, UsageError

if TYPE_CHECKING:
    from tests.engine.conftest import NewWorld, World

FINE: dict[str, Any] = {"model": "fine", "input": {"prompt": "a nut", "images": ["https://a/b"]}}


def test_a_task_goes_its_way(world: "World") -> None:
    """It is taken in its first state, read in the states between, and shows its results."""
    task_id = world.submit()["id"]
    duration = world.task(task_id).timeline.duration
    states = []
    for share in (0, 0.099, 0.101, 0.199, 0.201, 0.999, 1):
        world.account().advance(round(share * duration) - (world.account().now() - START))
        states.append(world.inspect(task_id)["state"])

    assert states == ["new", "new", "lined-up", "lined-up", "busy", "busy", "done"]


START = ManualClock().now()


def test_a_running_task_shows_what_there_is(world: "World") -> None:
    """Facts of the end do not exist before the end."""
    task_id = world.read("make", body={**FINE, "callback": "https://me.example/done"})["id"]
    world.clock.advance(1_000)

    assert world.inspect(task_id) == {
        "http": 200,
        "code": 200,
        "id": task_id,
        "model": "fine",
        "state": "busy",
        "request": {**FINE, "callback": "https://me.example/done"},
        "input": FINE["input"],
        "prompt": "a nut",
        "images": ["https://a/b"],
        "callback": "https://me.example/done",
        "created": START,
        "updated": START,
        "price": 2,
        "cost": 2,
    }


def test_a_finished_task_shows_its_results(world: "World") -> None:
    """One address per result, and when the task ended."""
    task_id = world.submit(model="fine")["id"]
    task = world.end(task_id)
    place = f"http://127.0.0.1:8787/_files/{world.account().id}/walnut/{task_id}"

    assert ("done", [f"{place}/1.png", f"{place}/2.png"]) == (task["state"], task["results"])
    assert 30_000 <= task["elapsed"] <= 40_000
    assert START + task["elapsed"] == task["finished"] == task["updated"]
    assert "fail_text" not in task


@pytest.mark.parametrize(
    ("scenario", "told"),
    [
        ("fails", {"fail_code": "7", "fail_text": "It is too odd."}),
        ("worn-out", {"fail_text": "The machine is worn out."}),
        ("worn_out", {"fail_text": "The machine is worn out."}),
    ],
)
def test_a_failed_task_tells_why_and_costs_nothing(
    world: "World", scenario: str, told: dict[str, str]
) -> None:
    """A key can ask for the default failure or for one by name."""
    key = f"sk-mock-me.{scenario}"
    task = world.end(world.submit(key=key)["id"], key=key)

    assert (task["state"], task["price"], task["cost"]) == ("broken", 1.5, 0)
    assert told == {name: task[name] for name in ("fail_code", "fail_text") if name in task}
    assert "results" not in task
    assert world.balance(key) == 100_000


def test_a_task_can_be_canceled_once(world: "World") -> None:
    """It ends at once and is paid back; then there is nothing left to cancel."""
    task_id = world.submit()["id"]
    world.clock.advance(2_000)
    task = world.read("drop", path={"id": task_id})
    again = world.read("drop", path={"id": task_id})

    assert (task["state"], task["finished"]) == ("dropped", START + 2_000)
    assert again["code"] == 409
    assert world.balance() == 100_000


def test_the_balance_is_told(world: "World") -> None:
    """Credits are whole where they can be."""
    before = world.read("credits")
    world.submit()

    assert [before["credits"], world.read("credits")["credits"]] == [100, 98.5]


def test_speed_shortens_tasks_and_nothing_else(new_world: "NewWorld") -> None:
    """Ten times faster is a tenth of the duration, on the same clock."""
    plain, fast = new_world(speed=1), new_world(speed=10)
    task_id = plain.submit()["id"]
    fast.submit()

    assert round(plain.task(task_id).timeline.duration / 10) == (
        fast.task(task_id).timeline.duration
    )
    assert plain.account().now() == fast.account().now()


def test_at_infinite_speed_a_task_is_done_when_first_read(new_world: "NewWorld") -> None:
    """The submit still answers the first state."""
    world = new_world(speed=float("inf"))
    taken = world.submit()

    assert (taken["state"], world.inspect(taken["id"])["state"]) == ("new", "done")


@pytest.mark.parametrize("speed", [0, -1, float("nan")])
def test_a_speed_that_cannot_be_is_refused(new_world: "NewWorld", speed: float) -> None:
    """The error says what would do."""
    with pytest.raises(UsageError, match="give a number above 0"):
        new_world(speed=speed)


def test_a_seed_in_the_key_is_that_of_the_account(new_world: "NewWorld") -> None:
    """A key's seed wins over the engine's; a key without one takes the engine's."""
    world = new_world(seed=3)

    assert (world.account("sk-mock-me.fails.42").seed, world.account().seed) == (42, 3)


@pytest.mark.parametrize(
    ("http_status", "key", "http"),
    [
        (None, "sk-mock-me", 400),
        ("envelope", "sk-mock-me", 200),
        ("code", "sk-mock-me", 422),
        ("code", "sk-mock-me.server-error", 500),
        ("envelope", "sk-mock-me.server-error", 200),
    ],
)
def test_an_account_can_choose_where_refusals_carry_their_code(
    world: "World", http_status: str | None, key: str, http: int
) -> None:
    """As declared, in the body only, or as HTTP status if the code can be one."""
    world.account(key).http_status = http_status

    assert http == world.read("make", key=key, body={})["http"]


@pytest.mark.parametrize(
    ("method", "path", "near"),
    [
        ("GET", "/jobs", "the method is POST; nearest: POST /jobs"),
        ("POST", "/jobs/", "a slash stands at the end; nearest: POST /jobs"),
        ("POST", "//jobs", "a slash is doubled; nearest: POST /jobs"),
        ("PUT", "/jobs//w-1", "the method is GET, a slash is doubled; nearest: GET /jobs/{id}"),
        ("POST", "/walnut/jobs/", "a slash stands at the end; nearest: POST /walnut/jobs"),
        ("POST", "/_/stuck/jobs/", "a slash stands at the end; nearest: POST /jobs"),
        ("PUT", "/walnut/_/stuck/jobs", "the method is POST; nearest: POST /walnut/jobs"),
        ("POST", "/jobs", "the path begins with /walnut; nearest: POST /walnut/jobs"),
        ("POST", "/job", "nearest: POST /jobs"),
    ],
)
def test_a_near_miss_is_explained_in_the_journal(
    world: "World", method: str, path: str, near: str
) -> None:
    """A request for no operation is answered as the contract says, and noted with the nearest."""
    reply = world.engine.answer_stray(Stray(world.contract, method, path, path, {}, b""))

    real = path.removeprefix("/walnut").removeprefix("/_/stuck")  # as the provider would know it
    assert (404, f'{{"path":"{real}","at":{START}}}'.encode()) == (reply.status, reply.body)
    assert [(f"{method} {path} is not served; {near}",)] == [
        entry.notes for entry in world.engine.strays.entries
    ]


def test_what_is_near_nothing_is_only_not_served(world: "World") -> None:
    """Without a provider the reply is our own."""
    reply = world.engine.answer_stray(Stray(None, "GET", "/favicon.ico", "/favicon.ico", {}, b""))

    assert (reply.status, reply.body) == (404, b'{"error":"GET /favicon.ico is not served"}')


def test_a_task_can_be_forced_to_end(world: "World") -> None:
    """It ends on the account's clock with the outcome asked for, and is paid back."""
    failed, dropped, done = (world.submit(word)["id"] for word in "abc")
    world.clock.advance(1_000)
    for task_id, outcome, failure in [
        (failed, Phase.FAILED, "worn-out"),
        (dropped, Phase.CANCELED, None),
        (done, Phase.SUCCEEDED, None),
    ]:
        world.engine.force_task(world.account(), "walnut", task_id, outcome, failure)

    assert world.inspect(failed)["fail_text"] == "The machine is worn out."
    assert world.inspect(done)["elapsed"] == 1_000
    assert world.inspect(dropped)["state"] == "dropped"
    assert (world.account().holdings["walnut"].active, world.balance()) == (0, 98_500)


def test_what_cannot_be_forced_is_explained(world: "World") -> None:
    """Unknown tasks, ends that the contract does not know, and tasks that have ended."""
    account, task_id = world.account(), world.submit()["id"]

    def force(name: str, outcome: Phase, failure: str | None = None) -> None:
        world.engine.force_task(account, "walnut", name, outcome, failure)

    with pytest.raises(UsageError, match="has no task 'w-0' at walnut"):
        force("w-0", Phase.FAILED)
    with pytest.raises(ScenarioError, match="no failure 'odd'; use one of too-odd, worn-out"):
        force(task_id, Phase.FAILED, "odd")
    with pytest.raises(ScenarioError, match="that ends succeeded has no failure"):
        force(task_id, Phase.SUCCEEDED, "too-odd")
    with pytest.raises(ScenarioError, match="ends running; use one of canceled, failed, succeed"):
        force(task_id, Phase.RUNNING)
    world.end(task_id)
    with pytest.raises(UsageError, match="has ended already"):
        force(task_id, Phase.FAILED)


def test_an_account_is_opened_once(world: "World") -> None:
    """It is found by its key and by its id, until it is forgotten."""
    account = world.engine.open_account("sk-mock-me")
    found = [world.engine.find_account(name) for name in ("sk-mock-me", account.id)]
    world.engine.forget_account(account)

    assert [account, account] == found
    assert world.engine.find_account("sk-mock-me") is None


@pytest.mark.parametrize(
    ("key", "error", "text"),
    [
        ("sk-mock-", UsageError, "sk-mock-: a key is"),
        (" ", UsageError, "the API key is blank"),
        ("sk-mock-you", UsageError, "sk-mock-you: it is none of the keys"),
        ("sk-mock-me.fials", ScenarioError, "unknown scenario 'fials'; nearest: 'fails'"),
    ],
)
def test_what_is_no_key_opens_no_account(
    new_world: "NewWorld", key: str, error: type[Exception], text: str
) -> None:
    """The error says what is wrong with it."""
    world = new_world(keys=frozenset({"sk-mock-me", "sk-mock-me.fials"}))

    with pytest.raises(error, match=text):
        world.engine.open_account(key)


def test_a_reset_forgets_everything(world: "World") -> None:
    """Afterwards the same submit gets the same id as at the start."""
    first = world.submit()
    world.call("make", key=None)
    world.engine.reset()

    assert not list(world.engine.accounts)
    assert not world.engine.strays.entries
    assert first == world.submit()
