"""The cases themselves: told apart, explained, and fit for every contract."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from mockserver.conformance.case import Case, Trial, list_trials
from mockserver.conformance.cases import CASES
from mockserver.conformance.feature import list_features, list_moments
from mockserver.conformance.judgement import find_obstacle
from mockserver.conformance.stage import name_scenario, write_scenario
from mockserver.contract.load import list_editions, load
from mockserver.contract.model import Contract
from mockserver.data import contracts_dir
from mockserver.web.scenario_folders import open_library

FOLDERS = sorted(file.parent for file in contracts_dir().glob("*/contract.yaml"))


def list_fitting(contract: Contract) -> Iterator[Trial]:
    """The trials that a contract has everything for."""
    features = list_features(contract)
    for case in CASES:
        for trial in list_trials(case, contract):
            if find_obstacle(trial, features, ()) is None:
                yield trial


def test_of_several_submits_the_first_is_meant() -> None:
    """What another submit of a contract can be refused with makes no case."""
    contract = load(contracts_dir() / "kie")
    other = contract.operations["generate4oImage"].shapes.keys() - list_moments(contract)

    assert list_moments(contract) == contract.operations["createTask"].shapes.keys()
    assert "too_many_active" in other


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_each_case_is_explained(case: Case) -> None:
    """It has an id, a title that goes on from "a client", a rule in whole sentences, a source."""
    assert re.fullmatch(r"[A-Z]{3}-\d\d", case.id)
    assert re.fullmatch(r"[a-z].*[^.]", case.title)
    assert re.fullmatch(r"[A-Z].*\.", case.requirement)
    assert len(case.requirement) < 300
    assert case.source


def test_no_two_cases_are_alike() -> None:
    """Ids and titles are used once."""
    counts = Counter(name for case in CASES for name in (case.id, case.title))

    assert [name for name, count in counts.items() if count > 1] == []


def test_there_are_cases_enough() -> None:
    """The largest contract has at least sixty, each other one at least fifty."""
    counts = {
        folder.name: len({trial.case.id for trial in list_fitting(load(folder))})
        for folder in FOLDERS
    }

    assert max(counts.values()) >= 60, counts
    assert min(counts.values()) >= 50, counts


@pytest.mark.parametrize(
    ("folder", "edition"),
    [(folder, edition) for folder in FOLDERS for edition in list_editions(folder)],
    ids=lambda part: part if isinstance(part, str) else part.name,
)
def test_every_scenario_can_be_shown(folder: Path, edition: str, tmp_path: Path) -> None:
    """Whatever a trial asks for, the contract that it runs against has it, in any edition."""
    contract = load(folder, edition)
    trials = list(list_fitting(contract))
    for trial in trials:
        if trial.setting.edition in (None, edition):
            write_scenario(tmp_path, trial)
    contracts: Sequence[Contract] = (contract,)

    open_library([tmp_path], contracts, pytest.fail)

    written = {file.stem for file in tmp_path.iterdir()}
    assert written <= {name_scenario(trial) for trial in trials}
    assert written
