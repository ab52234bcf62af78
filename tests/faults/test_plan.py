"""Whom faults are meant for, how often they act, and that chance knows no order."""

import json
from collections import Counter
from math import sqrt
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.draw import draw

if TYPE_CHECKING:
    from tests.faults.conftest import NewUser, User

WORKERS = 8
REQUESTS = 1_000
MINUTE = 60_000


def run_workers(user: "User", order: int) -> dict[str, list[str | None]]:
    """The faults that each request meets, by request, when workers take turns in some order."""
    user.account.tier = "unlimited"
    user.plan("latency", span="1ms", probability=0.2)
    user.plan("status", probability=0.3, operation="submit")
    user.plan("null-fields", probability=0.5)
    prompts = [f"prompt {number % (REQUESTS // 3)}" for number in range(REQUESTS)]
    queues = [prompts[worker::WORKERS] for worker in range(WORKERS)]
    chance = draw(order, "order")
    while any(queues):
        chance = chance.branch(b"next")
        queue = queues[chance.pick_between(0, WORKERS - 1)]
        if queue:
            user.submit(queue.pop())
    found: dict[str, list[str | None]] = {}
    for entry in user.account.journal.entries:
        found.setdefault(json.dumps(json.loads(entry.request)), []).append(entry.fault)
    return found


def test_chance_knows_no_order(new_user: "NewUser") -> None:
    """Same seed, three runs, 8 workers, 1,000 requests: the same fault for the same request."""
    runs = [run_workers(new_user(seed=7, key="sk-mock-run"), order) for order in range(3)]

    assert runs[0] == runs[1] == runs[2]
    assert sum(len(faults) for faults in runs[0].values()) == REQUESTS
    acted = Counter(fault for faults in runs[0].values() for fault in faults)
    assert {"latency", "status", "null-fields", None} == set(acted)
    assert run_workers(new_user(seed=8, key="sk-mock-run"), 0) != runs[0]


def test_other_requests_change_nothing(new_user: "NewUser") -> None:
    """What a request meets does not depend on what else the account asks."""
    alone, among = new_user(key="sk-mock-a"), new_user(key="sk-mock-b")
    for user in (alone, among):
        user.account.tier = "unlimited"
        user.plan("status", probability=0.5)
    for number in range(50):
        alone.submit(f"prompt {number}")
        among.submit(f"other {number}")
        among.submit(f"prompt {number}")

    assert among.list_faults()[1::2] == alone.list_faults()


