"""The files of a contract, and the references that lead from one to another."""

from collections.abc import Iterator
from typing import Any

from mockserver.contract.catalogue import list_models
from mockserver.contract.document import Document, escape, walk
from mockserver.errors import ContractError


def list_files(document: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and content of a contract's main file and of every other that it leads to."""
    names = [document.name]
    for name in names:
        root, _, _ = document.find("#", name)
        yield name, root
        for _, ref in list_refs(root):
            target = _find_file(document, ref, name)
            if target is not None and target not in names:
                names.append(target)


def _find_file(document: Document, ref: str, file: str) -> str | None:
    try:
        return document.find(ref, file)[1]
    except ContractError:
        return None


def list_refs(root: Any) -> Iterator[tuple[str, str]]:
    """Pointer and text of each reference under a node, those of a discriminator included."""
    for pointer, node in walk(root):
        if isinstance(node.get("$ref"), str):
            yield f"{pointer}/$ref", node["$ref"]
        if isinstance(node.get("discriminator"), dict):
            for name, ref in list_models(node["discriminator"]).items():
                yield f"{pointer}/discriminator/mapping/{escape(name)}", ref
