"""The page of rules for clients: what each says, why, how it is tried, and how it is broken."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from typing import Any, Final

from mockserver.conformance.case import PROMPT, Case, Setting, list_trials
from mockserver.conformance.cases import CASES
from mockserver.conformance.feature import list_features
from mockserver.contract.model import Contract
from mockserver.selection import find_built_in, select_contracts
from tests.catalogues.flow import write_flow
from tests.conformance import mutants

INTRODUCTION: Final = """\
# Rules for clients

Written by `make catalogues` from the cases themselves; change those.

`mockserver conform --provider NAME -- CMD` runs a client once for each line under "tried by", and
says which of these rules it breaks. A broken MUST loses money, data or the key, or breaks the
contract: the suite fails. A SHOULD is what good clients do: a warning. Ids are kept for good.

The words of a line are those of a scenario file (`fixtures/scenarios/README.md`); the faults in it
are explained in `mockserver/faults/README.md`. Behind a line stand the providers that have it, if
not all do. Under "broken by" stands what those clients do that the tests of a rule must catch.
"""
_WORDS: Final = {"http": "HTTP", "json": "JSON"}
_OTHERS: Final = {"shrugs-off-an-interrupt": ("LIF-01",)}  # that no table of the tests has


def write_rules() -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, *_write_index(), "", *_write_chapters()]) + "\n"


def _write_index() -> Iterator[str]:
    yield "| rule | | a client |"
    yield "| --- | --- | --- |"
    for case in CASES:
        yield f"| [{case.id}](#{case.id.lower()}) | {case.severity} | {case.title} |"


def _write_chapters() -> Iterator[str]:
    """The cases of each module under what the module says of itself."""
    for module, cases in groupby(CASES, key=lambda case: case.judge.__module__):
        about = (sys.modules[module].__doc__ or "").strip()
        yield f"## {about.rstrip('.')}\n"
        for case in cases:
            yield "\n".join(_write_case(case)) + "\n"


def _write_case(case: Case) -> Iterator[str]:
    yield f"### {case.id}\n"
    yield f"**{case.severity}**: a client {case.title}. {case.requirement}\n"
    yield f"- source: {case.source}"
    if case.needs:
        yield f"- for contracts with {', '.join(sorted(case.needs))}"
    if case.asks:
        yield f"- not tried with {', '.join(f'`--without {name}`' for name in sorted(case.asks))}"
    yield from _write_settings(case)
    yield f"- broken by a client that {', or that '.join(_list_bugs(case))}"


def _write_settings(case: Case) -> Iterator[str]:
    """How the case is tried, in each of its settings."""
    fitting = [each for each in _find_contracts() if case.needs <= list_features(each)]
    found: dict[str, tuple[Setting, list[str]]] = {}
    for contract in fitting:
        for trial in list_trials(case, contract):
            found.setdefault(trial.name, (trial.setting, []))[1].append(contract.name)
    lines = [
        _write_setting(name if name != case.id else "", setting)
        + ("" if len(names) == len(fitting) else f" ({', '.join(names)})")
        for name, (setting, names) in found.items()
    ]
    if len(lines) == 1:
        yield f"- tried by {lines[0]}"
        return
    yield "- tried by"
    yield from (f"  - {line}" for line in lines)


def _write_setting(name: str, setting: Setting) -> str:
    words = [f"`{write_flow(setting.scenario)}`"] if setting.scenario else []
    words += _list_circumstances(setting)
    told = ", ".join(words) or "a task that goes its usual way"
    return f"`{name}`: {told}" if name else told


def _list_circumstances(setting: Setting) -> Iterator[str]:
    """What is beside a scenario, in words."""
    rows: Sequence[tuple[str, Mapping[str, Any]]] = (
        ("an account with", setting.account),
        ("the variable", setting.variables),
    )
    yield from (f"{about} `{write_flow(words)}`" for about, words in rows if words)
    if setting.credits is not None:
        yield f"a balance of {setting.credits:g} credits"
    if setting.edition is not None:
        yield f"the edition `{setting.edition}`"
    if len(setting.prompts) > 1:
        yield f"{len(setting.prompts)} runs at the same time"
    elif setting.prompts != (PROMPT,):
        yield f"the prompt `{setting.prompts[0]!a}`"
    if setting.interrupt_after is not None:
        yield f"an interruption after {setting.interrupt_after} polls"
    if setting.quiet >= 1:
        yield f"a watch for {setting.quiet:g} s behind its end"


def _list_bugs(case: Case) -> list[str]:
    """What broken clients do that the case catches, in words."""
    tables: Iterable[Mapping[str, Sequence[str]]] = (
        *(mutants.KILLS, mutants.KILLS_BY_NAME),
        _OTHERS,
    )
    rows = [row for table in tables for row in table.items()]
    names = [name for name, trials in rows if any(_is_of(trial, case) for trial in trials)]
    texts = (" ".join(_WORDS.get(word, word) for word in name.split("-")) for name in names)
    return list(dict.fromkeys(texts))


def _is_of(trial: str, case: Case) -> bool:
    return trial.partition("/")[0] == case.id


@cache
def _find_contracts() -> tuple[Contract, ...]:
    return tuple(select_contracts(tuple(find_built_in())))
