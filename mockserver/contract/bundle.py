"""One self-contained OpenAPI document from a contract's files, for tools that read OpenAPI."""

from collections.abc import Container
from typing import Any

from mockserver.contract.catalogue import list_models, name_model
from mockserver.contract.document import Document, escape
from mockserver.contract.parts import WORD as PARTS


def bundle(document: Document, models: Container[str] | None = None) -> dict[str, Any]:
    """The contract's document with everything from other files inside it.

    The models of a catalogue, or only those asked for, become schemas of their own under
    `components`, so that a `discriminator` keeps its branches; other references into files are
    replaced by their target.
    """
    return _Bundler(document, models).bundle()


class _Bundler:
    def __init__(self, document: Document, asked: Container[str] | None) -> None:
        self._document = document
        self._asked = asked
        self._models: dict[str, Any] = {}

    def bundle(self) -> dict[str, Any]:
        root: dict[str, Any] = self._copy(self._document.root, self._document.name)
        root.pop(PARTS, None)  # they are all inside
        if self._models:
            schemas = root.setdefault("components", {}).setdefault("schemas", {})
            schemas.update(self._models)
        return root

    def _copy(self, node: Any, file: str) -> Any:
        if isinstance(node, list):
            return [self._copy(child, file) for child in node]
        if not isinstance(node, dict):
            return node
        ref = node.get("$ref")
        if isinstance(ref, str) and (file != self._document.name or not ref.startswith("#")):
            return self._inline(node, file)
        if "discriminator" in node:
            return self._copy_catalogue(node, file)
        return {name: self._copy(child, file) for name, child in node.items()}

    def _inline(self, node: dict[str, Any], file: str) -> Any:
        target, name, _ = self._document.find(node["$ref"], file)
        beside = {key: value for key, value in node.items() if key != "$ref"}
        found = self._copy(target, name)
        return {**found, **beside} if beside and isinstance(found, dict) else found

    def _copy_catalogue(self, node: dict[str, Any], file: str) -> dict[str, Any]:
        chooser = node["discriminator"]["propertyName"]
        places = {
            model: self._hoist(chooser, model, ref, file)
            for model, ref in list_models(node["discriminator"]).items()
            if self._asked is None or model in self._asked
        }
        copied = {
            name: self._copy(child, file)
            for name, child in node.items()
            if name not in ("oneOf", "discriminator")
        }
        return {
            **copied,
            "oneOf": [{"$ref": place} for place in places.values()],
            "discriminator": {
                "propertyName": chooser,
                "mapping": places,
            },
        }

    def _hoist(self, chooser: str, model: str, ref: str, file: str) -> str:
        """Move a model's schema under `components`; the reference to it there."""
        name = "".join(c if c.isalnum() or c in "-._" else "-" for c in model)
        target, place, _ = self._document.find(ref, file)
        self._models[name] = name_model(self._copy(target, place), chooser, model)
        return f"#/components/schemas/{escape(name)}"
