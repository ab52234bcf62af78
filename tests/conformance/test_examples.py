"""The example clients: run unmodified, and honestly told apart."""

import importlib.util
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from mockserver.conformance.case import list_trials
from mockserver.conformance.cases import CASES
from mockserver.conformance.client import Command
from mockserver.conformance.runner import Suite, run_suite
from tests.conformance.judgements import KIE

CLIENTS = Path(__file__).resolve().parents[2] / "fixtures" / "clients"
README = (CLIENTS / "README.md").read_text("utf-8")

EXPECTED = {
    "with_requests.py": {
        "CRE-01": "pass",
        "SEC-02": "fail",
        "RET-15": "fail",
        "FCT-01": "pass",
        "WIR-03": "pass",
    },
    "with_fetch.mjs": {
        "CRE-01": "pass",
        "SEC-02": "pass",
        "RET-15": "pass",
        "FCT-01": "pass",
        "WIR-03": "pass",
    },
    "with_curl.sh": {
        "CRE-01": "pass",
        "SEC-02": "pass",
        "RET-15": "pass",
        "FCT-01": "fail",
        "WIR-03": "fail",
    },
}

# Where the shell polls thirty times for a task that there is not; it is red long before.
HOPELESS = ("FCT-01", "WIR-03")


def find_reason(name: str) -> str:
    """Why a client cannot run on this machine; empty if it can."""
    if name.endswith(".mjs"):
        return "" if shutil.which("node") else "there is no node"
    if name.endswith(".sh"):
        return "" if shutil.which("curl") else "there is no curl"
    return "" if importlib.util.find_spec("requests") else "there is no requests"


def build_command(name: str) -> Command:
    runner = {".py": sys.executable, ".mjs": "node", ".sh": "sh"}[Path(name).suffix]
    return Command([runner, str(CLIENTS / name), "{prompt}"])


@pytest.mark.parametrize(("name", "expected"), EXPECTED.items(), ids=EXPECTED)
def test_each_example_gets_the_report_that_it_deserves(
    name: str, expected: Mapping[str, str]
) -> None:
    """A client as people write it is judged as it is, by what it does and does not do."""
    reason = find_reason(name)
    if reason:
        pytest.skip(reason)
    trials = [t for case in CASES if case.id in expected for t in list_trials(case, KIE)]
    hopeless = HOPELESS if name.endswith(".sh") else ()
    hasty = tuple(trial for trial in trials if trial.case.id in hopeless)
    others = tuple(trial for trial in trials if trial.case.id not in hopeless)
    command = build_command(name)
    found = [
        *run_suite(Suite(KIE, others), command),
        *run_suite(Suite(KIE, hasty, patience=2.5), command),
    ]

    assert {each.trial.case.id: str(each.verdict) for each in found} == expected


def test_the_page_names_each_example_and_what_is_held_against_it() -> None:
    """README.md speaks of every client and of every case by which the tests tell them apart."""
    names = {file.name for file in CLIENTS.iterdir()} - {"README.md"}
    told = {name for verdicts in EXPECTED.values() for name, v in verdicts.items() if v == "fail"}

    assert names == set(EXPECTED)
    assert not [word for word in names | told if word not in README]
