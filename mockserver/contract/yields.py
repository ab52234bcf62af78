"""What a task makes and what it costs: the words `x-yields` and `x-price`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mockserver.contract.expression import look_up


def find_field(data: object, path: str) -> object:
    """The value at a slash-separated path of property names, or None."""
    if "/" in path:
        return look_up(data, path.split("/"))
    return data.get(path) if isinstance(data, dict) else None


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One row of a price table: it counts if every named field has the named value."""

    when: Mapping[str, object]
    credits: int  # thousandths


@dataclass(frozen=True, slots=True)
class Price:
    """An ordered price table over the fields of the input; the first row that fits counts."""

    rows: tuple[PriceRow, ...]
    otherwise: int  # thousandths
    times: str | None = None  # a field of the input by whose number the row is multiplied

    def compute(self, data: Mapping[str, object], defaults: Mapping[str, object]) -> int:
        """The price of an input in thousandths of a credit; absent fields count as defaults."""
        amount = self.otherwise
        for row in self.rows:
            if _fits(row.when, data, defaults):
                amount = row.credits
                break
        if self.times is None:
            return amount
        count = find_field(data, self.times)
        if count is None:
            count = defaults.get(self.times, 1)
        return round(amount * float(str(count)))


def _fits(
    when: Mapping[str, object], data: Mapping[str, object], defaults: Mapping[str, object]
) -> bool:
    for path, wanted in when.items():
        value = find_field(data, path)
        if (defaults.get(path) if value is None else value) != wanted:
            return False
    return True


@dataclass(frozen=True, slots=True)
class Size:
    """Where the pixel size of a result comes from: fields of the input, and a table."""

    default: tuple[int, int]
    pixels: str | None = None  # field that holds "1024x1536" or "1024*1536"
    ratio: str | None = None  # field that holds "16:9" or "auto"
    grade: str | None = None  # field that holds a key of `table`, for example "2K"
    table: Mapping[str, Mapping[str, tuple[int, int]]] | None = None  # grade -> ratio -> pixels

    def compute(
        self, data: Mapping[str, object], defaults: Mapping[str, object]
    ) -> tuple[int, int]:
        """Width and height in pixels for an input; the default where the input is silent."""

        def read(path: str | None) -> str:
            value = None if path is None else find_field(data, path)
            return str(defaults.get(path or "", "") if value is None else value)

        if self.pixels and (size := _parse_pixels(read(self.pixels))):
            return size
        grades = self.table or {}
        row = grades.get(read(self.grade)) or next(iter(grades.values()), {})
        return row.get(read(self.ratio)) or row.get("*") or self.default


def _parse_pixels(text: str) -> tuple[int, int] | None:
    match = re.fullmatch(r"(\d{1,5})[x*](\d{1,5})", text, re.ASCII)
    return (int(match[1]), int(match[2])) if match else None


@dataclass(frozen=True, slots=True)
class Yields:
    """What a task makes."""

    media: str  # "image"
    size: Size
    takes: tuple[int, int]  # typical duration at the provider, milliseconds, from-to
    count: int = 1
    format: str = "png"  # where the input does not choose
    format_from: str | None = None  # field of the input that names the file format
    through: Sequence[object] = ()  # the open states it walks through, if not the lifecycle's