def test_only_so_many_requests_are_told_apart(
    new_user: "NewUser", monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first of too many is forgotten, and is decided upon as if it had never come."""
    monkeypatch.setattr("mockserver.engine.trouble.plan._MAX_REQUESTS", 10)
    user = new_user()
    user.account.tier = "unlimited"
    user.plan("status", probability=0.5)

    for _ in range(2):
        for number in range(40):
            user.submit(f"prompt {number}")

    assert user.list_faults()[:40] == user.list_faults()[40:]


@pytest.mark.parametrize("probability", [0.05, 0.5, 0.9])
def test_probability_is_what_it_says(new_user: "NewUser", probability: float) -> None:
    """Of many requests so large a part meets the fault, within four standard deviations."""
    user = new_user()
    planned = user.plan("status", probability=probability)
    operation = user.contract.operations["getCredits"]
    total = 2_000

    for _ in range(total):
        user.call(operation, {}, None)

    expected = total * probability
    assert abs(planned.acted - expected) < 4 * sqrt(expected * (1 - probability))


def test_the_first_rule_that_does_something_is_the_only_one(new_user: "NewUser") -> None:
    """A later rule has its turn where the earlier ones are spent, or have nothing to do."""
    user = new_user()
    user.plan("empty-results")
    first = user.plan("status", status=500, count=1)
    second = user.plan("latency", span="1ms")

    seen = [user.submit(str(number)) for number in range(2)]

    assert user.list_faults() == ["status", "latency"]
    assert [each.http for each in seen] == [500, 200]
    assert (first.acted, second.acted) == (1, 1)


def test_a_call_that_took_effect_is_not_refused(new_user: "NewUser") -> None:
    """A rule that refuses acts before anything is done, or gives way to one that came first."""
    user = new_user()
    first = user.plan("null-fields", fields="no-such-field", count=1)
    refusing = [user.plan(name) for name in ("status", "html-page", "rate-limit", "redirect")]

    seen = user.submit()

    assert (seen.http, user.list_faults()) == (200, [None])
    assert user.answered in seen.body["data"]
    assert [each.acted for each in (first, *refusing)] == [0] * 5


def test_a_rule_with_nothing_to_change_gives_way(new_user: "NewUser") -> None:
    """Where no reply tells of a state, a rule about states does not keep others from refusing."""
    user = new_user()
    user.plan("unknown-state")
    user.plan("burst-window", max=1)

    codes = [user.submit().body["code"] for _ in range(2)]

    assert (codes, user.list_faults()) == ([200, 429], [None, "burst-window"])


def test_submits_that_were_refused_do_not_count_as_tasks(user: "User") -> None:
    """The nth task is the nth that is made, however many submits were refused before."""
    planned = user.plan("stuck-task", nth=1)
    operation = user.contract.operations[user.submit_name]

    user.call(operation, {}, {})
    user.account.advance(MINUTE)
    task = user.make()

    assert (planned.met, planned.acted) == (1, 1)
    assert user.account.holdings[user.contract.name].tasks[task].timeline.is_open


def test_nth_counts_what_the_rest_fits(new_user: "NewUser") -> None:
    """Requests of other operations, and outside the window, do not count."""
    user = new_user()
    user.plan("status", operation="inspect", nth=[1, 3], after="1s")
    task = user.make()
    user.inspect(task)
    user.account.advance(1_000)

    codes = []
    for _ in range(4):
        user.submit()
        codes.append(user.inspect(task).http)

    assert codes == [503, 200, 503, 200]


def test_a_window_is_one_of_the_account_clock(new_user: "NewUser") -> None:
    """The fault begins and ends when the account's clock says so, counted from its planning."""
    user = new_user()
    user.account.advance(60_000)
    user.plan("status", after="10s", until="20s")
    codes = []

    for span in (9_999, 1, 9_999, 1, 0):
        codes.append(user.submit().http)
        user.account.advance(span)

    assert codes == [200, 200, 503, 503, 200]


@pytest.mark.parametrize(
    ("task", "met"),
    [
        ({"prompt": "FOX"}, True),
        ({"prompt": "hen"}, False),
        ({"model": "gpt-image-2-text-to-image", "phase": "succeeded"}, True),
        ({"phase": "running"}, False),
        ({"state": "success"}, True),
        ({"id": "no"}, False),
    ],
)
def test_rules_may_be_about_tasks(new_user: "NewUser", task: dict[str, Any], met: bool) -> None:
    """A poll is judged by the task that it asks for."""
    user = new_user()
    made = user.make("a red fox")
    user.end(made)
    user.plan("status", task=task)

    assert (user.inspect(made).http == 503) is met


def test_submits_are_judged_by_what_they_say(user: "User") -> None:
    """The prompt of a submit counts before there is a task."""
    user.plan("status", task={"prompt": "hen"})

    assert user.submit("a fox").http == 200
    assert user.submit("a hen").http == 503


def test_accounts_do_not_share_faults(new_user: "NewUser") -> None:
    """What one key plans, another one does not meet, and forgetting a key forgets its faults."""
    user = new_user()
    other = new_user()
    other.engine = user.engine
    user.plan("status")

    assert (user.submit().http, other.submit().http) == (503, 200)
    user.engine.forget_account(user.account)
    assert user.submit().http == 200


def test_what_the_client_does_wrong_stays_on_record(new_user: "NewUser") -> None:
    """A fault in place of a refusal does not hide the violations of the request."""
    user = new_user()
    user.plan("status")

    user.call(user.contract.operations["createTask"], {}, {"model": 7})

    entry = user.account.journal.entries[-1]
    assert entry.fault == "status"
    assert entry.violations


NAMES = ["status", "latency", "null-fields", "unknown-state", "reset", "malformed-json"]


@given(
    rules=st.lists(
        st.tuples(st.sampled_from(NAMES), st.integers(1, 3), st.floats(0, 1)), max_size=4
    ),
    polls=st.integers(0, 6),
)
def test_no_rule_acts_more_often_than_its_dose(
    new_user: "NewUser", rules: list[tuple[str, int, float]], polls: int
) -> None:
    """However rules are mixed: each acts at most so often, and every act is in the journal."""
    user = new_user()
    task = user.make()
    planned = [user.plan(name, count=count, probability=p) for name, count, p in rules]

    for _ in range(polls):
        user.inspect(task)

    faults = [fault for fault in user.list_faults() if fault]
    assert len(faults) == sum(each.acted for each in planned) <= polls
    for each in planned:
        assert each.acted <= min(each.met, each.rule.target.count or 0)
