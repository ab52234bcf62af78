"""Which contracts are served: which providers, whose folders, which editions."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from mockserver.contract.load import MAIN, list_editions, load
from mockserver.contract.model import Contract
from mockserver.data import contracts_dir
from mockserver.errors import UsageError
from mockserver.hint import suggest


def select_contracts(
    providers: Sequence[str] = (), folders: Iterable[Path] = (), editions: Iterable[str] = ()
) -> list[Contract]:
    """The chosen contracts, in the order asked for; raises UsageError or ContractError.

    Without providers all of them. A folder adds its provider, or takes the place of the built-in
    one of the same name. Editions are "NAME" or "PROVIDER=NAME".
    """
    added = {load(folder).name: folder for folder in folders}
    known = find_built_in() | added
    for name in providers:
        if name not in known:
            raise UsageError(f"there is no provider {name!r}; {suggest(name, known)}")
    wanted = [*providers, *added] if providers else known
    chosen = {name: known[name] for name in wanted}
    by_provider = choose_editions(chosen, editions)
    return [_read(folder, by_provider.get(name)) for name, folder in chosen.items()]


def find_built_in() -> dict[str, Path]:
    """The folder of every contract that comes with the package, by its name."""
    return {path.parent.name: path.parent for path in sorted(contracts_dir().glob(f"*/{MAIN}"))}


def choose_editions(folders: Mapping[str, Path], editions: Iterable[str]) -> dict[str, str]:
    """The edition asked for by provider; one without a provider counts wherever it exists."""
    chosen: dict[str, str] = {}
    for text in sorted(editions, key=lambda text: "=" in text):
        provider, _, name = text.rpartition("=")
        if provider and provider not in folders:
            problem = f"edition {text!r}: there is no such provider; "
            raise UsageError(problem + suggest(provider, folders))
        names = [provider] if provider else list(folders)
        having = {each: name for each in names if name in list_editions(folders[each])}
        if not having:
            known = sorted({e for each in names for e in list_editions(folders[each])})
            raise UsageError(f"there is no edition {text!r}; {suggest(name, known)}")
        chosen |= having
    return chosen


def _read(folder: Path, edition: str | None) -> Contract:
    """A contract; those that come with the package do not change while a process runs."""
    is_ours = folder.parent == contracts_dir()
    return _read_built_in(folder, edition) if is_ours else load(folder, edition)


@cache
def _read_built_in(folder: Path, edition: str | None) -> Contract:
    return load(folder, edition)
