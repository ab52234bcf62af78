"""The models that can be asked for, as a provider lists and describes them itself."""

from typing import Any

from mockserver.contract.facts import Facts
from mockserver.contract.model import Contract, Role
from mockserver.contract.validate import Violation
from mockserver.engine.visit import Refusal, Visit


def list_models(visit: Visit) -> Facts:
    """The names of all models, or of those that hold the word that was asked for."""
    word = str(visit.said.get("catalogue.word", "")).lower()
    names = [name for name in _list_names(visit.call.contract) if word in name.lower()]
    return {"catalogue.models": names, "catalogue.count": len(names)}


def check_model_exists(visit: Visit) -> Refusal | None:
    """The model that is asked about is one of the provider's."""
    name = visit.said.get("catalogue.model")
    if name in _list_names(visit.call.contract):
        return None
    message = f"{name!r} is no model of this provider"
    violation = Violation("", "discriminator", message, "model", False)
    return Refusal("unknown_model", {"refusal.field": "model"}, [violation])


def describe_model(visit: Visit) -> Facts:
    """The name of a model, and an OpenAPI document of the call that asks for it."""
    name, contract = str(visit.said.get("catalogue.model")), visit.call.contract
    for operation in contract.find_role(Role.SUBMIT):
        variant = operation.body.find_variant(name) if operation.body else None
        if operation.body is None or variant is None:
            continue
        media_type = next(iter(operation.body.media_types), "application/json")
        content = {media_type: {"schema": _strip(variant.schema)}}
        call = {"operationId": operation.id, "requestBody": {"required": True, "content": content}}
        document = {
            "openapi": "3.1.0",
            "info": {"title": name, "version": contract.edition},
            "paths": {operation.path: {operation.method.lower(): call}},
        }
        return {"catalogue.model": name, "catalogue.schema": document}
    return {"catalogue.model": name}


def _list_names(contract: Contract) -> list[str]:
    bodies = (operation.body for operation in contract.find_role(Role.SUBMIT))
    return list(dict.fromkeys(name for body in bodies if body for name in body.models))


def _strip(node: Any) -> Any:
    """A schema without the words that only we understand."""
    if isinstance(node, list):
        return [_strip(child) for child in node]
    if isinstance(node, dict):
        return {key: _strip(child) for key, child in node.items() if not key.startswith("x-")}
    return node
