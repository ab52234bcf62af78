from typing import TYPE_CHECKING

import pytest

from mockserver.engine.accounts.account import LAST_INSTANT
from mockserver.errors import UsageError

if TYPE_CHECKING:
    from tests.engine.conftest import NewWorld, World


def test_an_account_has_its_own_clock(world: "World") -> None:
    """It follows the wall clock, and what was advanced for one key is nothing to another."""
    mine, other = world.account(), world.account("sk-mock-you")
    start = world.clock.now()
    mine.advance(5_000)
    world.clock.advance(700)

    assert (start + 5_700, start + 700) == (mine.now(), other.now())


def test_a_frozen_clock_moves_only_when_advanced(world: "World") -> None:
    """When it goes on, it goes on from where it stood."""
    account = world.account()
    start = world.clock.now()
    account.freeze(True)
    world.clock.advance(1_000)
    account.advance(10)
    frozen = (account.is_frozen, account.now())
    account.freeze(False)
    world.clock.advance(1)

    assert (True, start + 10) == frozen
    assert (False, start + 11) == (account.is_frozen, account.now())


def test_letting_a_running_clock_go_on_changes_nothing(world: "World") -> None:
    """It is harmless to say twice."""
    account = world.account()
    account.advance(10)
    account.freeze(False)

    assert world.clock.now() + 10 == account.now()


def test_a_clock_never_goes_back(world: "World") -> None:
    """When the wall clock is set back, an account waits until it has caught up."""
    account = world.account()
    world.clock.advance(1_000)
    latest = account.now()
    world.clock._now -= 600
    waiting = account.now()
    world.clock.advance(601)

    assert (latest, latest + 1) == (waiting, account.now())


@pytest.mark.parametrize("span", [-1, LAST_INSTANT])
def test_a_clock_cannot_be_advanced_anywhere(world: "World", span: int) -> None:
    """Neither back, nor to where no date can be written."""
    with pytest.raises(UsageError, match="go forward, to the year 9000 at most"):
        world.account().advance(span)


def test_what_falls_due_is_booked_at_its_own_moment(world: "World") -> None:
    """One long advance books each refund at the end of its task, in order of time."""
    key = "sk-mock-me.fails"
    ids = [world.submit(prompt, key=key)["id"] for prompt in "abcdef"]
    world.account(key).advance(60_000)
    ends = sorted((world.task(i, key=key).ended, i) for i in ids)
    refunds = [e for e in world.account(key).holdings["walnut"].ledger.entries if e.amount == 1_500]

    assert ends == [(entry.at, entry.task_id) for entry in refunds]


def test_what_is_due_next_is_known(world: "World") -> None:
    """The agenda tells when somebody has to look again."""
    idle = world.account().agenda.next_at
    ended = [world.task(world.submit(prompt)["id"]).ended for prompt in "abc"]

    assert (None, min(ended)) == (idle, world.account().agenda.next_at)


def test_the_task_that_ended_first_makes_room(new_world: "NewWorld") -> None:
    """Beyond the cap an ended task goes, and the account still counts right."""
    world = new_world(speed=1, max_tasks=2)
    first, second = world.submit("a")["id"], world.submit("b")["id"]
    world.account().advance(60_000)
    ended_first = min((first, second), key=lambda task_id: world.task(task_id).ended)
    third = world.submit("c")["id"]

    holding = world.account().holdings["walnut"]
    assert {first, second, third} - {ended_first} == set(holding.tasks)
    assert (holding.evicted, holding.active) == (1, 1)


def test_the_oldest_task_makes_room_if_none_has_ended(new_world: "NewWorld") -> None:
    """Its planned end is then nobody's business any more."""
    world = new_world(speed=1, max_tasks=2)
    ids = [world.submit(prompt)["id"] for prompt in "abc"]
    holding = world.account().holdings["walnut"]
    before = (list(holding.tasks), holding.active)
    world.account().advance(60_000)

    assert (ids[1:], 2) == before
    assert holding.active == 0


@pytest.mark.parametrize("span", [0, 60_000])
def test_an_evicted_submit_can_be_made_again(new_world: "NewWorld", span: int) -> None:
    """What is counted of it, ended or not, goes with it, so that memory is bounded."""
    world = new_world(speed=1, max_tasks=1)
    first = world.submit("a")["id"]
    world.account().advance(span)
    world.submit("b")
    world.account().advance(span)

    assert first == world.submit("a")["id"]


def test_what_is_counted_of_repeated_submits_goes_with_them(new_world: "NewWorld") -> None:
    """However often one is repeated and evicted, nothing of it stays."""
    world = new_world(speed=1, max_tasks=3)
    for prompt in "aaabbbcccdef":
        world.submit(prompt)

    assert not world.account().holdings["walnut"].repeats


def test_the_idlest_account_makes_room(new_world: "NewWorld") -> None:
    """Beyond the cap the account that was not used for longest is forgotten, and counted."""
    world = new_world(max_accounts=2)
    for key in ("sk-mock-a", "sk-mock-b", "sk-mock-a", "sk-mock-c"):
        world.read("credits", key=key)

    assert [account.label for account in world.engine.accounts] == ["sk-mock-a", "sk-mock-c"]
    assert (len(world.engine.accounts), world.engine.accounts.evicted) == (2, 1)
