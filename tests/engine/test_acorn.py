"""What acorn does between calls: it tells of every change, and takes its price at the end."""

from collections.abc import Mapping
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
from mockserver.engine.accounts.account import Account
from mockserver.engine.call import Call
from mockserver.engine.callbacks.signature import sign
from mockserver.engine.engine import Engine
from mockserver.engine.settings import Settings

KEY = "sk-mock-me"
HOOK = "https://shop.example/acorns"
START = 1_767_225_600_000  # where a manual clock begins


@cache
def read_acorn(edition: str) -> Contract:
    return load(Path(__file__).parents[2] / "fixtures" / "acorn", edition)


class Garden:
    """Acorn in one edition, an account, and a clock that stands still."""

    def __init__(self, edition: str = "documented") -> None:
        self.contract = read_acorn(edition)
        self.engine = Engine([self.contract], ManualClock(), Settings(speed=1))

    def call(self, operation: str, path: Mapping[str, str], body: object = None) -> dict[str, Any]:
        """Call an operation; the body of the reply, and its HTTP status under `http`."""
        found = self.contract.operations[operation]
        origin, raw = "http://127.0.0.1:8787", orjson.dumps(body)
        call = Call(self.contract, found, KEY, origin, found.path, {}, {}, path, raw, body)
        reply = self.engine.answer(call)
        return {"http": reply.status, **orjson.loads(reply.body)}

    def plant(self, species: str = "slow-elm", **job: Any) -> str:
        """Plant something that tells of itself; its id, or nothing if that was refused."""
        order = {"species": species, "job": {"wish": "x", **job}, "tell": {"url": HOOK}}
        return str(self.call("plant", {}, order).get("planting", ""))

    def fell(self, planting: str) -> int:
        """Fell a planting; the HTTP status."""
        return int(self.call("uprootPlanting", {"id": planting})["http"])

    def hear(self) -> list[dict[str, Any]]:
        """The bodies of callbacks that became ready."""
        ready = list(self.engine.outbox.take_ready())
        assert {delivery.url for _, delivery in ready} <= {HOOK}
        return [orjson.loads(delivery.body) for _, delivery in ready]

    @property
    def account(self) -> Account:
        """The account of the key."""
        return self.engine.open_account(KEY)

    @property
    def balance(self) -> int:
        """Its credits, in thousandths."""
        return self.account.open_holding(self.contract).ledger.balance


def test_every_change_is_told_when_it_comes() -> None:
    """A planting that sprouts and stands is told of twice, each time in the shape of its phase."""
    garden = Garden()
    planting = garden.plant("quick-oak", duration=4)
    sown = garden.hear()
    garden.account.advance(5_000)
    (sprouted,) = garden.hear()
    garden.account.advance(5_000)
    (stands,) = garden.hear()
    leaves = orjson.loads(stands.pop("basket"))["leaves"]

    assert sown == []
    at = sprouted.pop("at")
    assert sprouted == {"type": "planting.grew", "planting": planting, "state": 1}
    assert START / 1_000 < at < stands.pop("at")
    assert stands.pop("sent_at").startswith("2026-01-01T00:00:0")
    assert stands == {"type": "planting.done", "planting": planting, "state": 2, "purse": 248.5}
    assert len(leaves) == 2


def test_a_forced_failure_is_told_with_its_reason() -> None:
    """What withers is told of with the failure's message."""
    garden = Garden()
    planting = garden.plant()
    garden.account.advance(7_000)
    task = garden.account.open_holding(garden.contract).tasks[planting]
    garden.engine.force_task(garden.account, "acorn", task.id, *find_failed(garden.contract))

    assert garden.hear() == [
        {
            "type": "planting.died",
            "planting": planting,
            "state": 9,
            "at": START // 1_000 + 7,
            "reason": "Nobody watered it.",
        }
    ]


def find_failed(contract: Contract) -> tuple[Any, str]:
    """The final phase of failures, and the name of acorn's second one."""
    return contract.lifecycle.by_name[9].phase, "drought"


