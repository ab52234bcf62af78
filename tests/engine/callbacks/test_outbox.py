from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.clock import ManualClock
from mockserver.contract.load import load
from mockserver.contract.model import Contract
from mockserver.contract.moments import Phase
from mockserver.engine.accounts.account import Account
from mockserver.engine.call import Call
from mockserver.engine.callbacks.delivery import Attempt, Delivery, Standing
from mockserver.engine.engine import Engine
from mockserver.engine.settings import Settings

ME = "sk-mock-me"
URL = "http://127.0.0.1:9/hook"
TAKES = 10_000  # milliseconds; a fifth of it the task waits
SPACING = [2_000, 5_000, 5_000]  # of the four attempts at a callback of `grow`

Receiver = Callable[[Delivery], int]


@cache
def read_hazel() -> Contract:
    return load(Path(__file__).parents[1] / "hazel")


class Grove:
    """An engine that plays `hazel` on a clock that stands still, and a receiver that is at once."""

    def __init__(self, **settings: Any) -> None:
        self.clock = ManualClock()
        self.engine = Engine([read_hazel()], self.clock, Settings(**{"speed": 1, **settings}))
        self.sent: list[tuple[Delivery, int]] = []  # and when the attempt was due

    @property
    def account(self) -> Account:
        """The account of the key."""
        return self.engine.open_account(ME)

    def call(self, operation: str, key: str = ME, **content: Any) -> dict[str, Any]:
        """Call an operation; the body of its reply."""
        found = read_hazel().operations[operation]
        fields = {"headers": {}, "query": {}, "path": {}, "body": None, **content}
        fields["raw"] = b"" if found.body is None else orjson.dumps(fields["body"])
        call = Call(read_hazel(), found, key, "http://127.0.0.1:8787", found.path, **fields)
        reply: dict[str, Any] = orjson.loads(self.engine.answer(call).body)
        return reply

    def submit(self, operation: str = "grow", *, key: str = ME, **fields: Any) -> str:
        """Submit a task that calls back; its id."""
        body = {"prompt": "a nut", "tell": URL, **fields}
        return str(self.call(operation, key, body=body)["id"])

    def force(self, task_id: str, outcome: Phase = Phase.FAILED) -> None:
        """End a task."""
        self.engine.force_task(self.account, "hazel", task_id, outcome)

    def take(self) -> list[Delivery]:
        """What is ready."""
        return [delivery for _, delivery in self.engine.outbox.take_ready()]

    def send(self, answer: Receiver = lambda _: 200) -> None:
        """Send what is ready until nothing is; the receiver answers with HTTP statuses."""
        while ready := list(self.engine.outbox.take_ready()):
            for account, delivery in ready:
                self.sent.append((delivery, delivery.due))
                attempt = Attempt(delivery.due, {}, answer(delivery), "")
                self.engine.outbox.settle_attempt(account, delivery, attempt)

    def advance(self, span: int, answer: Receiver = lambda _: 200) -> None:
        """Move the account's clock and send what falls due."""
        self.account.advance(span)
        self.send(answer)


@pytest.fixture
def grove() -> Grove:
    """A world of its own, in real time."""
    return Grove()


def refuse(_: Delivery) -> int:
    return 500


def list_moments(deliveries: list[Delivery]) -> list[tuple[str, int]]:
    return [(delivery.moment, delivery.due) for delivery in deliveries]


def test_every_change_is_told_at_its_virtual_moment(grove: Grove) -> None:
    """A callback falls due to the millisecond when the task changes, and not a moment before."""
    start = grove.account.now()
    grove.submit()
    ready = []
    for span in (1_999, 1, 7_999, 1):
        grove.account.advance(span)
        ready.append(list_moments(grove.take()))

    assert ready == [[], [("running", start + 2_000)], [], [("succeeded", start + TAKES)]]


def test_a_task_without_an_address_tells_nobody(grove: Grove) -> None:
    """Without an address in the submit nothing is planned; the task ends all the same."""
    grove.submit(tell="")
    grove.call("grow", body={"prompt": "a nut"})
    planned = grove.account.agenda.callbacks
    grove.account.advance(TAKES)

    assert (planned, grove.take()) == (0, [])


