"""The laws of client and provider, against a live API: positive data only, and few of them."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from imagejobs import Task, TimedOut
from tests.laws import client_laws
from tests.laws.client_laws import Manner, Outing, go, judge_outing
from tests.laws.orders import Wanted, draw_orders
from tests.laws.targets import Live, Place, open_live
from tests.live.conftest import Purse

Spend = Callable[[], Iterator[Wanted]]


@pytest.fixture
def target(live_provider: str) -> Live:
    """The live API, or whatever <PROVIDER>_BASE_URL points to."""
    return open_live(live_provider)


@pytest.fixture
def spend(target: Live, purse: Purse, pytestconfig: pytest.Config) -> Spend:
    """Gives orders as far as the credits go; skips if they do not suffice for one."""

    def choose() -> Iterator[Wanted]:
        contract = target.contracts[target.provider.removesuffix("-v2")]
        count = pytestconfig.getoption("--live-orders")
        orders = collect(draw_orders(contract, target.provider, cheap=True), count)
        paid = 0
        for order in orders:
            with target.open(order.provider) as place:
                purse.look(place.find_balance())
            if purse.pay(order):
                paid += 1
                yield order
        if not paid:
            pytest.skip(f"{purse.left:g} credits are left, too few for another order")

    return choose


def collect(strategy: st.SearchStrategy[Wanted], count: int) -> list[Wanted]:
    """Some examples. A law is not run by Hypothesis here: it would pay again to see it fail."""
    found: list[Wanted] = []

    @settings(max_examples=max(count, 2), database=None, phases=[Phase.generate], deadline=None)
    @given(strategy)
    def note(order: Wanted) -> None:
        found.append(order)

    note()
    return found[:count]


def generate(place: Place, order: Wanted, *, is_async: bool = False) -> Outing:
    """An order that has to succeed."""
    outing = go(place, order, Manner(is_async, timeout=900))
    assert isinstance(outing.end, Task), repr(outing.end)
    return outing


def resume(place: Place, stop: TimedOut) -> Task:
    """Wait on, as another program could."""
    task: Task = place.do(lambda client: client.wait(stop.task_id, timeout=900))
    return task


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_client_and_live_api_agree(target: Live, spend: Spend, *, is_async: bool) -> None:
    """Client and contract read the live replies alike, and credits, order and picture are right."""
    for order in spend():
        with target.open(order.provider) as place:
            outing = generate(place, order, is_async=is_async)
            judge_outing(outing)
            client_laws.judge_file(outing)


def test_an_interrupted_wait_is_resumed_live(target: Live, spend: Spend) -> None:
    """The id of a task is enough to get its result, and nothing is paid twice."""
    for order in spend():
        with target.open(order.provider) as place:
            outing = go(place, order, Manner(timeout=3))
            judge_outing(outing)
            if isinstance(outing.end, TimedOut):
                task = resume(place, outing.end)
                assert task.id == outing.end.task_id
                assert task.results
