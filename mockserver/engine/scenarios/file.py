"""A scenario file: YAML that is read into a draft, with a line for all that is wrong in it."""

import re
from pathlib import Path
from typing import Any, Final

from mockserver.contract.plain_yaml import find_line, read_yaml
from mockserver.data import scenarios_dir
from mockserver.engine.scenarios.draft import Draft, DraftReader, Problem
from mockserver.engine.scenarios.library import BUILT_IN, name_scenario
from mockserver.engine.trouble.fault import Registry
from mockserver.errors import ContractError, ScenarioError

_NAME: Final = re.compile("[a-z0-9]+(-[a-z0-9]+)*")


def read_words(file: Path) -> dict[str, Any]:
    """What a file holds; raises ScenarioError for one that is no YAML."""
    try:
        return read_yaml(file, file.name)
    except ContractError as error:
        raise ScenarioError(str(error)) from error


def read_draft(
    file: Path, words: dict[str, Any], registry: Registry | None
) -> tuple[Draft, list[str]]:
    """The draft that a file's words make, of use only if the list of what is wrong is empty."""
    reader = DraftReader(registry)
    name = name_scenario(file)
    source = BUILT_IN if file.parent == scenarios_dir() else str(file)
    draft = reader.read(name, source, words)
    if not _NAME.fullmatch(name):
        hint = "use small letters and digits, with dashes between"
        reader.problems.append(Problem((), f"{name!r} is no name of a scenario", hint))
    return draft, [describe(file, problem) for problem in reader.problems]


def describe(file: Path, problem: Problem) -> str:
    """A problem with the file and the line that it stands in."""
    line = find_line(file, problem.place)
    where = file.name if line is None else f"{file.name} line {line}"
    return f"{where}: {problem.problem}" + (f" ({problem.hint})" if problem.hint else "")