def test_only_the_end_is_told_where_the_contract_says_so(grove: Grove) -> None:
    """A callback that is sent at the end alone says nothing on the way there."""
    grove.submit("crack")
    grove.account.advance(TAKES)

    assert [delivery.moment for delivery in grove.take()] == ["succeeded"]


def test_each_callback_goes_to_its_own_address(grove: Grove) -> None:
    """Two callbacks of one operation have two addresses, and each hears what it is for."""
    grove.submit("crack", praise="http://127.0.0.1:9/praise")
    grove.submit("crack", praise="http://127.0.0.1:9/praise", key=f"{ME}.fails")
    for account in grove.engine.accounts:
        account.advance(TAKES)

    told = {(d.callback, d.moment, d.url) for d in grove.take()}
    assert told == {
        ("ended", "succeeded", URL),
        ("praised", "succeeded", "http://127.0.0.1:9/praise"),
        ("ended", "failed", URL),
    }


def test_a_body_is_that_of_its_moment(grove: Grove) -> None:
    """Sent late, a callback still says what was so when it fell due."""
    start = grove.account.now()
    task_id = grove.submit()
    grove.account.advance(60_000)
    running, succeeded = (orjson.loads(delivery.body) for delivery in grove.take())

    assert running == {"id": task_id, "state": "busy", "at": start + 2_000}
    assert (succeeded["state"], succeeded["at"]) == ("done", start + TAKES)
    assert succeeded["results"][0].endswith("1.png")


def test_retries_keep_the_contracts_schedule(grove: Grove) -> None:
    """Attempts are due at the millisecond that the contract names, and then no more."""
    start = grove.account.now()
    grove.submit("crack", tell="", praise=URL)
    grove.submit()
    ticks = []
    for tick in range(0, 40_000, 500):
        grove.advance(500, refuse)
        ticks += [(tick + 500, due - start) for delivery, due in grove.sent]
        grove.sent.clear()

    moments = [due for _, due in ticks]
    running = [2_000, 4_000, 9_000, 14_000]
    succeeded = [10_000, 12_000, 17_000, 22_000]
    assert all(tick == due for tick, due in ticks)
    assert sorted(moments) == sorted([*running, *succeeded, 10_000])


@pytest.mark.parametrize("early", [1, 2_000])
def test_a_retry_is_not_due_a_millisecond_early(grove: Grove, early: int) -> None:
    """The virtual clock decides, not how often somebody looks."""
    grove.submit()
    grove.advance(2_000, refuse)
    grove.account.advance(2_000 - early)
    before = grove.take()
    grove.account.advance(early)

    assert (before, len(grove.take())) == ([], 1)


def test_one_advance_over_everything_makes_every_attempt(grove: Grove) -> None:
    """What falls due while it is sent is sent as well: nobody has to advance twice."""
    grove.submit("crack")
    grove.submit()
    grove.advance(60_000, refuse)

    standings = [(d.standing, len(d.attempts)) for d in grove.account.deliveries]
    assert sorted(standings) == [("exhausted", 2), ("exhausted", 4), ("exhausted", 4)]
    assert len(grove.account.agenda) == 0


def test_a_body_stays_equal_over_attempts(grove: Grove) -> None:
    """What is sent again is what was sent, whatever happened to the task's account since."""
    grove.submit()
    bodies = []

    def answer(delivery: Delivery) -> int:
        bodies.append((delivery.number, delivery.body))
        grove.account.open_holding(read_hazel()).ledger.set_balance(0, len(bodies))
        return 503

    grove.advance(60_000, answer)

    assert (len(bodies), len(set(bodies))) == (8, 2)


