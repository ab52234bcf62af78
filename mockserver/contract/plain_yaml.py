"""YAML read strictly: plain data in YAML 1.2's core schema, straight from the parser's events."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from mockserver.errors import ContractError

MAX_BYTES: Final = 4 * 1024 * 1024

# The scalars of YAML 1.2's core schema. PyYAML's own table is YAML 1.1's, which reads `16:9` as
# the number 969, `no` as false and `2026-11-21` as a date.
_WORDS: Final[dict[str, object]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NUMERIC: Final = frozenset("-+.0123456789")  # what a number begins with


def read_yaml(path: Path, where: str) -> dict[str, Any]:
    """Read one YAML file that holds a mapping; `where` names it in complaints.

    Aliases, tags and doubled keys are refused: what a contract says, it says once and in full.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ContractError(where, f"cannot be read: {error.strerror}") from error
    if len(raw) > MAX_BYTES:
        raise ContractError(where, f"is {len(raw)} bytes long, the limit is {MAX_BYTES}")
    try:
        value = _Reader(yaml.CSafeLoader(raw).get_event, where).read_document()
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        raise ContractError(where, f"is not YAML: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise ContractError(where, "is nested too deeply") from error
    if not isinstance(value, dict):
        raise ContractError(where, "holds no mapping at its top")
    return value


def find_line(path: Path, place: Sequence[str | int]) -> int | None:
    """The line of the file on which the value begins to which some keys and numbers lead.

    None for no place at all. A file that was read before is read again: only a complaint needs it.
    """
    node = yaml.compose(path.read_bytes(), yaml.CSafeLoader)
    line = None
    for name in place:
        if isinstance(node, yaml.SequenceNode) and isinstance(name, int):
            node = node.value[name]
            line = node.start_mark.line + 1
        elif isinstance(node, yaml.MappingNode):
            found = {key.value: (key, value) for key, value in node.value}
            if str(name) not in found:
                break
            key, node = found[str(name)]
            line = key.start_mark.line + 1
    return line


class _Reader:
    """Turns the events of one file into values; nodes in between would cost most of the time."""

    def __init__(self, read_event: Callable[[], Any], where: str) -> None:
        self._next = read_event
        self._where = where

    def read_document(self) -> object:
        """The only document of the stream; None if there is none."""
        self._next()  # the stream starts
        if isinstance(self._next(), yaml.StreamEndEvent):
            return None
        value = self._read(self._next())
        self._next()  # the document ends
        event = self._next()
        if not isinstance(event, yaml.StreamEndEvent):
            raise self._complain(event, "begins a second document", "one file holds one")
        return value

    def _read(self, event: Any) -> object:
        kind = type(event)
        if kind is yaml.AliasEvent:
            raise self._complain(event, "uses a YAML alias", "write the value out, or use $ref")
        if event.tag is not None:
            raise self._complain(event, f"uses the YAML tag {event.tag}", "write plain data")
        if kind is yaml.ScalarEvent:
            return _resolve(event.value) if event.implicit[0] else event.value
        return self._read_mapping() if kind is yaml.MappingStartEvent else self._read_list()

    def _read_list(self) -> list[object]:
        items = []
        while type(event := self._next()) is not yaml.SequenceEndEvent:
            items.append(self._read(event))
        return items

    def _read_mapping(self) -> dict[object, object]:
        found: dict[object, object] = {}
        while type(event := self._next()) is not yaml.MappingEndEvent:
            if isinstance(event, yaml.CollectionStartEvent):
                raise self._complain(event, "has a key that is no scalar", "write a name")
            key = self._read(event)
            if key in found:
                raise self._complain(event, f"has the key {key!r} twice", "keep one of them")
            found[key] = self._read(self._next())
        return found

    def _complain(self, event: Any, problem: str, hint: str) -> ContractError:
        return ContractError(f"{self._where} line {event.start_mark.line + 1}", problem, hint)


def _resolve(text: str) -> object:
    """What a scalar without quotes stands for."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMERIC:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
