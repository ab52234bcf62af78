"""Everything in a contract that no source vouches for, and the files where it stands."""

from collections.abc import Iterator
from typing import Any, Final

from mockserver.contract.document import Document, escape, walk
from mockserver.contract.model import Contract

ASSUMED: Final = "assumed"


def list_assumed(contract: Contract) -> list[str]:
    """The places marked `x-basis: assumed`: file and JSON pointer, in the files' order."""
    document = contract.document
    return [
        document.where(f"{pointer}{key}", file)
        for file, root in list_files(document)
        for pointer, node in walk(root)
        for key in _list_keys(node.get("x-basis"))
    ]


def _list_keys(basis: Any) -> Iterator[str]:
    """What a mark speaks of, below the node that carries it."""
    if basis == ASSUMED:
        yield ""
    elif isinstance(basis, dict):
        yield from (f"/{escape(key)}" for key, word in basis.items() if word == ASSUMED)


def list_files(document: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and content of a contract's main file and every other that it leads to."""
    names = [document.name]
    for name in names:
        root, _, _ = document.find("#", name)
        yield name, root
        for ref in _list_refs(root):
            _, target, _ = document.find(ref, name)
            if target not in names:
                names.append(target)


def _list_refs(root: Any) -> Iterator[str]:
    for _, node in walk(root):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        mapping = node.get("mapping")
        if isinstance(mapping, dict):
            yield from (ref for ref in mapping.values() if isinstance(ref, str) and "#" in ref)