@pytest.mark.parametrize(
    ("status", "standing"),
    [(200, "delivered"), (201, "delivered"), (204, "delivered"), (299, "delivered")]
    + [(status, "exhausted") for status in (199, 300, 301, 302, 307, 400, 404, 410, 429)]
    + [(status, "exhausted") for status in (500, 502, 503, 504, 599)],
)
def test_only_2xx_is_a_delivery(grove: Grove, status: int, standing: str) -> None:
    """Everything else is tried again until the attempts are used up."""
    grove.submit("crack")
    grove.advance(60_000, lambda _: status)
    (delivery,) = grove.account.deliveries

    assert (standing, 1 if standing == "delivered" else 2) == (
        delivery.standing,
        len(delivery.attempts),
    )


def test_a_held_delivery_is_not_tried_again(grove: Grove) -> None:
    """Where it would have gone is wrong for good; why stands with it."""
    grove.submit("crack")
    grove.account.advance(TAKES)
    ((account, delivery),) = grove.engine.outbox.take_ready()
    grove.engine.outbox.hold(account, delivery, "not there")
    grove.advance(60_000)

    assert (delivery.standing, delivery.held, grove.sent) == (Standing.HELD, "not there", [])


@pytest.mark.parametrize("passed", [0, 1_000, 2_000, 5_000, 9_999])
def test_a_forced_end_is_told_once_and_at_once(grove: Grove, passed: int) -> None:
    """Whenever a task is forced, what was told stays told, and only its new end comes after."""
    start = grove.account.now()
    task_id = grove.submit()
    grove.advance(passed)
    grove.force(task_id)
    grove.advance(60_000)

    told = [(d.moment, due - start) for d, due in grove.sent]
    assert told == [("running", 2_000)] * (passed >= 2_000) + [("failed", passed)]


def test_a_canceled_task_is_told_where_that_is_a_change(grove: Grove) -> None:
    """Who wants every change hears of the cancel; who wants success or failure does not."""
    for operation in ("grow", "crack"):
        grove.call("drop", path={"id": grove.submit(operation, praise=URL)})
    grove.advance(60_000)

    assert [(d.callback, d.moment) for d, _ in grove.sent] == [("changed", "canceled")]


def test_an_evicted_task_is_not_told_of(grove: Grove) -> None:
    """A task that had to make room ends in silence, and the others are told of."""
    grove = Grove(max_tasks=1)
    grove.submit(prompt="a")
    grove.submit(prompt="b")
    grove.advance(60_000)

    assert len({delivery.task_id for delivery, _ in grove.sent}) == 1
    assert len(grove.sent) == 2


def test_a_frozen_clock_sends_nothing_by_itself(grove: Grove) -> None:
    """Real time may pass: nothing falls due, until the clock is advanced or let go."""
    grove.submit()
    grove.account.freeze(True)
    grove.clock.advance(60_000)
    woken = grove.engine.outbox.collect(grove.clock.now())
    grove.account.settle()
    frozen = grove.take()
    grove.account.advance(2_000)

    assert (woken, frozen) == (None, [])
    assert [delivery.moment for delivery in grove.take()] == ["running"]


def test_a_clock_that_goes_on_is_watched_again(grove: Grove) -> None:
    """After a frozen clock is let go, the wall clock decides when to look."""
    grove.submit()
    grove.account.freeze(True)
    grove.clock.advance(60_000)
    grove.account.freeze(False)
    now = grove.clock.now()

    assert now + 2_000 == grove.engine.outbox.collect(now)


def test_retries_on_a_frozen_clock_need_no_further_touch(grove: Grove) -> None:
    """A retry that the frozen clock is past already is ready as soon as the attempt failed."""
    grove.submit()
    grove.account.freeze(True)
    grove.advance(20_000, refuse)

    assert [len(delivery.attempts) for delivery in grove.account.deliveries] == [4, 3]


def test_a_task_that_takes_no_time_is_told_of_on_a_frozen_clock() -> None:
    """What is due at the very moment of the submit waits for nobody to touch the account."""
    grove = Grove(speed=float("inf"))
    grove.account.freeze(True)
    grove.submit()
    grove.engine.outbox.collect(grove.clock.now())

    assert [delivery.moment for delivery in grove.take()] == ["running", "succeeded"]


