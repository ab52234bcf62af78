"""The library of scenarios of a server: its users' folders, checked, beside the package's own."""

from collections.abc import Callable, Sequence
from pathlib import Path

from mockserver.contract.model import Contract
from mockserver.data import scenarios_dir
from mockserver.engine.scenarios.library import Library, list_files, name_scenario
from mockserver.engine.scenarios.scenario import list_scenarios
from mockserver.engine.trouble.fault import Registry
from mockserver.errors import ScenarioError


def find_faults() -> Registry:
    """Every kind of fault."""
    # Not needed for the start of a server, which this would make slower.
    from mockserver.faults import FAULTS

    return FAULTS


def open_library(
    folders: Sequence[Path], contracts: Sequence[Contract], notice: Callable[[str], None]
) -> Library:
    """The library that has these folders, too; a scenario may take the place of a built-in one.

    Raises ScenarioError if something is wrong with a file.
    """
    library = Library(folders, find_faults)
    for folder in folders:
        _check(folder, contracts)
    for name, file in _find_overrides(folders, contracts):
        notice(f"the scenario {name} is that of {file}, not the built-in one")
    return library


def _check(folder: Path, contracts: Sequence[Contract]) -> None:
    # Not needed by a server without folders of its own.
    from mockserver.engine.scenarios.lint import lint_scenarios

    problems = lint_scenarios(folder, contracts, find_faults())
    if problems:
        more = f"; {len(problems) - 1} more: mockserver lint {folder}" if problems[1:] else ""
        first = problems[0]
        place = first if first.startswith(f"{folder}: ") else f"{folder}/{first}"
        raise ScenarioError(f"{place}{more}")


def _find_overrides(
    folders: Sequence[Path], contracts: Sequence[Contract]
) -> Sequence[tuple[str, Path]]:
    if not folders:
        return ()
    known = {name_scenario(file) for file in list_files(scenarios_dir())}
    known |= {name for contract in contracts for name in list_scenarios(contract)}
    files = (file for folder in folders for file in list_files(folder))
    return [(name_scenario(file), file) for file in files if name_scenario(file) in known]
