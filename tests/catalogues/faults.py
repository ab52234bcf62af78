"""The page of faults: what each does, what it meets, and its settings."""

from collections.abc import Iterator, Sequence
from typing import Final

from mockserver.conformance.case import list_trials
from mockserver.conformance.cases import CASES
from mockserver.faults import FaultKind, list_faults
from mockserver.selection import find_built_in, select_contracts

INTRODUCTION: Final = """\
# Faults

Written by `make catalogues` from the faults themselves; change those.

A fault is one thing that breaks on purpose. It stands in a scenario file or in a control call, as
one flat mapping: `{"fault": "reset", "operation": "submit", "count": 1}` to
`POST /_mock/accounts/{key}/faults`. The first fault that acts on a request is the only one.
`mockserver scenarios --faults NAME` tells of one what is said here.

## Targets

Every fault takes these beside its own settings; what is left out may be anything.

| target | must be | says |
| --- | --- | --- |
| `operation` | a text | an operation's id or role (`submit`, …), `call`, `file` or `callback` |
| `nth` | a whole number from 1, or a list | which of the requests that the rest fits |
| `task` | an object | `id`, `model`, `phase`, `state`; and `prompt`, of which a part will do |
| `probability` | a number from 0 to 1 | how likely it acts; same seed, same request: same answer |
| `count` | a whole number from 1 | how often it acts at most |
| `after`, `until` | a span such as `30s` | on the account's clock, since it was planned |

What a fault meets is what it can act on: any call, only those of a role, requests for result files,
callbacks. One that meets calls and files is meant for calls, unless `operation` says `file`.
"""


def write_faults() -> str:
    """The whole page."""
    parts = ["\n".join(_write_fault(fault)) for fault in list_faults()]
    return "\n".join([INTRODUCTION, *_write_index(), "", "\n\n".join(parts)]) + "\n"


def _write_index() -> Iterator[str]:
    yield "| fault | meets | what happens |"
    yield "| --- | --- | --- |"
    for fault in list_faults():
        yield f"| [{fault.name}](#{fault.name}) | {', '.join(fault.meets)} | {fault.sentence} |"


def _write_fault(fault: FaultKind) -> Iterator[str]:
    yield f"### {fault.name}\n"
    yield f"{fault.sentence} Meets: {', '.join(fault.meets)}."
    if fault.settings:
        yield "\n| setting | must be | default | says |"
        yield "| --- | --- | --- | --- |"
        for each in fault.settings:
            row = (f"`{each.name}`", each.type, f"`{each.default}`", each.sentence)
            yield _write_row(row)
    rules = [f"[{name}](../conformance/README.md#{name.lower()})" for name in _list_rules(fault)]
    if rules:
        yield f"\nTried on clients by {', '.join(rules)}."


def _write_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _list_rules(fault: FaultKind) -> list[str]:
    """The rules for clients in whose trials the fault acts."""
    contracts = select_contracts(tuple(find_built_in()))
    return [
        case.id
        for case in CASES
        if any(
            rule["fault"] == fault.name
            for contract in contracts
            for trial in list_trials(case, contract)
            for rule in trial.setting.scenario.get("faults", ())
        )
    ]
