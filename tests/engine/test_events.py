"""The stream of events tells everything that happens, in order, to whoever listens."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.moments import Phase
from mockserver.engine.accounts.journal import Entry
from mockserver.engine.call import Stray
from mockserver.engine.events import Event, EventKind, Events
from mockserver.engine.task import Task

if TYPE_CHECKING:
    from tests.engine.conftest import NewWorld, World


def listen(world: "World") -> list[Event]:
    """A list that the world's events are put into from now on."""
    heard: list[Event] = []
    world.engine.events.listen(heard.append)
    return heard


def list_kinds(heard: list[Event]) -> list[EventKind]:
    return [event.kind for event in heard]


def send_stray(world: "World") -> None:
    world.engine.answer_stray(Stray(world.contract, "GET", "/nope", "/nope", {}, b""))


def test_a_submit_is_told_from_the_account_to_the_answer(world: "World") -> None:
    """The first submit of a key opens its account, makes a task and gets an entry."""
    heard = listen(world)

    world.submit()

    kinds = [EventKind.ACCOUNT_OPENED, EventKind.TASK_SUBMITTED, EventKind.REQUEST]
    assert list_kinds(heard) == kinds
    assert {event.account for event in heard} == {world.account()}
    assert heard[-1].subject is world.account().journal.entries[-1]


def test_an_end_is_told_at_its_own_moment(world: "World") -> None:
    """An advance is told first, then the end that it brings, at the moment of that end."""
    task = world.task(world.submit()["id"])
    heard = listen(world)

    world.account().advance(3_600_000)

    assert list_kinds(heard) == [EventKind.CLOCK_MOVED, EventKind.TASK_ENDED]
    assert (heard[1].at, heard[1].subject) == (task.ended, task)


def test_a_forced_end_is_told_once_as_an_end_and_as_forced(world: "World") -> None:
    """The end that was planned before does not come any more."""
    task_id = world.submit()["id"]
    heard = listen(world)

    world.engine.force_task(world.account(), "walnut", task_id, Phase.FAILED)
    world.account().advance(3_600_000)

    kinds = [EventKind.TASK_ENDED, EventKind.TASK_FORCED, EventKind.CLOCK_MOVED]
    assert list_kinds(heard) == kinds
    assert isinstance(heard[1].subject, Task)
    assert heard[1].subject.timeline.final.phase is Phase.FAILED


def test_what_reaches_no_account_is_a_stray(world: "World") -> None:
    """A wrong key and a wrong path are told without an account, with their entries."""
    heard = listen(world)

    world.submit(key="sk-mock-me.no-such-scenario")
    send_stray(world)

    assert list_kinds(heard) == [EventKind.STRAY, EventKind.STRAY]
    assert [event.subject for event in heard] == list(world.engine.strays.entries)
    assert [event.account for event in heard] == [None, None]


def test_an_account_that_makes_room_is_told(new_world: "NewWorld") -> None:
    """The idlest account is forgotten in sight of all."""
    world = new_world(max_accounts=1)
    idle = world.account("sk-mock-idle")
    heard = listen(world)

    world.account("sk-mock-new")

    assert list_kinds(heard) == [EventKind.ACCOUNT_OPENED, EventKind.ACCOUNT_FORGOTTEN]
    assert heard[1].account is idle


def test_forgetting_is_told_once(world: "World") -> None:
    """An account that is gone cannot be forgotten again."""
    account = world.account()
    heard = listen(world)

    for _ in range(2):
        world.engine.forget_account(account)

    assert list_kinds(heard) == [EventKind.ACCOUNT_FORGOTTEN]


@pytest.mark.parametrize("on", [True, False])
def test_a_clock_that_is_stopped_or_let_go_is_told(world: "World", on: bool) -> None:
    """Freezing moves a clock, too."""
    account = world.account()
    heard = listen(world)

    account.freeze(on)

    assert list_kinds(heard) == [EventKind.CLOCK_MOVED]


def test_a_reset_is_told_once_and_for_all(world: "World") -> None:
    """The accounts that go with it are not told one by one."""
    world.submit()
    heard = listen(world)

    world.engine.reset()

    assert list_kinds(heard) == [EventKind.RESET]


@given(calls=st.lists(st.sampled_from(["submit", "bad", "look", "advance", "stray", "other"])))
def test_events_and_journals_tell_the_same(new_world: "NewWorld", calls: list[str]) -> None:
    """Whatever is called, the entries in events are the entries in journals, in their order."""
    world = new_world()
    heard = listen(world)
    steps: dict[str, Callable[[], object]] = {
        "submit": world.submit,
        "bad": lambda: world.submit(model="no such model"),
        "look": lambda: world.inspect("no-such-task"),
        "advance": lambda: world.account().advance(60_000),
        "stray": lambda: send_stray(world),
        "other": lambda: world.submit(key="sk-mock-other"),
    }
    for call in calls:
        steps[call]()

    for account in world.engine.accounts:
        told = [event.subject for event in heard if event.account is account]
        entries = [subject for subject in told if isinstance(subject, Entry)]
        assert entries == list(account.journal.entries)
    strays = [event.subject for event in heard if event.kind is EventKind.STRAY]
    assert strays == list(world.engine.strays.entries)
    assert [event.number for event in heard] == list(range(1, len(heard) + 1))


def test_a_listener_hears_until_it_stops() -> None:
    """Who comes late hears what is late, and who stopped hears nothing; order stays."""
    events, first, second = Events(), list[Event](), list[Event]()
    events.listen(first.append)
    events.publish(EventKind.RESET, 1)
    events.listen(second.append)
    events.publish(EventKind.RESET, 2)
    events.stop(first.append)
    events.publish(EventKind.RESET, 3)

    assert [event.at for event in first] == [1, 2]
    assert [event.at for event in second] == [2, 3]


def test_without_a_listener_nothing_is_made(
    world: "World", monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stream costs a call nothing but the question whether anybody listens."""
    events = world.engine.events
    heard = listen(world)
    events.stop(heard.append)
    monkeypatch.setattr("mockserver.engine.events.Event", None)

    world.end(world.submit()["id"])
    send_stray(world)

    assert not events.is_heard
    assert not heard
    assert world.account().journal.total == 2
