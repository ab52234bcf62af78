"""OpenAPI Overlays: a list of changes that turns one edition of a contract into another."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from jsonpath_rfc9535 import JSONPathNode, find
from jsonpath_rfc9535.exceptions import JSONPathError

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
    try:
        nodes = list(find(target, document))
    except JSONPathError as error:
        hint = "a name with a dash or a slash is written in brackets: $['x-provider']"
        raise ContractError(f"{where}/target", f"is no JSONPath: {error}", hint) from error
    if not nodes:
        raise ContractError(f"{where}/target", f"{target} finds nothing in the contract")
    if action.get("remove") is True:
        for node in reversed(nodes):
            _remove(document, node)
        return
    for node in nodes:
        _update(node.value, action.get("update"), where)


def _remove(document: dict[str, Any], node: JSONPathNode) -> None:
    parent: Any = document
    *path, last = node.location
    for part in path:
        parent = parent[part]
    del parent[last]


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
