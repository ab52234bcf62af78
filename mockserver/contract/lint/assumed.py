"""Everything in a contract that no source vouches for."""

from collections.abc import Iterator
from typing import Any, Final

from mockserver.contract.document import escape, walk
from mockserver.contract.lint.files import list_files
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
