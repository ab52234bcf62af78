"""`mockserver diff`: a contract against a contract."""

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import click

from mockserver.cli.listen import make_printable
from mockserver.cli.report import read_target, write_file
from mockserver.contract.diff import Change, Verdict, compare
from mockserver.contract.load import DOCUMENTED, MAIN, load
from mockserver.contract.model import Contract
from mockserver.errors import UsageError
from mockserver.selection import find_built_in

EXAMPLE: Final = """\b
mockserver diff ./old/acme ./new/acme
mockserver diff ./acme=documented ./acme=observed --report json=changes.json
"""


@click.command(epilog=EXAMPLE)
@click.argument("old")
@click.argument("new")
@click.option("--edition", metavar="NAME", help="The edition of both, where none is named.")
@click.option("--report", metavar="json=FILE", help="Write every change as JSON.")
def command(old: str, new: str, edition: str | None, report: str | None) -> int:
    """Compare two contracts: what changes for a client that was written by OLD.

    Each is a contract's folder, a file in it (an overlay stands for its edition), or the name of a
    built-in provider; `=EDITION` may follow. Exit status 1 if a change breaks clients, or nobody
    can tell whether it does; 4 if a contract cannot be read.
    """
    target = read_target(report)
    before, after = (_read(text, edition) for text in (old, new))
    changes = compare(before, after)
    if target is not None:
        told = _build_report(before, after, changes)
        write_file(target, json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    click.echo(make_printable_lines(_format(before, after, changes)))
    return 1 if any(change.verdict is not Verdict.COMPATIBLE for change in changes) else 0


def _read(text: str, edition: str | None) -> Contract:
    """The contract that an argument names."""
    name, mark, own = ("", "", "") if Path(text).exists() else text.rpartition("=")
    chosen = own if mark else edition
    path = Path(name if mark else text)
    if path.is_file():
        named = DOCUMENTED if path.name == MAIN else path.stem
        return load(path.resolve().parent, chosen or named)
    if not path.is_dir():
        built_in = find_built_in()
        if str(path) not in built_in:
            known = ", ".join(built_in)
            raise UsageError(f"{path} is no folder, no file, and none of {known}")
        path = built_in[str(path)]
    return load(path.resolve(), chosen)


def _format(old: Contract, new: Contract, changes: list[Change]) -> Iterator[str]:
    yield f"{old.name}, {old.edition} -> {new.name}, {new.edition}"
    for verdict, found in groupby(changes, key=lambda change: change.verdict):
        members = list(found)
        yield f"\n{verdict.value} ({len(members)})"
        for place, group in groupby(members, key=lambda change: change.place):
            yield f"  {place}"
            for change in group:
                yield (
                    f"    {change.pointer}  {change.told}"
                    if change.pointer
                    else f"    {change.told}"
                )
    if not changes:
        yield "No change."


def make_printable_lines(lines: Iterator[str]) -> str:
    """Lines of text as a terminal may get them."""
    return "\n".join(make_printable(part) for line in lines for part in line.split("\n"))


def _build_report(old: Contract, new: Contract, changes: list[Change]) -> dict[str, Any]:
    return {
        "old": {"provider": old.name, "edition": old.edition},
        "new": {"provider": new.name, "edition": new.edition},
        "totals": {
            verdict.value: sum(change.verdict is verdict for change in changes)
            for verdict in Verdict
        },
        "changes": [{**change._asdict(), "verdict": change.verdict.value} for change in changes],
    }
