"""OpenAPI Overlays: a list of changes that turns one edition of a contract into another."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from mockserver.contract.target import Location, find_plain
from mockserver.errors import ContractError


def apply_overlay(
    document: dict[str, Any], overlay: Mapping[str, Any], where: str
) -> dict[str, Any]:
    """A copy of the document with the overlay's actions done in order.

    An action whose target finds nothing is an error: it was written for another contract.
    """
    version = str(overlay.get("overlay", ""))
    if not version.startswith("1."):
        raise ContractError(where, f"is no OpenAPI Overlay 1.x (overlay: {version!r})")
    changed = deepcopy(document)
    for index, action in enumerate(overlay.get("actions", ())):
        _act(changed, action, f"{where}/actions/{index}")
    return changed


def _act(document: dict[str, Any], action: Mapping[str, Any], where: str) -> None:
    target = action.get("target")
    if not isinstance(target, str) or not ({"update", "remove"} & action.keys()):
        raise ContractError(where, "needs a target and either update or remove")
    found = find_plain(target, document)
    if found is None:
        found = _search(target, document, f"{where}/target")
    if not found:
        raise ContractError(f"{where}/target", f"{target} finds nothing in the contract")
    if action.get("remove") is True:
        for *path, last in reversed(found):
            del _open(document, path)[last]
        return
    for location in found:
        _update(_open(document, location), action.get("update"), where)


def _search(target: str, document: dict[str, Any], where: str) -> list[Location]:
    """The places that any JSONPath finds."""
    from jsonpath_rfc9535 import find
    from jsonpath_rfc9535.exceptions import JSONPathError

    try:
        return [list(node.location) for node in find(target, document)]
    except JSONPathError as error:
        hint = "a name with a dash or a slash is written in brackets: $['x-provider']"
        raise ContractError(where, f"is no JSONPath: {error}", hint) from error


def _open(document: Any, location: Location) -> Any:
    for part in location:
        document = document[part]
    return document


def _update(target: Any, update: Any, where: str) -> None:
    if isinstance(target, list):
        target.append(deepcopy(update))
    elif isinstance(target, dict) and isinstance(update, Mapping):
        _merge(target, update)
    else:
        raise ContractError(where, "an update needs an object or an array as its target")


def _merge(target: dict[str, Any], update: Mapping[str, Any]) -> None:
    for name, value in update.items():
        if isinstance(value, Mapping) and isinstance(target.get(name), dict):
            _merge(target[name], value)
        elif isinstance(value, list) and isinstance(target.get(name), list):
            target[name].extend(deepcopy(value))
        else:
            target[name] = deepcopy(value)
