"""Families of calls: submits of one contract whose tasks only some of its other calls know."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest

from mockserver.clock import ManualClock
from mockserver.contract.load import load
from mockserver.contract.model import Contract, Role
from mockserver.contract.moments import Phase
from mockserver.engine.accounts.account import Account
from mockserver.engine.call import Call
from mockserver.engine.engine import Engine
from mockserver.engine.files.address import parse_address
from mockserver.engine.files.results import FileMissing, ResultFile
from mockserver.engine.settings import Settings
from mockserver.engine.task import Task
from mockserver.errors import ScenarioError

HOOK = "https://shop.example/acorns"
PLANT = {"species": "slow-elm", "job": {"wish": "x"}, "tell": {"url": HOOK}}
GRAFT = {"branch": "x", "onto": "elm", "hark": HOOK}


@cache
def read_acorn() -> Contract:
    return load(Path(__file__).parents[2] / "fixtures" / "acorn", "documented")


class Garden:
    """Acorn, whose plantings and grafts are two families, and a clock that stands still."""

    def __init__(self, key: str = "sk-mock-me") -> None:
        self.contract = read_acorn()
        self.engine = Engine([self.contract], ManualClock(), Settings(speed=1))
        self.key = key
        self.account.tier = "grove"  # many tasks at a time

    def call(self, operation: str, path: Mapping[str, str], body: object = None) -> dict[str, Any]:
        """Call an operation; the body of the reply, and its HTTP status under `http`."""
        found = self.contract.operations[operation]
        origin, raw = "http://127.0.0.1:8787", orjson.dumps(body)
        call = Call(self.contract, found, self.key, origin, found.path, {}, {}, path, raw, body)
        reply = self.engine.answer(call)
        return {"http": reply.status, **orjson.loads(reply.body)}

    def plant(self) -> str:
        return str(self.call("plant", {}, PLANT)["planting"])

    def graft(self) -> str:
        return str(self.call("graft", {}, GRAFT)["graft"])

    @property
    def account(self) -> Account:
        return self.engine.open_account(self.key)

    def find_task(self, name: str) -> Task:
        return self.account.open_holding(self.contract).tasks[name]

    def find_file(self, url: str) -> ResultFile | FileMissing:
        address = parse_address(url)
        assert address is not None
        return self.engine.find_file(address)


@pytest.mark.parametrize(
    ("operation", "knows_plantings", "knows_grafts"),
    [
        ("inspectPlanting", True, False),
        ("collectFruit", True, False),
        ("inspectGraft", False, True),
        ("uprootPlanting", True, True),  # no link leads there
    ],
)
def test_a_call_knows_the_tasks_of_submits_that_lead_to_it(
    operation: str, knows_plantings: bool, knows_grafts: bool
) -> None:
    """A task of another family is as unknown as one that never was."""
    garden = Garden()
    planting, graft = garden.plant(), garden.graft()
    unknown = garden.call(operation, {"id": "pl-none"})

    for task, knows in ((planting, knows_plantings), (graft, knows_grafts)):
        reply = garden.call(operation, {"id": task})
        assert (reply == unknown) is not knows
    assert unknown["http"] == 404


def test_a_state_is_told_by_what_stands_in_each_phase() -> None:
    """A graft has no state of its own word: its flag is a constant of each reply's shape."""
    garden = Garden()
    graft, told = garden.graft(), []
    for _ in range(12):
        told.append(garden.call("inspectGraft", {"id": graft}))
        garden.account.advance(3_000)

    seen = list(dict.fromkeys((each["flag"], each["grown"]) for each in told))
    assert seen == [(0, "0.00"), (0, "0.50"), (1, "1.00")]
    assert told[0]["order"] == orjson.dumps(GRAFT).decode()


