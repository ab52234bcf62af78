"""The suite judges: the good client passes, and each mutant is seen where its bug matters."""

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest

from mockserver.conformance.case import Trial, list_trials
from mockserver.conformance.cases import CASES
from mockserver.conformance.client import Command
from mockserver.conformance.feature import list_features
from mockserver.conformance.judgement import Judgement, find_obstacle
from mockserver.conformance.runner import Suite, run_suite
from mockserver.conformance.verdict import Severity, Verdict
from mockserver.contract.model import Contract
from mockserver.selection import select_contracts
from tests.conformance import mutants
from tests.conformance.reference import build_client, choose_mood

PROVIDERS = ("kie", "aigptimage", "gptimage15")
RED = {Severity.MUST: Verdict.FAIL, Severity.SHOULD: Verdict.WARN}
IS_NIGHT = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
REFERENCE = Path(__file__).parent / "reference.py"


@cache
def find_trials(provider: str) -> Mapping[str, Trial]:
    contract = find_contract(provider)
    return {trial.name: trial for case in CASES for trial in list_trials(case, contract)}


@cache
def find_contract(provider: str) -> Contract:
    (contract,) = select_contracts((provider,), (), ())
    return contract


def run(provider: str, trials: Iterable[Trial]) -> list[Judgement]:
    """Judge the reference client as it is now, in the moods that the trials ask for."""
    moods: dict[str, list[Trial]] = {}
    for trial in trials:
        moods.setdefault(choose_mood(trial.case), []).append(trial)

    def judge(mood: str) -> list[Judgement]:
        rows = tuple(moods[mood])
        suite = Suite(find_contract(provider), rows, patience=8, jobs=16)
        return list(run_suite(suite, build_client(provider, mood)))

    with ThreadPoolExecutor(len(moods)) as pool:
        return [each for found in pool.map(judge, moods) for each in found]


def list_red(judgements: Sequence[Judgement]) -> set[str]:
    return {j.trial.name for j in judgements if j.verdict is RED[j.trial.case.severity]}


def tell(judgements: Iterable[Judgement]) -> list[str]:
    return [f"{j.trial.name} {j.verdict}: {j.reason}" for j in judgements]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_good_client_is_green(provider: str) -> None:
    """Whatever applies is exercised and passed, of every severity."""
    judgements = run(provider, find_trials(provider).values())

    fine = {Verdict.PASS, Verdict.NOT_APPLICABLE}
    assert tell(j for j in judgements if j.verdict not in fine) == []


ROWS = [("kie", name) for name in mutants.KILLS]
ROWS += [("aigptimage", name) for name in mutants.KILLS_BY_NAME]


@pytest.mark.parametrize(("provider", "name"), ROWS, ids=lambda word: word)
def test_each_mutant_is_seen(monkeypatch: pytest.MonkeyPatch, provider: str, name: str) -> None:
    """The client with one bug fails, or is warned of, where that bug matters."""
    kills = mutants.KILLS if provider == "kie" else mutants.KILLS_BY_NAME
    trials = find_trials(provider)
    wanted = trials.values() if IS_NIGHT else [trials[trial] for trial in kills[name]]
    mutants.switch_on(name, monkeypatch.setattr)

    judgements = run(provider, wanted)

    seen = list_red(judgements)
    missed = [j for j in judgements if j.trial.name in kills[name] and j.trial.name not in seen]
    assert tell(missed) == []
    assert not [j for j in judgements if j.verdict is Verdict.HARNESS_ERROR]


@pytest.mark.parametrize(
    ("mutant", "verdict"), [((), Verdict.PASS), (("shrugs-off-an-interrupt",), Verdict.WARN)]
)
def test_an_interrupted_command_stops(mutant: tuple[str, ...], verdict: Verdict) -> None:
    """Ctrl-C is obeyed by the good client, and the one that does not obey is seen."""
    words = ("generate", "{prompt}", "--provider", "kie")
    client = Command([sys.executable, str(REFERENCE), *mutant, *words])
    suite = Suite(find_contract("kie"), (find_trials("kie")["LIF-01"],))

    (judgement,) = run_suite(suite, client)

    assert judgement.verdict is verdict, judgement.reason


def test_every_trial_has_a_mutant() -> None:
    """No setting of a case is there that nothing can fail, and no mutant that nobody has written.

    Contracts beyond the largest have to see to the cases that apply to them alone.
    """
    rows = {**mutants.KILLS, **mutants.KILLS_BY_NAME}
    killed = {trial for row in mutants.KILLS.values() for trial in row}
    elsewhere = {trial.partition("/")[0] for row in mutants.KILLS_BY_NAME.values() for trial in row}
    features = list_features(find_contract("kie"))
    trials = find_trials("kie").values()
    fit = {trial.name for trial in trials if find_obstacle(trial, features, ()) is None}
    cases = {name.partition("/")[0] for name in fit}

    assert killed == fit - set(mutants.SPARED)
    assert set(mutants.SPARED) <= fit
    assert {case.id for case in CASES} - cases <= elsewhere
    assert set(mutants.OWN) - set(rows) == {"shrugs-off-an-interrupt"}
