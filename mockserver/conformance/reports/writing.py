"""Which reports are written, and where."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from mockserver.conformance.report import Report
from mockserver.conformance.reports.html import write_html
from mockserver.conformance.reports.json import write_json
from mockserver.conformance.reports.junit import write_junit
from mockserver.errors import UsageError

FORMS: Final[Mapping[str, Callable[[Report], str]]] = {
    "json": write_json,
    "junit": write_junit,
    "html": write_html,
}


def read_wishes(texts: Iterable[str]) -> list[tuple[str, Path]]:
    """Forms and files, written FORM=FILE; raises UsageError for what cannot be."""
    found = []
    for text in texts:
        form, equals, name = text.partition("=")
        file = Path(name)
        if form not in FORMS or not equals or not name:
            forms = ", ".join(FORMS)
            raise UsageError(f"--report {text}: write FORM=FILE, where FORM is one of {forms}")
        if not file.absolute().parent.is_dir():
            raise UsageError(f"--report {text}: there is no folder {file.parent}")
        if file.is_dir():
            raise UsageError(f"--report {text}: {file} is a folder; name a file in it")
        found.append((form, file))
    return found


def write_reports(report: Report, wishes: Iterable[tuple[str, Path]]) -> None:
    """Write each report to its file; raises UsageError for one that cannot be written."""
    for form, file in wishes:
        try:
            file.write_text(FORMS[form](report), "utf-8")
        except OSError as error:
            problem = f"{file} cannot be written: {error.strerror or error}"
            raise UsageError(f"--report {form}: {problem}") from error
