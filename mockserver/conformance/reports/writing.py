"""Which reports are written, and where."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from mockserver.conformance.report import Report
from mockserver.conformance.reports.json import write_json
from mockserver.errors import UsageError

FORMS: Final[Mapping[str, Callable[[Report], str]]] = {"json": write_json}


def read_wishes(texts: Iterable[str]) -> list[tuple[str, Path]]:
    """Forms and files, written FORM=FILE; raises UsageError for what cannot be."""
    found = []
    for text in texts:
        form, equals, file = text.partition("=")
        if form not in FORMS or not equals or not file:
            forms = ", ".join(FORMS)
            raise UsageError(f"--report {text}: write FORM=FILE, where FORM is one of {forms}")
        if not Path(file).absolute().parent.is_dir():
            raise UsageError(f"--report {text}: there is no folder {Path(file).parent}")
        found.append((form, Path(file)))
    return found


def write_reports(report: Report, wishes: Iterable[tuple[str, Path]]) -> None:
    """Write each report to its file."""
    for form, file in wishes:
        file.write_text(FORMS[form](report), "utf-8")
