"""Plain tables: columns as wide as their widest cell."""

from collections.abc import Iterable, Sequence

from mockserver.cli.listen import make_printable


def format_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lines of text with a head; the last column is as long as it likes."""
    lines = [tuple(columns), *(tuple(make_printable(cell) for cell in row) for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(columns) - 1)]
    return "\n".join("  ".join(_pad(line, widths)).rstrip() for line in lines)


def _pad(line: Sequence[str], widths: Sequence[int]) -> list[str]:
    cells = [f"{cell:{width}}" for cell, width in zip(line[:-1], widths, strict=True)]
    return [*cells, line[-1]]
