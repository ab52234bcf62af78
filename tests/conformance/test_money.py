"""The money report: what was paid without need, and not a credit more."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.conformance.case import Setting
from mockserver.conformance.evidence import Evidence
from mockserver.conformance.in_process import check, plan_trials
from mockserver.conformance.judgement import Judgement
from mockserver.conformance.money import find_waste, sum_spent, sum_waste
from mockserver.conformance.verdict import Verdict
from mockserver.control_client.views import TaskView
from tests.conformance.judgements import (
    KIE,
    build_download,
    build_evidence,
    build_run,
    build_task,
    build_trial,
)
from tests.conformance.small_client import submit, wait

CHARGES = replace(KIE, money=replace(KIE.money, refund=frozenset()))
TASKS = st.lists(
    st.builds(
        lambda outcome, ended: (outcome, ended),
        st.sampled_from(["succeeded", "failed"]),
        st.booleans(),
    ),
    max_size=5,
)


def judge(evidence: Evidence, setting: Setting | None = None) -> Judgement:
    return Judgement(build_trial("CRE-01", setting=setting), Verdict.PASS, "", (), evidence)


def tell(evidence: Evidence, setting: Setting | None = None) -> list[tuple[float, str]]:
    return [(waste.credits, waste.how) for waste in find_waste([judge(evidence, setting)])]


def have(*tasks: TaskView, fetched: str = "", **changed: object) -> Evidence:
    downloads = [build_download(task) for task in fetched.split()]
    return build_evidence(tasks=tasks, requests=downloads, **changed)


def test_an_order_that_is_fetched_is_no_waste() -> None:
    """One task, paid and fetched, is what the client is for."""
    assert tell(have(build_task("a"), fetched="a")) == []


def test_what_is_ordered_twice_is_wasted_once() -> None:
    """Of two tasks for one run the one that was not fetched is too much."""
    evidence = have(build_task("a"), build_task("b"), fetched="b")

    assert tell(evidence) == [(6, "ordered twice")]


def test_what_a_client_does_when_the_emulator_fails_is_no_waste() -> None:
    """An order that is repeated since the server broke down is not the client's fault."""
    twice = have(build_task("a"), build_task("b"), fetched="b")

    assert find_waste([replace(judge(twice), verdict=Verdict.HARNESS_ERROR)]) == []


def test_every_run_may_order_one() -> None:
    """Two runs of the client have two tasks."""
    runs = [build_run(), build_run()]

    assert tell(have(build_task("a"), build_task("b"), fetched="a b", runs=runs)) == []


def test_a_result_that_is_never_fetched_is_wasted() -> None:
    """It is paid all the same; and so is one whose download was refused."""
    how = "paid, and its result never fetched"
    refused = build_evidence(tasks=[build_task("a")], requests=[build_download("a", status=503)])

    assert tell(have(build_task("a"))) == [(6, how)]
    assert tell(refused) == [(6, how)]


@pytest.mark.parametrize("setting", [Setting({"faults": [{}]}), Setting(interrupt_after=1)])
def test_what_could_not_be_fetched_is_not_blamed_on_the_client(setting: Setting) -> None:
    """Where faults or an interruption came between, an unfetched result says nothing."""
    assert tell(have(build_task("a")), setting) == []


def test_a_failure_that_is_paid_back_costs_nothing() -> None:
    """Ordering again after it is no waste, but it is one where failures are charged."""
    tasks = (build_task("a", "failed"), build_task("b"))

    assert tell(have(*tasks, fetched="b")) == []
    how = "ordered again after a failure that is charged"
    assert tell(have(*tasks, fetched="b", contract=CHARGES)) == [(6, how)]


def test_a_client_without_downloads_has_its_result_with_the_end() -> None:
    """Who says that it fetches nothing wastes nothing if it was told of the end."""
    (planned,) = plan_trials("kie", cases="CRE-01")
    told = check(planned, lambda errand: wait(errand, submit(errand)))

    assert find_waste([told], downloads=False) == []
    assert find_waste([told]) != []
    assert find_waste([judge(have(build_task("a")))], downloads=False) != []


@given(TASKS, st.integers(1, 3), st.booleans())
def test_nobody_wastes_more_than_was_spent(
    rows: list[tuple[str, bool]], runs: int, is_charged: bool
) -> None:
    """Whatever became of the tasks, the waste is within what was paid and not paid back."""
    tasks = [build_task(str(n), o, ended=e) for n, (o, e) in enumerate(rows)]
    contract = CHARGES if is_charged else KIE
    evidence = have(*tasks, runs=[build_run()] * runs, contract=contract)
    judgements = [judge(evidence)]

    assert 0 <= sum_waste(find_waste(judgements)) <= sum_spent(judgements) <= 6 * len(tasks)


def test_the_most_expensive_comes_first() -> None:
    """Who reads one line reads the greatest waste."""
    judgements = [judge(have(build_task("a", price=price))) for price in (2, 9, 4)]

    assert [waste.credits for waste in find_waste(judgements)] == [9, 4, 2]
