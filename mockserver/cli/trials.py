"""Which cases are run, for which contract, and in which settings."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from textwrap import fill
from typing import Final

import click

from mockserver import conformance
from mockserver.conformance.case import Case, Trial, list_trials
from mockserver.conformance.cases import CASES
from mockserver.conformance.feature import list_features
from mockserver.conformance.judgement import find_obstacle
from mockserver.contract.model import Contract
from mockserver.errors import UsageError
from mockserver.hint import suggest
from mockserver.selection import find_built_in, select_contracts

RULES: Final = Path(conformance.__file__).with_name("README.md")
INDENT: Final = " " * 17


def choose_contract(
    provider: str | None, folders: tuple[Path, ...], edition: str | None
) -> Contract:
    """The one contract to judge by; raises UsageError if it is not clear which."""
    if provider is None and len(folders) != 1:
        known = ", ".join(find_built_in())
        raise UsageError(f"say whose client it is: --provider NAME; there are {known}")
    names = () if provider is None else (provider,)
    editions = () if edition is None else (edition,)
    chosen = select_contracts(names, folders, editions)
    if provider is None:
        return chosen[-1]  # those of folders come last
    return next(each for each in chosen if each.name == provider)


def choose_cases(wanted: Iterable[str]) -> list[Case]:
    """The cases with some ids, or all; raises UsageError for an id that there is not."""
    ids = {name.partition("/")[0].upper() for name in wanted}
    known = [case.id for case in CASES]
    unknown = sorted(ids - set(known))
    if unknown:
        hint = suggest(unknown[0], known, "--list shows them all")
        raise UsageError(f"there is no case {unknown[0]}; {hint}")
    return [case for case in CASES if not ids or case.id in ids]


def list_wanted(
    cases: Iterable[Case], contract: Contract, wanted: Iterable[str]
) -> Iterator[Trial]:
    """The trials of some cases, where a name may ask for one alone: "RET-08/503".

    Raises UsageError for a name that there is not.
    """
    names = {name.upper() for name in wanted}
    found = [trial for case in cases for trial in list_trials(case, contract)]
    known = {name.upper() for trial in found for name in (trial.name, trial.case.id)}
    for name in sorted(names - known):
        some = [trial.name for trial in found if trial.case.id == name.partition("/")[0]]
        raise UsageError(f"there is no case {name}; there are {', '.join(some)}")
    for trial in found:
        if not names or names & {trial.name.upper(), trial.case.id}:
            yield trial


def list_names(contract: Contract) -> list[str]:
    """The names of all cases and of all trials."""
    trials = [trial for case in CASES for trial in list_trials(case, contract)]
    return [*(case.id for case in CASES), *(trial.name for trial in trials)]


def list_cases(cases: Iterable[Case], contract: Contract | None, *, in_full: bool = False) -> None:
    """Print the cases, one line each; with a contract also how often each is put to the test.

    In full, the text of each rule stands below it; else the last line says where it is.
    """
    for case in cases:
        line = f"{case.id:<8} {case.severity:<7} {case.title}"
        click.echo(line if contract is None else f"{line}{_describe_trials(case, contract)}")
        if in_full:
            text = f"{case.requirement} ({case.source})"
            click.echo(fill(text, 100, initial_indent=INDENT, subsequent_indent=INDENT))
    if not in_full:
        click.echo(f"What each rule says: --list --case ID, or {RULES}")


def _describe_trials(case: Case, contract: Contract) -> str:
    """How often a case is put to the test, or why it is not."""
    trials = list_trials(case, contract)
    obstacle = find_obstacle(trials[0], list_features(contract), ())
    if obstacle is not None:
        return f" - not applicable: {obstacle}"
    return f" ({len(trials)} settings)" if len(trials) > 1 else ""
