"""Trials as tests: a client in Python, one test per trial."""

import asyncio
import subprocess
import sys
from pathlib import Path
from unittest import SkipTest

import pytest

from mockserver import conformance
from mockserver.conformance import Errand, PlannedTrial
from mockserver.errors import UsageError
from tests.conformance.small_client import generate, order_again, submit

TESTS = """\
import pytest
from mockserver import conformance
from tests.conformance.small_client import order_again

CASES = ["CRE-01", "RET-11", "IDE-01", "POL-09"]

@pytest.mark.parametrize("trial", conformance.plan_trials("kie", cases=CASES), ids=str)
def test_client(trial):
    conformance.check(trial, order_again)
"""


def plan(case: str, **settings: str) -> PlannedTrial:
    (planned,) = conformance.plan_trials("kie", cases=case, **settings)
    return planned


@pytest.mark.parametrize(
    "trial", conformance.plan_trials("kie", cases=["CRE-01", "POL-01"]), ids=str
)
def test_the_form_of_the_page_works(trial: PlannedTrial) -> None:
    """A parametrised test puts a function through trials that bear the names of their cases."""
    assert conformance.check(trial, generate).verdict == "pass"
    assert str(trial) in ("CRE-01", "POL-01")


def test_a_coroutine_function_is_a_client() -> None:
    """Asynchronous clients are judged like others."""

    async def order(errand: Errand) -> None:
        await asyncio.to_thread(generate, errand)

    conformance.check(plan("CRE-01"), order)


def test_a_command_is_a_client() -> None:
    """A list of words is run as a program, without a shell."""
    with pytest.raises(SkipTest, match="sent no request"):
        conformance.check(plan("CRE-01"), [sys.executable, "-c", ""])


def test_a_broken_must_fails_the_test_with_its_evidence() -> None:
    """The text says the rule, what was expected and seen, and which requests prove it."""
    with pytest.raises(AssertionError) as told:
        conformance.check(plan("RET-11"), order_again)

    text = str(told.value)
    assert text.startswith("RET-11: a client does not order twice")
    assert "[MUST: fail]" in text
    assert "expected  1 accepted task(s)\nseen      2\n" in text
    assert text.count("POST /api/v1/jobs/createTask -> 200") == 2


def test_a_broken_should_is_a_warning_unless_one_is_strict() -> None:
    """What should be kept is told, and fails only those who want that."""
    with pytest.warns(conformance.ConformanceWarning, match="POL-09"):
        conformance.check(plan("POL-09"), generate)
    with pytest.raises(AssertionError, match="SHOULD: warn"):
        conformance.check(plan("POL-09"), generate, strict=True)


def test_a_must_that_was_not_exercised_fails_those_who_are_strict() -> None:
    """Nobody has seen whether the client keeps it; a SHOULD may go unseen."""
    with pytest.raises(AssertionError, match=r"CBK-01.*MUST: not-exercised"):
        conformance.check(plan("CBK-01"), generate, strict=True)
    with pytest.raises(SkipTest, match="not-exercised"):
        conformance.check(plan("RET-01"), submit, strict=True)


def test_what_does_not_apply_or_did_not_happen_is_skipped() -> None:
    """A contract without the feature, a client without the ability, a fault that was not met."""
    with pytest.raises(SkipTest, match="not-applicable: the contract has no idempotency"):
        conformance.check(plan("IDE-01"), generate)
    with pytest.raises(SkipTest, match="not-applicable: the client has no deadline"):
        conformance.check(plan("POL-12", without="deadline"), generate)
    with pytest.raises(SkipTest, match="not-exercised: planned and not met"):
        conformance.check(plan("RET-01"), submit)


def test_all_cases_are_planned_unless_some_are_chosen() -> None:
    """Without a choice every trial of every case is there, each by its own name."""
    names = [str(each) for each in conformance.plan_trials("kie")]

    assert len(names) == len(set(names)) > 60
    assert {"RET-08/500", "RET-08/503"} <= set(names)
    assert [str(each) for each in conformance.plan_trials("kie", cases="RET-08/503")] == [
        "RET-08/503"
    ]


@pytest.mark.parametrize(
    ("provider", "words", "problem"),
    [
        ("ki", {}, "did you mean 'kie'"),
        ("kie", {"cases": "CRE-99"}, "there is no case CRE-99"),
        ("kie", {"without": "sleep"}, "there is no ability 'sleep'.*deadline"),
        ("kie", {"edition": "obsrved"}, "observed"),
    ],
)
def test_a_wrong_name_is_told_when_tests_are_collected(
    provider: str, words: dict[str, str], problem: str
) -> None:
    """Misspelt providers, cases, abilities and editions are named."""
    with pytest.raises(UsageError, match=problem):
        conformance.plan_trials(provider, **words)


def test_pytest_shows_each_trial_as_a_test(tmp_path: Path) -> None:
    """One passes, one fails with its evidence, one is skipped with its reason, one warns."""
    (tmp_path / "test_client.py").write_text(TESTS, "utf-8")
    root = Path(__file__).resolve().parents[2]
    line = ["-m", "pytest", "-q", "-rsf", "--rootdir", str(tmp_path)]
    for plugin in ("cacheprovider", "schemathesis", "pytest_cov", "xdist"):  # which take long
        line += ["-p", f"no:{plugin}"]
    done = subprocess.run(
        [sys.executable, *line, str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=root,
        check=False,
    )

    assert "1 failed, 2 passed, 1 skipped, 1 warning" in done.stdout
    assert "FAILED" in done.stdout
    assert "test_client[RET-11]" in done.stdout
    assert "the contract has no idempotency" in done.stdout
