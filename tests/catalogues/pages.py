"""The pages that are written, and by whom."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tests.catalogues.faults import write_faults
from tests.catalogues.rules import write_rules

_PACKAGE: Final = Path(__file__).parents[2] / "mockserver"

PAGES: Final[Mapping[Path, Callable[[], str]]] = {
    _PACKAGE / "conformance" / "README.md": write_rules,
    _PACKAGE / "faults" / "README.md": write_faults,
}