def test_the_wall_clock_wakes_an_account(grove: Grove) -> None:
    """Nobody has to poll: the outbox says when to look, and finds what is due then."""
    grove.submit()
    first = grove.engine.outbox.collect(grove.clock.now())
    grove.clock.advance(2_000)
    second = grove.engine.outbox.collect(grove.clock.now())
    told = grove.take()
    grove.clock.advance(8_000)
    third = grove.engine.outbox.collect(grove.clock.now())

    start = grove.clock.now() - TAKES
    assert (first, second, third) == (start + 2_000, start + TAKES, None)
    assert [d.moment for d in [*told, *grove.take()]] == ["running", "succeeded"]


def test_an_advanced_account_is_woken_earlier(grove: Grove) -> None:
    """What was advanced shortens the real time until the next callback."""
    grove.submit()
    grove.advance(7_000)

    now = grove.clock.now()
    assert now + 3_000 == grove.engine.outbox.collect(now)


def test_a_wall_clock_that_is_set_back_is_no_endless_loop(grove: Grove) -> None:
    """An account that turns out not to be due yet is looked at again later."""
    grove.submit()
    due = grove.clock.now() + 2_000

    assert due == grove.engine.outbox.collect(due)
    assert grove.take() == []


def test_many_tasks_keep_one_alarm(grove: Grove) -> None:
    """However many callbacks an account has planned, it is looked at once for each moment."""
    for number in range(500):
        grove.submit(prompt=str(number))
        grove.account.advance(1)
    alarms = grove.engine.outbox._alarms

    assert (len(alarms), len(alarms._rows) < 200) == (1, True)


def test_alarms_of_moved_clocks_do_not_pile_up(grove: Grove) -> None:
    """A clock that is moved all the time leaves no trail of alarms behind."""
    for number in range(50):
        grove.submit(key=f"sk-mock-{number}")
    for _ in range(500):
        grove.account.advance(1)
        grove.submit()
    alarms = grove.engine.outbox._alarms

    assert (len(alarms), len(alarms._rows) < 300) == (51, True)


@pytest.mark.parametrize("how", ["forget", "reset", "evict"])
def test_nothing_is_sent_for_a_forgotten_account(how: str) -> None:
    """Neither what was ready, nor what was planned, nor a retry of what is under way."""
    grove = Grove(max_accounts=1)
    grove.submit()
    account = grove.account
    account.advance(2_000)
    ((_, delivery),) = grove.engine.outbox.take_ready()
    grove.submit()
    account.advance(2_000)
    if how == "forget":
        grove.engine.forget_account(account)
    elif how == "reset":
        grove.engine.reset()
    else:
        grove.engine.open_account("sk-mock-you")
    attempt = Attempt(delivery.due, {}, 500, "")
    grove.engine.outbox.settle_attempt(account, delivery, attempt)
    grove.clock.advance(60_000)

    assert (grove.engine.outbox.collect(grove.clock.now()), grove.take()) == (None, [])


def test_forgetting_one_account_leaves_the_others(grove: Grove) -> None:
    """What another key has planned is sent all the same."""
    grove.submit()
    grove.submit(key="sk-mock-you")
    grove.engine.forget_account(grove.account)
    grove.clock.advance(TAKES)
    grove.engine.outbox.collect(grove.clock.now())

    assert len(grove.take()) == 2


def test_the_record_is_bounded_in_number() -> None:
    """The delivery that ended first makes room, and it is counted."""
    grove = Grove(max_deliveries=3)
    for number in range(5):
        grove.submit("crack", prompt=str(number))
    grove.advance(60_000)

    assert [delivery.number for delivery in grove.account.deliveries] == [3, 4, 5]
    assert (grove.account.deliveries.forgotten, grove.account.deliveries.total) == (2, 5)


def test_the_record_is_bounded_in_bytes() -> None:
    """Long answers count as well as bodies, and what makes room is given back in full."""
    grove = Grove(max_delivery_bytes=20_000)
    long = "x" * 2_000
    for number in range(30):
        grove.submit("crack", prompt=str(number))
    grove.account.advance(TAKES)
    for account, delivery in grove.engine.outbox.take_ready():
        attempt = Attempt(delivery.due, {}, 200, long)
        grove.engine.outbox.settle_attempt(account, delivery, attempt)
    deliveries = grove.account.deliveries

    assert 0 < len(deliveries) < 10
    assert 0 < deliveries._size <= 20_000


