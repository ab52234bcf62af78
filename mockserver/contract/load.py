"""Reads a contract's folder, in one of its editions, into a Contract."""

from pathlib import Path
from typing import Any, Final

from mockserver.contract.document import Document
from mockserver.contract.grammar import check_words
from mockserver.contract.model import Contract
from mockserver.contract.operations import OperationReader
from mockserver.contract.parts import add_parts
from mockserver.contract.plain_yaml import read_yaml
from mockserver.contract.provider_words import build_rules
from mockserver.contract.request_body import BodyReader
from mockserver.contract.shape import Shape
from mockserver.errors import ContractError
from mockserver.hint import suggest

MAIN: Final = "contract.yaml"
DOCUMENTED: Final = "documented"
PREFERRED: Final = "observed"


def list_editions(folder: Path) -> tuple[str, ...]:
    """The editions of a contract: what is documented, and one per overlay beside it."""
    overlays = sorted(path.stem for path in folder.glob("*.yaml") if path.name != MAIN)
    return (DOCUMENTED, *overlays)


def load(folder: Path, edition: str | None = None) -> Contract:
    """Read a contract; without an edition `observed` where there is one, else `documented`.

    Raises ContractError with the file and a JSON pointer for anything that it cannot use.
    """
    editions = list_editions(folder)
    chosen = edition or (PREFERRED if PREFERRED in editions else DOCUMENTED)
    if chosen not in editions:
        raise ContractError(folder.name, f"has no edition {chosen!r}", suggest(chosen, editions))
    document = read_document(folder, chosen)
    try:
        return build(document, chosen, editions)
    except (AttributeError, KeyError, TypeError, ValueError):
        _explain(document)
        raise


def _explain(document: Document) -> None:
    """Raise what is wrong with the form of a document; asked only of one that cannot be read."""
    from mockserver.contract.openapi import check_form

    for complaint in check_form(document.root, document.where()):
        raise document.locate(complaint)


def read_document(folder: Path, edition: str) -> Document:
    """The main file of a contract, its parts in it, with the edition's overlay applied."""
    if not (folder / MAIN).is_file():
        raise ContractError(str(folder), f"has no {MAIN}", "a contract is a folder that holds one")
    root = read_yaml(folder / MAIN, f"{folder.name}/{MAIN}")
    origins = add_parts(folder, root, MAIN)
    if edition != DOCUMENTED:
        from mockserver.contract.overlay import apply_overlay

        for name, overlay in reversed(_list_overlays(folder, f"{edition}.yaml")):
            root = apply_overlay(root, overlay, f"{folder.name}/{name}#")
    return Document(folder, root, MAIN, origins)


def _list_overlays(folder: Path, name: str) -> list[tuple[str, dict[str, Any]]]:
    """An edition's overlay, and each one that it extends, the nearest to the main file last."""
    found: list[tuple[str, dict[str, Any]]] = []
    while name != MAIN:
        where = f"{folder.name}/{name}"
        if name in (known for known, _ in found):
            raise ContractError(f"{where}#/extends", "an overlay extends itself")
        if not (folder / name).is_file():
            raise ContractError(f"{where}#", "is extended, but is no file")
        found.append((name, read_yaml(folder / name, where)))
        name = str(found[-1][1].get("extends", MAIN))
    return found


def build(document: Document, edition: str, editions: tuple[str, ...]) -> Contract:
    """The contract that a document describes."""
    root = document.root
    version = str(root.get("openapi", ""))
    if not version.startswith("3.1"):
        raise ContractError(document.where("/openapi"), f"is {version!r}", "write 3.1.0")
    if "x-provider" not in root:
        raise ContractError(document.where(), "has no x-provider")
    for complaint in check_words(root, document.where(), document.resolve):
        raise document.locate(complaint)
    words = root["x-provider"]
    rules = build_rules(words, document.where("/x-provider"))
    bodies = BodyReader(document, words.get("walk", "full") == "full")
    operations = OperationReader(document, bodies, rules.failures).read_all()
    return Contract(
        name=words["name"],
        title=words["title"],
        edition=edition,
        editions=editions,
        servers=tuple(server["url"] for server in root.get("servers", ())),
        lifecycle=rules.lifecycle,
        gates=tuple(words["gates"]),
        operations=operations,
        money=rules.money,
        failures=rules.failures,
        limits=rules.limits,
        tiers=rules.tiers,
        default_tier=words.get("default_tier"),
        retention=rules.retention,
        idempotency=rules.idempotency,
        http_status=words["http_status"],
        ids=words["ids"],
        polling=rules.polling,
        unknown_path=_read_unknown_path(document, words.get("unknown_path")),
        document=document,
    )


def _read_unknown_path(document: Document, words: dict[str, Any] | None) -> Shape | None:
    if words is None:
        return None
    pointer = "/x-provider/unknown_path/schema"
    schema = document.resolve(words["schema"], pointer=pointer)
    return Shape(
        ("not_found",), words["status"], "application/json", schema, document.where(pointer)
    )
