"""Plain targets of overlays: paths of names, found without the JSONPath library.

Nearly all targets are plain, and importing the library takes longer than reading a contract.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

Location = list[str | int]  # names and indexes from the root on

_TEXT: Final = r"'([^'\\]*)'"
_STEP: Final = re.compile(
    r"\.(?P<name>[A-Za-z_]\w*)"  # .name
    r"|\[(?P<names>'[^'\\]*'(?:, *'[^'\\]*')*)\]"  # ['name'] or ['one', 'other']
    r"|\[\?@(?:\.(?P<field>[A-Za-z_]\w*)|\['(?P<quoted>[^'\\]*)'\]) *== *'(?P<value>[^'\\]*)'\]",
    re.ASCII,
)


def find_plain(target: str, document: Any) -> list[Location] | None:
    """The places that a target finds in a document; None if it is for the library."""
    if not target.startswith("$"):
        return None
    found: list[tuple[Location, Any]] = [([], document)]
    end = 1
    while end < len(target):
        match = _STEP.match(target, end)
        if match is None:
            return None
        found = [
            ([*location, key], child)
            for location, node in found
            for key, child in _follow(node, match)
        ]
        end = match.end()
    return [location for location, _ in found]


def _follow(node: Any, step: re.Match[str]) -> list[tuple[str | int, Any]]:
    """The children of a node that a step leads to."""
    if (wanted := step["value"]) is not None:
        field = step["field"] or step["quoted"]
        children = [(k, v) for k, v in _list_children(node) if isinstance(v, dict)]
        return [(k, v) for k, v in children if v.get(field) == wanted]
    names = [step["name"]] if step["name"] else re.findall(_TEXT, step["names"])
    return [(name, node[name]) for name in names if isinstance(node, dict) and name in node]


def _list_children(node: Any) -> Iterable[tuple[str | int, Any]]:
    if isinstance(node, dict):
        return node.items()
    return enumerate(node) if isinstance(node, list) else ()
