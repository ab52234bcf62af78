"""The difference between what was sent and what a contract expects, line by line."""

import json
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any, Final

from mockserver.control_client.views import RequestView, ViolationView

WIDTH: Final = 100  # characters of a value
CONTEXT: Final = 6  # lines around a difference
PLAIN, SENT, EXPECTED, NOTE = "    ", "  - ", "  + ", "  ! "


def write_difference(request: RequestView) -> list[str]:
    """The body as it was sent, `-` where it is wrong and `+` for what is expected there."""
    sheet = _Sheet(request.violations)
    if isinstance(request.request, dict | list):
        sheet.draw(request.request, "", "", "")
    elif request.request is not None:
        sheet.lines.append(f"{SENT}{shorten(str(request.request))}")
    sheet.add_rest()
    return [*_fold(sheet.lines), *(f"{NOTE}{note}" for note in request.notes)]


def _fold(lines: list[str]) -> Iterator[str]:
    """Lines without those that are far from any difference."""
    for is_plain, run in groupby(lines, lambda line: line.startswith(PLAIN)):
        group = list(run)
        if is_plain and len(group) > 2 * CONTEXT + 1:
            yield from [*group[:CONTEXT], f"{PLAIN}…", *group[-CONTEXT:]]
        else:
            yield from group


class _Sheet:
    """The lines of one body, with the violations put to their places."""

    def __init__(self, violations: tuple[ViolationView, ...]) -> None:
        self.lines: list[str] = []
        self._left = list(violations)

    def draw(self, value: Any, pointer: str, indent: str, name: str, comma: str = "") -> None:
        """Add the lines of a value; `name` is what stands before it, such as `"size": `."""
        wrong = self._take(pointer, missing=False)
        if wrong:
            self.lines.append(f"{SENT}{indent}{name}{shorten(_write(value))}{comma}")
            self.lines += [f"{EXPECTED}{indent}{name}{_expect(each, value)}" for each in wrong]
        elif isinstance(value, dict | list) and (value or self._lacks(pointer)):
            self._draw_inside(value, pointer, indent, name, comma)
        else:
            self.lines.append(f"{PLAIN}{indent}{name}{shorten(_write(value))}{comma}")

    def _draw_inside(self, value: Any, pointer: str, indent: str, name: str, comma: str) -> None:
        opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
        missing = self._take(pointer, missing=True)
        items = list(_list_items(value))
        self.lines.append(f"{PLAIN}{indent}{name}{opening}")
        for number, (key, label, inner) in enumerate(items, 1):
            follows = "," if number < len(items) else ""
            self.draw(inner, f"{pointer}/{key}", f"{indent}  ", label, follows)
        for each in missing:
            self.lines.append(f'{EXPECTED}{indent}  "{each.field}": is required, and missing')
        self.lines.append(f"{PLAIN}{indent}{closing}{comma}")

    def _take(self, pointer: str, *, missing: bool) -> list[ViolationView]:
        """The violations at a place: of the value itself, or of what it lacks."""
        found = [
            each
            for each in self._left
            if each.pointer == pointer and (each.keyword == "required") == missing
        ]
        self._left = [each for each in self._left if each not in found]
        return found

    def _lacks(self, pointer: str) -> bool:
        return any(each.pointer == pointer for each in self._left)

    def add_rest(self) -> None:
        """Add the violations that have no place in the body."""
        for each in self._left:
            place = f"{each.pointer}: " if each.pointer else ""
            self.lines.append(f"{EXPECTED}{place}{shorten(each.message)}")


def _list_items(value: Any) -> Iterator[tuple[str, str, Any]]:
    """Key in a pointer, label and value of everything in an object or a list."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield name.replace("~", "~0").replace("/", "~1"), f"{json.dumps(name)}: ", inner
    else:
        for number, inner in enumerate(value):
            yield str(number), "", inner


def _expect(violation: ViolationView, value: Any) -> str:
    """What is expected in place of a value, in few words."""
    problem = violation.message.removeprefix(_write(value)).strip()
    for beginning, expected in _TURNED:
        if problem.startswith(beginning):
            return shorten(expected + problem.removeprefix(beginning))
    return shorten(problem)


# How complaints begin, and how the same begins when it says what is expected.
_TURNED: Final = [
    ("is not one of ", "one of "),
    ("is not of type ", "of type "),
    ("is not of types ", "of type "),
    ("is not a ", "a "),
    ("is not valid under", "what is valid under"),
    ("is shorter than ", "at least "),
    ("is longer than ", "at most "),
    ("is less than the minimum of ", "at least "),
    ("is greater than the maximum of ", "at most "),
    ("does not match ", "what matches "),
]


def _write(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def shorten(text: str) -> str:
    """Text on one line, with its middle left out if it is long."""
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    if len(text) <= WIDTH:
        return text
    return f"{text[: WIDTH - 33]} … {text[-30:]}"