def test_what_still_waits_makes_no_room() -> None:
    """Ended deliveries go, and no retry is lost."""
    grove = Grove(max_deliveries=3)
    grove.submit("crack", prompt="waits")
    grove.advance(1_000)
    for number in range(5):
        grove.submit("crack", prompt=str(number))
    grove.advance(9_000, refuse)
    grove.advance(1_000)
    kept = [delivery.number for delivery in grove.account.deliveries]
    grove.advance(2_000)

    assert kept == [1, 5, 6]
    assert next(iter(grove.account.deliveries)).standing is Standing.DELIVERED


def test_no_more_wait_than_can_be_kept() -> None:
    """A receiver that never answers costs no more memory at some point; what is held says why."""
    grove = Grove(max_deliveries=2)
    for number in range(30):
        grove.submit("crack", prompt=str(number))
    grove.account.advance(TAKES)
    ready = grove.take()
    held = [each for each in grove.account.deliveries if each.standing is Standing.HELD]

    assert (len(ready), len(grove.account.deliveries)) == (20, 20)
    assert (held, grove.account.deliveries.forgotten) == ([], 10)


def test_no_callback_waits_where_there_is_no_room() -> None:
    """What waits in all accounts has bounds; what is beyond them is held and says why."""
    grove = Grove(max_kept_bytes=30_000, max_journal_bytes=3_000)
    for number in range(30):
        grove.submit("crack", prompt=str(number))
        grove.account.advance(TAKES)
    ready = grove.take()
    shelf = grove.engine.accounts.shelf
    used = shelf.used
    grove.submit("crack", prompt="one more")
    grove.account.advance(TAKES)
    last = list(grove.account.deliveries)[-1]
    grove.engine.forget_account(grove.account)

    assert 5 < len(ready) < 10
    assert used <= 30_000
    assert (last.number, last.held) == (31, "too many callbacks wait to be sent already")
    assert grove.take() == []
    assert (shelf.used, shelf.fixed) == (0, 0)


@given(
    submits=st.lists(st.tuples(st.integers(0, 9_000), st.sampled_from(["grow", "crack"]))),
    spans=st.lists(st.integers(0, 20_000), max_size=20),
    failing=st.sets(st.tuples(st.integers(1, 20), st.integers(0, 3))),
)
def test_many_advances_equal_one(
    submits: list[tuple[int, str]], spans: list[int], failing: set[tuple[int, int]]
) -> None:
    """The same callbacks fall due, with the same attempts, however time is cut into pieces."""

    def answer(delivery: Delivery) -> int:
        return 500 if (delivery.number, len(delivery.attempts)) in failing else 200

    def run(pieces: list[int]) -> list[tuple[Any, ...]]:
        grove = Grove()
        for gap, operation in submits:
            grove.advance(gap, answer)
            grove.submit(operation)
        for span in pieces:
            grove.advance(span, answer)
        return [
            (d.number, d.moment, d.body, d.standing, d.due, [(a.at, a.status) for a in d.attempts])
            for d in grove.account.deliveries
        ]

    assert run(spans) == run([sum(spans)])


@given(failing=st.sets(st.tuples(st.integers(1, 60), st.integers(0, 3)), max_size=200))
def test_every_callback_is_delivered_or_exhausted(failing: set[tuple[int, int]]) -> None:
    """Whatever fails, in the end there is one delivery for each change, and none still waits."""
    grove = Grove()
    tasks = [grove.submit(prompt=str(number)) for number in range(30)]
    grove.advance(120_000, lambda d: 500 if (d.number, len(d.attempts)) in failing else 200)

    told = [(d.task_id, d.moment) for d in grove.account.deliveries]
    changes = [(task, moment) for task in tasks for moment in ("running", "succeeded")]
    standings = {d.standing for d in grove.account.deliveries}
    assert sorted(told) == sorted(changes)
    assert standings <= {Standing.DELIVERED, Standing.EXHAUSTED}