@pytest.mark.parametrize("elapsed", [0, 1, 20_000, 59_999])
def test_felling_is_told_once(elapsed: int) -> None:
    """Felled in the middle, a planting is told of as felled, and never again."""
    garden = Garden()
    planting = garden.plant()
    garden.account.advance(elapsed)
    garden.fell(planting)
    told = garden.hear()
    garden.account.advance(600_000)

    assert [(body["type"], body["state"], body["reason"]) for body in told] == [
        ("planting.died", 5, None)
    ]
    assert garden.hear() == []


def test_felling_at_the_moment_of_a_change_tells_both_once() -> None:
    """A planting that is felled when it sprouts is told of as sprouting, then as felled."""
    garden = Garden()
    planting = garden.plant("quick-oak", duration=4)
    task = garden.account.open_holding(garden.contract).tasks[planting]
    garden.account.advance(task.timeline.steps[1].at)
    garden.fell(planting)
    garden.account.advance(600_000)

    assert [body["state"] for body in garden.hear()] == [1, 5]


def test_another_edition_tells_of_the_end_alone() -> None:
    """Seasoned plantings pass the state with a blank in its word, and are told of at the end."""
    garden = Garden("seasoned")
    planting = garden.plant("quick-oak", duration=4)
    states = []
    for _ in range(10):
        states.append(garden.call("inspectPlanting", {"id": planting})["state"])
        garden.account.advance(1_000)

    assert list(dict.fromkeys(states)) == [0, 1, "in leaf", 2]
    assert [body["state"] for body in garden.hear()] == [2]


def test_another_edition_is_paid_in_advance_and_pays_back() -> None:
    """Seasoned plantings are charged when sown, and refunded when felled."""
    garden = Garden("seasoned")
    planting = garden.plant()
    charged = garden.balance
    garden.fell(planting)

    assert (charged, garden.balance) == (244_500, 250_500)


def test_callbacks_are_signed_as_the_edition_says() -> None:
    """Each edition's terms give the headers that it names."""
    parts = {"id": "msg_1", "task.id": "pl-1", "timestamp": "1767225600"}
    signed = {}
    for edition in ("documented", "seasoned"):
        (form,) = read_acorn(edition).operations["plant"].callbacks
        assert form.terms.signature is not None
        signed[edition] = sign(form.terms.signature, "whsec_YWNvcm4=", parts, b"{}")

    assert signed["documented"]["webhook-id"] == "msg_1"
    assert signed["documented"]["webhook-timestamp"] == "1767225600"
    assert signed["documented"]["webhook-signature"].startswith("v1,")
    assert signed["seasoned"].keys() == {"X-Acorn-Time", "X-Acorn-Sign"}


ACTS = st.one_of(
    st.tuples(st.just("plant"), st.integers(20, 60)),
    st.tuples(st.just("plant"), st.integers(20, 60)),
    st.tuples(st.just("fell"), st.integers(0, 5)),
    st.tuples(st.just("wait"), st.integers(0, 12_000)),
)


@given(st.lists(ACTS, min_size=3, max_size=25), st.integers(10_000, 40_000))
def test_only_what_stands_is_paid_and_nothing_is_overdrawn(
    acts: list[tuple[str, int]], purse: int
) -> None:
    """At any time the balance is the opening less the prices of oaks, and covers the open ones."""
    garden = Garden()
    account, ledger = garden.account, garden.account.open_holding(garden.contract).ledger
    ledger.set_balance(account.now(), purse)
    plantings: list[str] = []
    for act, number in acts:
        if act == "plant":
            plantings += filter(None, [garden.plant("quick-oak", duration=number)])
        elif act == "fell" and number < len(plantings):
            garden.fell(plantings[number])
        elif act == "wait":
            account.advance(number)
        tasks = account.open_holding(garden.contract).tasks.values()
        now = account.now()
        paid = sum(t.price for t in tasks if t.ended <= now and t.is_paid(t.timeline.final.phase))
        still_open = sum(task.price for task in tasks if task.ended > now)
        assert ledger.balance == purse - paid
        assert ledger.balance >= still_open
