"""Parts: files whose paths and components are laid beside those of a contract's main file."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from mockserver.contract.document import Document, escape, split_pointer
from mockserver.errors import ContractError

WORD: Final = "x-parts"


def add_parts(folder: Path, root: dict[str, Any], name: str) -> Mapping[str, str]:
    """Lay the parts that a main file names into it; which pointer comes from which part.

    References in a part are read as if they stood in the main file. Raises ContractError for what
    is no part, and for an entry that is there already.
    """
    document, origins = Document(folder, root, name), dict[str, str]()
    for target in _list_names(document):
        part, file, _ = document.find(f"{target}#", name)
        for pointer, value in _list_entries(part, document, file):
            *path, last = split_pointer(pointer)
            place = _find_place(root, path, document)
            if last in place:
                raise ContractError(document.where(pointer, file), "stands elsewhere already")
            place[last] = value
            origins[pointer] = file
    return origins


def _find_place(root: dict[str, Any], path: list[str], document: Document) -> dict[str, Any]:
    """The mapping of the main file at a path, made if need be."""
    place = root
    for depth, step in enumerate(path, 1):
        child = place.setdefault(step, {})
        if not isinstance(child, dict):
            raise ContractError(document.where("/" + "/".join(path[:depth])), "is no mapping")
        place = child
    return place


def _list_names(document: Document) -> list[str]:
    names = document.root.get(WORD, [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ContractError(document.where(f"/{WORD}"), "is no list of files")
    return names


def _list_entries(part: Any, document: Document, file: str) -> Iterator[tuple[str, Any]]:
    """Each path of a part, and each of its components, with its pointer."""
    for group, entries in _open(part, document, file, "").items():
        if group not in ("paths", "components"):
            where = document.where(f"/{escape(group)}", file)
            raise ContractError(where, "stands in a part", "a part has paths and components")
        for name, value in _open(entries, document, file, f"/{group}").items():
            pointer = f"/{group}/{escape(name)}"
            if group == "paths":
                yield pointer, value
                continue
            for key, child in _open(value, document, file, pointer).items():
                yield f"{pointer}/{escape(key)}", child


def _open(node: Any, document: Document, file: str, pointer: str) -> Mapping[Any, Any]:
    if not isinstance(node, dict):
        raise ContractError(document.where(pointer, file), "is no mapping")
    return node
