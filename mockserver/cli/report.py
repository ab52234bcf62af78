"""Reports in files: `--report json=FILE`."""

from pathlib import Path

from mockserver.errors import UsageError


def read_target(text: str | None) -> Path | None:
    """The file that a --report names; raises UsageError for another form than JSON."""
    if text is None:
        return None
    form, _, name = text.partition("=")
    if form != "json" or not name:
        raise UsageError(f"--report {text}: write json=FILE")
    return Path(name)


def write_file(path: Path, text: str) -> None:
    """Write a file that was asked for; raises UsageError if it cannot be."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
