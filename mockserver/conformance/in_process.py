"""Trials as tests: for clients in Python, one test per trial, with pytest or unittest."""

import warnings
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from unittest import SkipTest

from mockserver.conformance.case import Trial, list_trials
from mockserver.conformance.cases import CASES
from mockserver.conformance.client import Client, Command, Errand, Function
from mockserver.conformance.feature import Ability
from mockserver.conformance.judgement import Judgement
from mockserver.conformance.reports.findings import write_findings
from mockserver.conformance.reports.journal import clean
from mockserver.conformance.runner import PATIENCE, Suite, run_suite
from mockserver.conformance.verdict import Verdict
from mockserver.contract.model import Contract
from mockserver.embedded.settings import read_folders, read_names
from mockserver.errors import UsageError
from mockserver.selection import select_contracts

AnyClient = Callable[[Errand], object] | Sequence[str] | Client


class ConformanceWarning(UserWarning):
    """A client broke a rule that it should keep."""


@dataclass(frozen=True)
class PlannedTrial:
    """A trial that a client can be put through; its `str` is the name of the trial."""

    trial: Trial
    suite: Suite

    def __str__(self) -> str:
        return self.trial.name


def plan_trials(
    provider: str,
    *,
    cases: str | Iterable[str] = (),
    without: str | Iterable[str] = (),
    edition: str | None = None,
    contracts: str | Path | Iterable[str | Path] = (),
) -> list[PlannedTrial]:
    """The trials for clients of a provider, to parametrise a test with: `ids=str`.

    `cases` chooses some by id ("POL-02") or by name ("RET-08/503"), `without` names what the
    client does not do. Raises UsageError for names that there are not.
    """
    folders = tuple(read_folders(contracts))
    contract = choose_contract(provider, folders, edition)
    lacks = frozenset(_read_ability(name) for name in read_names(without))
    wanted = {name.upper() for name in read_names(cases)}
    found = [trial for case in CASES for trial in list_trials(case, contract)]
    unknown = wanted - {n.upper() for trial in found for n in (trial.name, trial.case.id)}
    if unknown:
        raise UsageError(f"there is no case {min(unknown)}; `mockserver conform --list` has all")
    suite = Suite(contract, (), folders, lacks)
    return [
        PlannedTrial(trial, suite)
        for trial in found
        if not wanted or wanted & {trial.name.upper(), trial.case.id}
    ]


def choose_contract(provider: str, folders: Sequence[Path], edition: str | None) -> Contract:
    """The contract of a provider; raises UsageError or ContractError."""
    chosen = select_contracts([provider], folders, () if edition is None else [edition])
    return next(contract for contract in chosen if contract.name == provider)


def check(
    planned: PlannedTrial, client: AnyClient, *, patience: float = PATIENCE, strict: bool = False
) -> Judgement:
    """Put a client through a trial: a function of an Errand, a coroutine function, or a command.

    Raises AssertionError, with the evidence, for a rule that must be kept; with `strict` also for
    one that should be, of which there is a ConformanceWarning otherwise, and where nothing happened
    by which a rule that must be kept could be judged. Raises unittest.SkipTest, which pytest knows,
    for any other that was not exercised, and where the trial does not apply.
    """
    suite = replace(planned.suite, trials=(planned.trial,), patience=patience)
    with closing(run_suite(suite, wrap_client(client))) as running:
        judgement = next(running)
    verdict = judgement.verdict
    if judgement.is_red(strict=strict):
        raise AssertionError(write_text(judgement))
    if verdict in (Verdict.NOT_APPLICABLE, Verdict.NOT_EXERCISED):
        raise SkipTest(f"{verdict}: {clean(judgement.reason)}")
    if verdict is Verdict.WARN:
        warnings.warn(write_text(judgement), ConformanceWarning, stacklevel=2)
    return judgement


def wrap_client(client: AnyClient) -> Client:
    """A client in the form in which it is run."""
    if isinstance(client, Sequence):
        return Command(client)
    return client if isinstance(client, Command | Function) else Function(client)  # type: ignore[arg-type]


def write_text(judgement: Judgement) -> str:
    """A judgement for whoever reads the failure of a test."""
    case = judgement.trial.case
    title = f"{judgement.trial.name}: a client {case.title} [{case.severity}: {judgement.verdict}]"
    return "\n".join([title, case.requirement, *write_findings(judgement)])


def _read_ability(name: str) -> Ability:
    try:
        return Ability(name)
    except ValueError:
        known = ", ".join(Ability)
        raise UsageError(f"there is no ability {name!r} to be without; there are {known}") from None
