"""The library: folders of scenario files, each file read when its scenario is first asked for."""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mockserver.data import scenarios_dir
from mockserver.engine.trouble.fault import Registry
from mockserver.errors import ScenarioError

if TYPE_CHECKING:
    from mockserver.engine.scenarios.draft import Draft

BUILT_IN: Final = "built-in"  # the source of the scenarios that come with the package

_SUFFIXES: Final = frozenset({".yaml", ".yml"})


class Library:
    """The files of some folders, and those that come with the package.

    The name of a file is that of its scenario. Of two with the same name that in the folder named
    last has its way; the package's own come first. `find_registry` tells what faults there are;
    a library without it has no scenario with faults.
    """

    def __init__(
        self,
        folders: Iterable[Path] = (),
        find_registry: Callable[[], Registry] | None = None,
    ) -> None:
        self.folders = (scenarios_dir(), *folders)
        self._find_registry = find_registry
        self._drafts: dict[str, Draft | None] = {}

    @cached_property
    def files(self) -> Mapping[str, Path]:
        """Every file by the name of its scenario."""
        return {name_scenario(file): file for folder in self.folders for file in list_files(folder)}

    def find(self, name: str) -> "Draft | None":
        """The draft of a scenario; raises ScenarioError for a file that is none."""
        if name in self._drafts:
            return self._drafts[name]
        if name not in self.files:
            return None
        draft = self._drafts[name] = self._read(self.files[name])
        return draft

    def _read(self, file: Path) -> "Draft | None":
        # Not needed for the start of a server, which this would make slower.
        from mockserver.engine.scenarios.file import read_draft, read_words

        words = read_words(file)
        if self._find_registry is None and "faults" in words:
            return None
        draft, problems = read_draft(file, words, self._find_registry and self._find_registry())
        if problems:
            raise ScenarioError("; ".join(problems))
        return draft


def list_files(folder: Path) -> list[Path]:
    """The scenario files of a folder, in order of their names; none if there is no folder."""
    files = folder.iterdir() if folder.is_dir() else ()
    return sorted(file for file in files if file.suffix in _SUFFIXES)


def name_scenario(file: Path) -> str:
    """The name of the scenario that a file holds."""
    return file.stem.replace("_", "-")
