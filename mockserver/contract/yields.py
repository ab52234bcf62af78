"""What a task makes: the word `x-yields`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mockserver.clock import parse_range
from mockserver.contract.expression import look_up
from mockserver.contract.template import Template

MAX_RESULTS: Final = 100  # however many a field asks for
MAX_NUMBER: Final = 1e9  # what a number that is larger counts as, as one in a text does

# What a file is written in where neither the input nor the contract says.
_FORMATS: Final = {"image": "png", "video": "mp4", "audio": "mp3", "text": "txt", "data": "json"}
_PIXELS: Final = re.compile(r"(\d{1,5})[x*](\d{1,5})", re.ASCII)
_NUMBER: Final = re.compile(r"\d{1,9}(?:\.\d{1,9})?", re.ASCII)


def find_field(data: object, path: str) -> object:
    """The value at a slash-separated path of property names, or None."""
    if "/" in path:
        return look_up(data, path.split("/"))
    return data.get(path) if isinstance(data, dict) else None


@dataclass(frozen=True, slots=True)
class Amount:
    """How many, or how long: what a field of the input says, else a number."""

    default: float
    field: str | None = None  # holds a number, or a text that begins with one: "10", "8s"

    def compute(self, data: Mapping[str, object], defaults: Mapping[str, object]) -> float:
        """The amount for an input; the default where it says nothing above zero."""
        if self.field is None:
            return self.default
        value = find_field(data, self.field)
        return read_number(defaults.get(self.field) if value is None else value) or self.default


def read_number(value: object) -> float | None:
    """A number above zero, or the one with which a text begins; None if there is none.

    It has nine digits before its point at most, so that whatever is computed of it is finite.
    """
    if isinstance(value, str):
        match = _NUMBER.match(value)
        return float(match[0]) if match else None
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(min(value, MAX_NUMBER)) if value > 0 else None


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
        row = grades.get(read(self.grade)) or grades.get("*") or next(iter(grades.values()), {})
        return row.get(read(self.ratio)) or row.get("*") or self.default


def _parse_pixels(text: str) -> tuple[int, int] | None:
    match = _PIXELS.fullmatch(text)
    return (int(match[1]), int(match[2])) if match else None


_ONE: Final = Amount(1)


@dataclass(frozen=True, slots=True)
class Yields:
    """What a task makes."""

    media: str  # "image", "video", "audio", "text" or "data"
    takes: tuple[int, int]  # typical duration at the provider, milliseconds, from-to
    size: Size | None = None  # of an image or a video
    count: Amount = _ONE
    format: str = "png"  # where the input does not choose
    format_from: str | None = None  # field of the input that names the file format
    seconds: Amount | None = None  # length of a video or a sound
    data: Template | None = None  # what is answered instead of addresses
    through: Sequence[object] = ()  # the open states it walks through, if not the lifecycle's

    def count_results(self, data: Mapping[str, object], defaults: Mapping[str, object]) -> int:
        """How many results an input asks for."""
        return min(max(1, int(self.count.compute(data, defaults))), MAX_RESULTS)


def build_yields(words: Mapping[str, Any]) -> Yields:
    """What `x-yields` says, sizes as pairs of pixels and durations in milliseconds."""
    chosen = words.get("format", {})
    size, seconds, told = (words.get(name) for name in ("size", "seconds", "data"))
    return Yields(
        media=words["media"],
        takes=parse_range(words["takes"]),
        size=None if size is None else _build_size(size),
        count=_build_amount(words.get("count", 1)),
        format=chosen.get("default", _FORMATS[words["media"]]),
        format_from=chosen.get("from"),
        seconds=None if seconds is None else _build_amount(seconds),
        data=None if told is None else Template(told),
        through=tuple(words.get("through", ())),
    )


def _build_amount(words: Any) -> Amount:
    if isinstance(words, Mapping):
        return Amount(words["default"], words.get("from"))
    return Amount(words)


def _build_size(words: Mapping[str, Any]) -> Size:
    table = {
        str(grade): {ratio: _read_pixels(text) for ratio, text in row.items() if ratio != "x-basis"}
        for grade, row in words.get("table", {}).items()
        if grade != "x-basis"
    }
    return Size(
        _read_pixels(words["default"]),
        words.get("pixels"),
        words.get("ratio"),
        words.get("grade"),
        table or None,
    )


def _read_pixels(text: Any) -> tuple[int, int]:
    width, _, height = str(text).partition("x")
    return int(width), int(height)
