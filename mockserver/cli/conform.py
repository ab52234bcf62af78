"""`mockserver conform`: judge a client."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import click

from mockserver.cli.exploring import explore_aloud
from mockserver.cli.judging import judge_aloud
from mockserver.cli.number import Number
from mockserver.cli.trials import choose_cases, choose_contract, list_cases, list_names, list_wanted
from mockserver.clock import start_stopwatch
from mockserver.conformance.baseline import Baseline, read_baseline
from mockserver.conformance.case import Case
from mockserver.conformance.client import Command
from mockserver.conformance.feature import Ability
from mockserver.conformance.report import Report
from mockserver.conformance.reports.terminal import write_report
from mockserver.conformance.reports.writing import FORMS, read_wishes, write_reports
from mockserver.conformance.runner import PATIENCE, Suite
from mockserver.contract.model import Contract
from mockserver.errors import UsageError

EXAMPLE: Final = """\b
mockserver conform --provider NAME -- python my_client.py {prompt}
mockserver conform --provider NAME --report html=report.html -- node client.mjs
mockserver conform --provider NAME --list
"""


@click.command(
    epilog=EXAMPLE,
    context_settings={"ignore_unknown_options": True, "max_content_width": 100},
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
    "--strict",
    is_flag=True,
    help="Fail also at a SHOULD that is broken, and at a MUST that was not exercised.",
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
    type=Number(0.1, 3600),
    help="Seconds after which a client that has not ended is ended, and fails if it was to give up"
    " by itself.",
)
@click.option(
    "--jobs",
    default=8,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Cases at a time.",
)
@click.option(
    "--here",
    is_flag=True,
    help="Run CMD in this folder, not in an empty one; what it saves is seen in {folder} only.",
)
@click.option(
    "--explore",
    "examples",
    type=click.IntRange(1, 100_000),
    metavar="N",
    help="Draw N schedules of faults instead, for a CMD that is a Python function, MODULE:FUNCTION;"
    " the smallest that it does not bear is printed. Needs hypothesis.",
)
@click.argument("client", nargs=-1, type=click.UNPROCESSED, metavar="-- CMD...")
def command(client: tuple[str, ...], **given: Any) -> int:
    """Judge a client: run CMD once per case against scripted trouble.

    CMD gets <NAME>_BASE_URL, <NAME>_API_KEY, MOCKSERVER_PROMPT, and for callbacks a free port,
    MOCKSERVER_CALLBACK_PORT, and MOCKSERVER_WEBHOOK_SECRET; {prompt}, {base_url}, {api_key},
    {folder} are replaced in it. It runs in an empty folder of its own, and its exit status says
    how it went. It may also print one line of JSON: {"outcome": "succeeded" or "failed",
    "files": [names], "error": class}.

    Exit status: 0 no MUST is broken, 1 one is, the baseline is stale or the emulator failed, 2
    usage, 4 bad contract. What a client does not do, it has to say (--without): a client without a
    deadline of its own fails, and callbacks that nobody takes are not exercised. With --strict a
    client passes only if it was seen to keep every MUST, and to break no SHOULD.
    """
    cases = choose_cases(given["wanted"])
    if given["is_list"]:
        list_cases(cases, _find_contract(given), in_full=bool(given["wanted"]))
        return 0
    contract = choose_contract(given["provider"], given["folders"], given["edition"])
    if not client:
        raise UsageError("say which client to judge: mockserver conform --provider NAME -- CMD...")
    return judge_client(contract, cases, client, given)


def judge_client(
    contract: Contract, cases: Iterable[Case], client: tuple[str, ...], given: dict[str, Any]
) -> int:
    """Run the suite, print and write what it came to, and return the exit status."""
    if given["examples"] is not None:
        return explore_aloud(contract, given["folders"], client, given["examples"])
    wishes = read_wishes(given["reports"])
    known = Baseline({})
    if given["baseline"] is not None:
        known = read_baseline(given["baseline"], list_names(contract))
    suite = build_suite(contract, cases, given)
    program = Command(client, Path.cwd() if given["here"] else None)
    tell_seconds = start_stopwatch()
    judged = judge_aloud(suite, program)
    report = Report(
        provider=contract.name,
        edition=contract.edition,
        command=client,
        judgements=judged.sort(suite),
        baseline=known,
        options=write_options(contract, given),
        seconds=tell_seconds(),
        lacks=suite.lacks,
        is_complete=judged.status is None,
        is_strict=given["strict"],
    )
    for line in write_report(report):
        click.echo(line)
    write_reports(report, wishes)
    return (0 if report.passed else 1) if judged.status is None else judged.status


def build_suite(contract: Contract, cases: Iterable[Case], given: dict[str, Any]) -> Suite:
    """The trials that are wanted, and how they are run."""
    return Suite(
        contract,
        tuple(list_wanted(cases, contract, given["wanted"])),
        given["folders"],
        frozenset(Ability(name) for name in given["without"]),
        given["patience"],
        given["jobs"],
    )


def write_options(contract: Contract, given: dict[str, Any]) -> list[str]:
    """The options that matter to a single case, as they were given."""
    found = ["--provider", contract.name]
    for folder in given["folders"]:
        found += ["--contract", str(folder)]
    if given["edition"] is not None:
        found += ["--edition", given["edition"]]
    for ability in given["without"]:
        found += ["--without", ability]
    if given["patience"] != PATIENCE:
        found += ["--patience", f"{given['patience']:g}"]
    found += [f"--{flag}" for flag in ("strict", "here") if given[flag]]
    return found


def _find_contract(given: dict[str, Any]) -> Contract | None:
    """The contract that is meant, if one is named."""
    if given["provider"] is None and not given["folders"]:
        return None
    return choose_contract(given["provider"], given["folders"], given["edition"])
