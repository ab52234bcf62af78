"""`mockserver scenarios`: list what a client can be put into, and what can be broken on purpose."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import click
import orjson

from mockserver.cli.contracts import add_contract_options, add_scenarios_option
from mockserver.cli.table import format_table
from mockserver.contract.model import Contract
from mockserver.engine.scenarios.library import Library
from mockserver.engine.scenarios.pace import BY_TIME
from mockserver.engine.scenarios.repertoire import Repertoire
from mockserver.engine.scenarios.scenario import OF_CONTRACT, Scenario
from mockserver.engine.trouble.words import write_rule
from mockserver.errors import UsageError
from mockserver.faults import FaultKind, list_faults
from mockserver.hint import suggest
from mockserver.selection import select_contracts
from mockserver.web.scenario_folders import open_library

COLUMNS: Final = ("SCENARIO", "WHAT HAPPENS")
FILE_COLUMNS: Final = ("SCENARIO", "FROM", "PROVIDERS", "WHAT HAPPENS")
FAULT_COLUMNS: Final = ("FAULT", "MEETS", "WHAT HAPPENS")
SETTING_COLUMNS: Final = ("SETTING", "MUST BE", "DEFAULT", "SAYS")
EXAMPLE: Final = """\b
mockserver scenarios
mockserver scenarios flaky
mockserver scenarios --faults reset
"""

Found = Mapping[str, Mapping[str, Scenario]]  # by provider and name


@click.command(epilog=EXAMPLE)
@click.argument("name", required=False)
@add_contract_options
@add_scenarios_option
@click.option("--faults", is_flag=True, help="List the faults that scenarios and tests can use.")
def command(name: str | None, faults: bool, **given: Any) -> None:
    """List what a client can be put into, and how; with a name, tell all about that one.

    \b
    by key        sk-mock-<name>[.<scenario>[.<seed>]], such as sk-mock-ci.fails.42
    by address    <base URL>/_/<scenario>
    by prompt     [mock: <scenario>]
    once          POST /_mock/accounts/{key}/next
    """  # noqa: D301 - click wants the backspace itself
    if faults:
        click.echo("\n".join(write_fault(name) if name else write_faults()))
        return
    contracts = select_contracts(given["provider"], given["contract"], given["edition"])
    library = open_library(given["scenarios"], contracts, lambda text: click.echo(text, err=True))
    found = {c.name: Repertoire(c, library).list_all() for c in contracts}
    if name is not None:
        click.echo("\n".join(write_scenario(found, library, name)))
        return
    for contract in contracts:
        click.echo("\n".join(write_own(contract, found[contract.name])))
    click.echo("\n".join(write_files(found)))


def write_own(contract: Contract, scenarios: Mapping[str, Scenario]) -> Iterator[str]:
    """What comes from a contract."""
    rows = [(s.name, s.sentence) for s in scenarios.values() if s.source == OF_CONTRACT]
    yield f"{contract.title} ({contract.name})\n"
    yield format_table(COLUMNS, rows) + "\n"


def write_files(found: Found) -> Iterator[str]:
    """What comes from files, with the providers it is for if these are not all."""
    names = {s.name: s for each in found.values() for s in each.values() if s.source != OF_CONTRACT}
    rows = [
        (name, names[name].source, _name_providers(found, name), names[name].sentence)
        for name in sorted(names)
    ]
    yield "From files\n"
    yield format_table(FILE_COLUMNS, rows) + "\n"


def _name_providers(found: Found, name: str) -> str:
    having = [provider for provider in found if name in found[provider]]
    return "all" if len(having) == len(found) else ", ".join(having)


def write_scenario(found: Found, library: Library, name: str) -> Iterator[str]:
    """All about one scenario; raises UsageError for a name that there is not."""
    dashed = name.replace("_", "-")
    having = {provider: each[dashed] for provider, each in found.items() if dashed in each}
    if not having:
        known = sorted({name for each in found.values() for name in each})
        raise UsageError(f"there is no scenario {name!r}; {suggest(dashed, known)}")
    first = next(iter(having.values()))
    sentences = {provider: scenario.sentence for provider, scenario in having.items()}
    told = [first.sentence] if len(set(sentences.values())) == 1 else []
    told = told or [f"{provider}: {sentence}" for provider, sentence in sentences.items()]
    yield f"{dashed}\n"
    yield from (f"  {line}" for line in told)
    yield f"\n  providers  {', '.join(having)}"
    yield f"  from       {library.files.get(dashed, 'the contract')}"
    yield from (f"  {label:9}  {value}" for label, value in describe(first))
    yield f"\n  sk-mock-ci.{dashed}   <base URL>/_/{dashed}   [mock: {dashed}]"


def describe(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """What a scenario changes."""
    if scenario.condition is not None:
        yield "condition", scenario.condition.replace("_", "-")
    if scenario.failures:
        yield "failure", " or ".join(failure.name for failure in scenario.failures)
    if scenario.pace != BY_TIME:
        pace = scenario.pace
        polls = f", {pace.polls} of them" if pace.polls else ""
        yield "pace", f"{pace.mover}{polls}{f' x {pace.factor:g}' if pace.factor != 1 else ''}"
    for rule in scenario.faults:
        yield "fault", orjson.dumps(write_rule(rule), default=str).decode()


def write_faults() -> Iterator[str]:
    """Every fault in a line."""
    rows = [(fault.name, ", ".join(fault.meets), fault.sentence) for fault in list_faults()]
    yield format_table(FAULT_COLUMNS, rows)


def write_fault(name: str) -> Iterator[str]:
    """A fault with its settings; raises UsageError for a name that there is not."""
    known: Mapping[str, FaultKind] = {fault.name: fault for fault in list_faults()}
    fault = known.get(name.replace("_", "-"))
    if fault is None:
        raise UsageError(f"there is no fault {name!r}; {suggest(name, known)}")
    yield f"{fault.name}\n\n  {fault.sentence}\n\n  meets  {', '.join(fault.meets)}\n"
    rows: Sequence[Sequence[str]] = fault.settings
    yield format_table(SETTING_COLUMNS, rows) if rows else "It has no settings."