@pytest.mark.parametrize(
    ("scenario", "of_graft", "of_planting"),
    [
        ("fails", (7, "The graft dried out."), ("E-BLIGHT", "The blight took it.")),
        ("blight", (7, "The graft dried out."), ("E-BLIGHT", "The blight took it.")),
        ("drought", (7, "The graft dried out."), (None, "Nobody watered it.")),
        ("rejected", (8, "The trunk would not have it."), ("E-BLIGHT", "The blight took it.")),
    ],
)
def test_a_task_fails_in_the_way_of_its_family(
    scenario: str, of_graft: tuple[object, str], of_planting: tuple[object, str]
) -> None:
    """A failure has the code and the text that its submit gives it; one without is the first."""
    garden = Garden(f"sk-mock-me.{scenario}")
    planting, graft = garden.plant(), garden.graft()
    garden.account.advance(100_000)
    dead, dry = (
        garden.call("inspectPlanting", {"id": planting}),
        garden.call("inspectGraft", {"id": graft}),
    )

    assert (dry["flag"], dry["code"], dry["text"]) == (2, *of_graft)
    assert (dead["reason"]["code"], dead["reason"]["text"]) == of_planting


def test_a_callback_tells_the_failure_in_the_words_of_its_family() -> None:
    """The body is that of the submit's own callback."""
    garden = Garden("sk-mock-me.rejected")
    graft = garden.graft()
    garden.account.advance(100_000)
    (delivery,) = [found for _, found in garden.engine.outbox.take_ready()]

    assert orjson.loads(delivery.body) == {
        "graft": graft,
        "code": 8,
        "text": "The trunk would not have it.",
    }


def test_a_task_is_forced_to_fail_in_a_way_of_its_own() -> None:
    """By name, or as its family usually does; what another family knows is refused."""
    garden = Garden()
    names = [garden.graft(), garden.graft()]
    force = garden.engine.force_task
    one = force(garden.account, "acorn", names[0], Phase.FAILED, "rejected")
    two = force(garden.account, "acorn", names[1], Phase.FAILED)
    assert [task.failure.code for task in (one, two) if task.failure] == [8, 7]

    with pytest.raises(ScenarioError, match="no failure 'blight'; use one of drought, rejected"):
        force(garden.account, "acorn", garden.graft(), Phase.FAILED, "blight")


def test_a_link_is_made_for_a_result_of_the_task_that_is_named() -> None:
    """Neither for another task's result, nor for a task of another family."""
    garden = Garden()
    grafts, planting = [garden.graft(), garden.graft()], garden.plant()
    garden.account.advance(100_000)
    leaves = [garden.call("inspectGraft", {"id": graft})["leaf"] for graft in grafts]
    fruit = garden.call("collectFruit", {"id": planting})["best"]

    def label(task: str, leaf: str) -> dict[str, Any]:
        return garden.call("labelGraft", {}, {"graft": task, "leaf": leaf})

    assert isinstance(garden.find_file(label(grafts[0], leaves[0])["label"]), ResultFile)
    assert label(grafts[0], leaves[1])["http"] == 400
    assert label(planting, fruit) == label("pl-none", fruit)
    assert label("pl-none", fruit)["error"]["kind"] == "never_grafted"
    assert garden.call("makeSignpost", {}, {"fruit": leaves[0]})["http"] == 201  # it takes any


def test_the_other_address_of_a_result_is_good_for_its_own_time() -> None:
    """Both lead to the same file; the other one ends after the time that the contract gives it."""
    garden = Garden()
    graft = garden.graft()
    garden.account.advance(garden.find_task(graft).ended - garden.account.now())
    reply = garden.call("inspectGraft", {"id": graft})

    assert garden.find_file(reply["bud"]) == garden.find_file(reply["leaf"])
    garden.account.advance(5 * 60_000 - 1)
    assert isinstance(garden.find_file(reply["bud"]), ResultFile)
    assert garden.call("inspectGraft", {"id": graft}) == reply
    garden.account.advance(1)
    assert isinstance(garden.find_file(reply["bud"]), FileMissing)
    assert isinstance(garden.find_file(reply["leaf"]), ResultFile)


def test_families_share_credits_and_limits() -> None:
    """Six submits in ten seconds, of whatever family, from one purse."""
    garden = Garden()
    for number in range(6):
        garden.graft() if number % 2 else garden.plant()
    holding = garden.account.open_holding(garden.contract)

    assert garden.call("graft", {}, GRAFT)["http"] == 429
    assert garden.call("plant", {}, PLANT)["http"] == 429
    assert holding.reserved == 3 * 6_000 + 3 * 2_000
    assert {task.operation.role for task in holding.tasks.values()} == {Role.SUBMIT}
