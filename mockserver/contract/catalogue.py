"""A catalogue: which models a body's discriminator knows, and where each one's schema stands."""

from collections.abc import Mapping
from typing import Any

from mockserver.contract.document import escape

INDEX = "x-models"


def list_models(chooser: Mapping[str, Any] | None) -> dict[str, str]:
    """The models of a `discriminator`, each with the reference to its schema.

    Its `mapping` has references; its `x-models` has files and the models in each, which stand
    there under `models`.
    """
    if chooser is None:
        return {}
    found: dict[str, str] = dict(chooser.get("mapping", {}))
    for file, names in chooser.get(INDEX, {}).items():
        found |= {name: f"{file}#/models/{escape(name)}" for name in names}
    return found


def name_model(schema: Mapping[str, Any], chooser: str, model: str) -> dict[str, Any]:
    """A model's schema that takes bodies with its own name only."""
    return {**schema, "properties": {chooser: {"const": model}, **schema.get("properties", {})}}
