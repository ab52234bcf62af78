"""The example clients: run unmodified, and honestly told apart."""

import importlib.util
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mockserver.conformance.case import Trial, list_trials
from mockserver.conformance.cases import CASES
from mockserver.conformance.client import Command
from mockserver.conformance.runner import Suite, run_suite
from tests.conformance.example_reports import (
    CLIENTS,
    HOPELESS,
    README,
    ROWS,
    find_table,
    list_expected,
    write_table,
)
from tests.conformance.judgements import KIE

PATIENCE = 40.0
SOON = 5.0  # for a client to lose what it loses long before it ends


def find_reason(name: str) -> str:
    """Why a client cannot run on this machine; empty if it can."""
    if name.endswith(".mjs"):
        return "" if shutil.which("node") else "there is no node"
    if name.endswith(".sh"):
        return "" if shutil.which("curl") else "there is no curl"
    return "" if importlib.util.find_spec("requests") else "there is no requests"


def build_command(name: str) -> Command:
    runner = {".py": sys.executable, ".mjs": "node", ".sh": "sh"}[Path(name).suffix]
    return Command([runner, str(README.parent / name), "{prompt}"])


def shorten(trial: Trial) -> Trial:
    """A trial that a client has lost before it ends."""
    return replace(trial, setting=replace(trial.setting, patience=SOON))


@pytest.mark.parametrize("name", CLIENTS)
def test_each_example_gets_the_report_that_it_deserves(name: str) -> None:
    """A client as people write it is judged as it is, by what it does and does not do."""
    reason = find_reason(name)
    if reason:
        pytest.skip(reason)
    expected, command = list_expected(name), build_command(name)
    trials = [t for case in CASES for t in list_trials(case, KIE) if t.name in expected]
    planned = tuple(shorten(t) if t.name in HOPELESS[name] else t for t in trials)
    found = run_suite(Suite(KIE, planned, patience=PATIENCE, jobs=len(planned)), command)

    assert {each.trial.name: str(each.verdict) for each in found} == expected


def test_the_page_says_what_the_reports_say() -> None:
    """Its table is the one by which the clients are judged; example_reports.py writes it."""
    page = README.read_text("utf-8")

    assert find_table(page) == write_table()
    assert {file.name for file in README.parent.iterdir()} - {"README.md"} == set(CLIENTS)
    assert [name for name in CLIENTS if name not in page.partition("| what happens |")[0]] == []
    assert len({row.trial for row in ROWS}) == len(ROWS)
