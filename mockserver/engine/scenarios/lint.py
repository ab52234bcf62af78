"""Checks folders of scenario files: everything that is wrong with them, each with its line."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from mockserver.contract.model import Contract
from mockserver.engine.scenarios.draft import ANY, Draft, Problem
from mockserver.engine.scenarios.file import describe, read_draft, read_words
from mockserver.engine.scenarios.library import list_files, name_scenario
from mockserver.engine.trouble.fault import Registry
from mockserver.engine.trouble.reach import can_reach, explain_reach, list_targets
from mockserver.errors import ScenarioError
from mockserver.hint import suggest


def lint_scenarios(folder: Path, contracts: Sequence[Contract], registry: Registry) -> list[str]:
    """Every complaint about the files of a folder, one line each; no files are one, too."""
    files = list_files(folder)
    if not files:
        return [f"{folder}: holds no scenario (a file is called as its scenario: mine.yaml)"]
    found = list(_find_doubles(files))
    for file in files:
        try:
            draft, problems = read_draft(file, read_words(file), registry)
        except ScenarioError as error:
            found.append(str(error))
            continue
        found += problems
        if not problems:
            found += (describe(file, problem) for problem in _judge(draft, contracts))
    return found


def _find_doubles(files: Iterable[Path]) -> Iterator[str]:
    """Files whose scenarios would have the same name."""
    known: dict[str, Path] = {}
    for file in files:
        name = name_scenario(file)
        if name in known:
            yield f"{file.name}: {name!r} is what {known[name].name} is called, too (rename one)"
        known[name] = file


def _judge(draft: Draft, contracts: Sequence[Contract]) -> Iterator[Problem]:
    """What no provider makes sense of."""
    by_name = {contract.name: contract for contract in contracts}
    for name in draft.providers:
        if name not in by_name:
            yield Problem(("providers",), f"there is no provider {name!r}", suggest(name, by_name))
    chosen = [by_name[name] for name in draft.providers or by_name if name in by_name]
    failures = {name for contract in chosen for name in contract.every_failure}
    if draft.failure not in (None, ANY, *failures):
        hint = suggest(draft.failure or "", sorted(failures))
        yield Problem(("failure",), f"no provider has the failure {draft.failure!r}", hint)
    elif chosen and not any(draft.apply(contract) for contract in chosen):
        yield Problem((), "no provider can show it", "look at its outcome, condition and faults")
    operations = list_targets(chosen)
    for number, rule in enumerate(draft.faults):
        target = rule.target.operation
        if target is not None and target not in operations:
            hint = suggest(target, sorted(operations))
            yield Problem(("faults", number), f"there is no operation {target!r}", hint)
        elif chosen and not can_reach(rule, chosen):
            yield Problem(("faults", number), explain_reach(rule))
