"""The contracts that a command line asks for: which providers, which editions, whose folders."""

from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from mockserver.contract.load import MAIN, list_editions, load
from mockserver.contract.model import Contract
from mockserver.data import contracts_dir
from mockserver.errors import UsageError

Command = Callable[..., Any]


def add_contract_options(command: Command) -> Command:
    """Give a command --provider, --contract and --edition."""
    options = [
        click.option(
            "--provider",
            multiple=True,
            metavar="NAME",
            help="Take this provider only; repeat for more. All, if none is named.",
        ),
        click.option(
            "--contract",
            multiple=True,
            metavar="DIR",
            type=click.Path(exists=True, file_okay=False, path_type=Path),
            help="Add the provider whose contract lies in this folder; repeatable.",
        ),
        click.option(
            "--edition",
            multiple=True,
            metavar="[PROVIDER=]NAME",
            help="What the provider says (documented) or does (observed, preferred where known).",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def load_contracts(
    providers: tuple[str, ...], folders: tuple[Path, ...], editions: tuple[str, ...]
) -> list[Contract]:
    """The chosen contracts, in the order asked for; raises UsageError or ContractError.

    A folder adds its provider, or takes the place of the built-in one of the same name.
    """
    added = {load(folder).name: folder for folder in folders}
    known = find_built_in() | added
    for name in providers:
        if name not in known:
            raise UsageError(f"--provider {name}: {_suggest(name, list(known))}")
    wanted = [*providers, *added] if providers else known
    chosen = {name: known[name] for name in wanted}
    by_provider = choose_editions(chosen, editions)
    return [load(folder, by_provider.get(name)) for name, folder in chosen.items()]


def find_built_in() -> dict[str, Path]:
    """The folder of every contract that comes with the package, by its name."""
    return {path.parent.name: path.parent for path in sorted(contracts_dir().glob(f"*/{MAIN}"))}


def choose_editions(folders: dict[str, Path], editions: tuple[str, ...]) -> dict[str, str]:
    """The edition asked for by provider; one without a provider counts wherever it exists."""
    chosen: dict[str, str] = {}
    for text in sorted(editions, key=lambda text: "=" in text):
        provider, _, name = text.rpartition("=")
        if provider and provider not in folders:
            raise UsageError(f"--edition {text}: {_suggest(provider, list(folders))}")
        names = [provider] if provider else list(folders)
        having = {each: name for each in names if name in list_editions(folders[each])}
        if not having:
            known = sorted({e for each in names for e in list_editions(folders[each])})
            raise UsageError(f"--edition {text}: {_suggest(name, known)}")
        chosen |= having
    return chosen


def _suggest(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, 1)
    return f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
