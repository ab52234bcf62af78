"""The request bodies of a contract: variants by model, their prices and what they yield."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from mockserver.contract.body import Body, Variant, find_input, find_node
from mockserver.contract.catalogue import list_models, name_model
from mockserver.contract.document import Document
from mockserver.contract.facts import FACTS
from mockserver.contract.grammar import check_words
from mockserver.contract.price import build_price
from mockserver.contract.yields import build_yields
from mockserver.errors import ContractError
from mockserver.hint import suggest

# What may stand in the data that a task answers.
TOLD: Final = {name for name in FACTS if name.startswith(("task.", "input."))} - {"task.data"}


class BodyReader:
    """Reads the request bodies of one contract; a catalogue's models when first asked for."""

    def __init__(self, document: Document, walks_full: bool) -> None:
        self._document = document
        self._walks_full = walks_full

    def read(self, node: Mapping[str, Any], where: str) -> Body:
        """The body that an operation's `requestBody`, references resolved, describes."""
        content = node.get("content", {})
        schema: dict[str, Any] = next((m.get("schema", {}) for m in content.values()), {})
        chooser = schema.get("discriminator")
        places = list_models(chooser)

        def load_variant(model: str | None) -> Variant:
            if model is None:
                return self._build(None, schema, where)
            return self._load_model(model, places[model], schema)

        return Body(
            tuple(content),
            bool(node.get("required", False)),
            chooser["propertyName"] if chooser else None,
            tuple(places),
            load_variant,
        )

    def _load_model(self, model: str, ref: str, schema: Mapping[str, Any]) -> Variant:
        node, file, pointer = self._document.find(ref, self._document.name)
        place = self._document.where(pointer, file)
        if file != self._document.name:
            resolve = partial(self._document.resolve, file=file)
            for complaint in check_words(node, place, resolve):
                raise complaint
        own = self._document.resolve(node, file, pointer)
        named = name_model(own, schema["discriminator"]["propertyName"], model)
        return self._build(model, merge(schema, named), place)

    def _build(self, model: str | None, schema: Mapping[str, Any], where: str) -> Variant:
        price, words = schema.get("x-price"), schema.get("x-yields")
        yields = None if words is None else build_yields(words)
        variant = Variant(
            model,
            schema,
            None
            if price is None
            else build_price(price, find_input(schema)[0], yields, f"{where}/x-price"),
            yields,
        )
        if variant.yields and self._walks_full:
            variant.yields = replace(variant.yields, through=())
        _check_fields(variant, where)
        return variant


def merge(general: Mapping[str, Any], special: Mapping[str, Any]) -> dict[str, Any]:
    """A body's general schema with one model's own laid over it, property by property."""
    merged = {k: v for k, v in general.items() if k not in ("oneOf", "discriminator")}
    for name, value in special.items():
        if name == "properties":
            old = merged.get("properties", {})
            merged["properties"] = {
                **old,
                **{key: {**old.get(key, {}), **node} for key, node in value.items()},
            }
        elif name == "required":
            merged["required"] = [*dict.fromkeys([*merged.get("required", ()), *value])]
        else:
            merged[name] = value
    return merged


def _check_fields(variant: Variant, where: str) -> None:
    """A price or a size that looks at a field which the input does not have is a mistake."""
    fields = variant.input_schema.get("properties", {})
    told = variant.yields.data.needs if variant.yields and variant.yields.data else frozenset()
    for name in sorted(told - TOLD):
        problem = f"there is no fact {name!r} that a task tells"
        raise ContractError(f"{where}/x-yields/data", problem, suggest(name, sorted(TOLD)))
    for name, word in (_list_price_fields(variant) | _list_yields_fields(variant)).items():
        if find_node(variant.input_schema, name) is None:
            problem = f"looks at {name!r}, no field of the input"
            raise ContractError(f"{where}/{word}", problem, suggest(name, fields))


def _list_price_fields(variant: Variant) -> dict[str, str]:
    """The fields that the price looks at, each with the word that names it."""
    found: dict[str, str] = {}
    if variant.price:
        for index, row in enumerate(variant.price.rows):
            found |= dict.fromkeys(row.when, f"x-price/rows/{index}/when")
        found |= dict.fromkeys(variant.price.measured, "x-price/per")
        if variant.price.extra:
            found[variant.price.extra.each] = "x-price/plus"
    return found


def _list_yields_fields(variant: Variant) -> dict[str, str]:
    """The fields that decide what is made, each with the word that names it."""
    yields = variant.yields
    if yields is None:
        return {}
    size = yields.size
    named = {
        "size": (size.pixels, size.ratio, size.grade) if size else (),
        "format": (yields.format_from,),
        "count": (yields.count.field,),
        "seconds": (yields.seconds.field if yields.seconds else None,),
    }
    return {name: f"x-yields/{word}" for word, names in named.items() for name in names if name}
