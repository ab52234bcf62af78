"""`mockserver conform`: judge a client."""

import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import click

from mockserver.clock import start_stopwatch
from mockserver.conformance.baseline import Baseline, read_baseline
from mockserver.conformance.case import Case, Trial, list_trials
from mockserver.conformance.cases import CASES
from mockserver.conformance.client import Command
from mockserver.conformance.feature import Ability
from mockserver.conformance.judgement import Judgement
from mockserver.conformance.report import Report
from mockserver.conformance.reports.terminal import clean, write_judgement, write_report
from mockserver.conformance.reports.writing import FORMS, read_wishes, write_reports
from mockserver.conformance.runner import PATIENCE, Suite, run_suite
from mockserver.contract.model import Contract
from mockserver.errors import UsageError
from mockserver.selection import find_built_in, select_contracts

EXAMPLE: Final = """\b
mockserver conform --provider NAME -- python my_client.py {prompt}
mockserver conform --provider NAME --report html=report.html -- node client.mjs
mockserver conform --list
"""


@click.command(
    epilog=EXAMPLE, context_settings={"ignore_unknown_options": True, "max_content_width": 100}
)
@click.option("--provider", metavar="NAME", help="Whose client it is.")
@click.option(
    "--contract",
    "folders",
    multiple=True,
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of a contract that does not come with the package.",
)
@click.option("--edition", metavar="NAME", help="The edition of the contract to judge by.")
@click.option("--case", "wanted", multiple=True, metavar="ID", help="Run this case; repeatable.")
@click.option("--list", "is_list", is_flag=True, help="List the cases, and run nothing.")
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="FORM=FILE",
    help=f"Write a report; forms are {', '.join(FORMS)}. Repeatable.",
)
@click.option(
    "--baseline",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="YAML of known failures, `ID: reason`; one that is none any more is an error.",
)
@click.option(
    "--without",
    multiple=True,
    type=click.Choice([str(ability) for ability in Ability]),
    help="Something that the client does not do; repeatable.",
)
@click.option(
    "--patience",
    default=PATIENCE,
    show_default=True,
    type=click.FloatRange(0.1, 3600),
    help="Seconds after which a client that has not ended is ended.",
)
@click.option(
    "--jobs",
    default=8,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Cases at a time.",
)
@click.argument("client", nargs=-1, type=click.UNPROCESSED, metavar="-- CMD...")
def command(client: tuple[str, ...], **given: Any) -> int:
    """Judge a client: run CMD once per case against scripted trouble.

    CMD gets <NAME>_BASE_URL, <NAME>_API_KEY, MOCKSERVER_PROMPT and MOCKSERVER_CALLBACK_PORT, and
    {prompt}, {base_url}, {api_key}, {folder} are replaced in it. It runs in an empty folder. Its
    exit status says how it went; it may also print one line of JSON with an "outcome".

    Exit status 0 if no MUST is broken, else 1.
    """
    cases = choose_cases(given["wanted"])
    if given["is_list"]:
        list_cases(cases)
        return 0
    contract = choose_contract(given["provider"], given["folders"], given["edition"])
    if not client:
        raise UsageError("say which client to judge: mockserver conform --provider NAME -- CMD...")
    wishes = read_wishes(given["reports"])
    known = Baseline({})
    if given["baseline"] is not None:
        known = read_baseline(given["baseline"], _list_names(contract))
    suite = build_suite(contract, cases, given)
    tell_seconds = start_stopwatch()
    judgements = judge_aloud(suite, Command(client))
    called = shlex.join(client)
    rerun = f"mockserver conform --provider {contract.name} -- {called}"
    seconds = tell_seconds()
    report = Report(contract.name, contract.edition, called, judgements, known, rerun, seconds)
    for line in write_report(report):
        click.echo(line)
    write_reports(report, wishes)
    return 0 if report.passed else 1


def build_suite(contract: Contract, cases: Iterable[Case], given: dict[str, Any]) -> Suite:
    """The trials that are wanted, and how they are run."""
    trials = (trial for case in cases for trial in list_trials(case, contract))
    return Suite(
        contract,
        tuple(trial for trial in trials if _is_wanted(trial, given["wanted"])),
        given["folders"],
        frozenset(Ability(name) for name in given["without"]),
        given["patience"],
        given["jobs"],
    )


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
    return next(each for each in chosen if provider in (None, each.name))


def choose_cases(wanted: Iterable[str]) -> list[Case]:
    """The cases with some ids, or all; raises UsageError for an id that there is not."""
    ids = {name.partition("/")[0].upper() for name in wanted}
    unknown = sorted(ids - {case.id for case in CASES})
    if unknown:
        raise UsageError(f"there is no case {unknown[0]}; --list shows them all")
    return [case for case in CASES if not ids or case.id in ids]


def list_cases(cases: Iterable[Case]) -> None:
    """Print the cases, one line each."""
    for case in cases:
        click.echo(f"{case.id:<8} {case.severity:<7} {case.title}")


def judge_aloud(suite: Suite, client: Command) -> list[Judgement]:
    """Run a suite and tell of each judgement; they come back in the order of the trials."""
    found: dict[str, Judgement] = {}
    is_live = sys.stderr.isatty()
    for judgement in run_suite(suite, client):
        found[judgement.trial.name] = judgement
        if is_live:
            click.echo("\r\x1b[2K", nl=False, err=True)
        click.echo(write_judgement(judgement))
        if is_live:
            click.echo(f"{len(found)} of {len(suite.trials)}", nl=False, err=True)
    if is_live:
        click.echo("\r\x1b[2K", nl=False, err=True)
    if found and not any(_was_reached(judgement) for judgement in found.values()):
        raise UsageError(f"the client never reached the server; it said: {_quote(found.values())}")
    return [found[trial.name] for trial in suite.trials]


def _was_reached(judgement: Judgement) -> bool:
    return judgement.evidence is None or bool(judgement.evidence.requests)


def _quote(judgements: Iterable[Judgement]) -> str:
    runs = [run for each in judgements if each.evidence for run in each.evidence.runs]
    said = next((run.errors or run.output for run in runs if run.errors or run.output), "nothing")
    return clean(said.strip()[-300:])


def _is_wanted(trial: Trial, wanted: tuple[str, ...]) -> bool:
    names = {name.upper() for name in wanted}
    return not names or not names.isdisjoint({trial.name.upper(), trial.case.id})


def _list_names(contract: Contract) -> list[str]:
    trials = [trial for case in CASES for trial in list_trials(case, contract)]
    return [*(case.id for case in CASES), *(trial.name for trial in trials)]
