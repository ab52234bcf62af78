"""The request bodies of a contract: variants by model, their prices and what they yield."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from mockserver.clock import parse_range
from mockserver.contract.body import Body, Variant, find_input, find_node
from mockserver.contract.document import Document
from mockserver.contract.expression import parse_source
from mockserver.contract.grammar import check_words, suggest
from mockserver.contract.provider_words import to_thousandths
from mockserver.contract.yields import Price, PriceRow, Size, Yields
from mockserver.errors import ContractError


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
        mapping: Mapping[str, str] = chooser.get("mapping", {}) if chooser else {}

        def load_variant(model: str | None) -> Variant:
            if model is None:
                return self._build(None, schema, where)
            return self._load_model(model, mapping[model], schema)

        return Body(
            tuple(content),
            bool(node.get("required", False)),
            chooser["propertyName"] if chooser else None,
            tuple(mapping),
            load_variant,
        )

    def _load_model(self, model: str, ref: str, schema: Mapping[str, Any]) -> Variant:
        node, file, pointer = self._document.find(ref, self._document.name)
        place = self._document.where(pointer, file)
        if file != self._document.name:
            resolve = partial(self._document.resolve, file=file)
            for complaint in check_words(node, place, resolve):
                raise complaint
        return self._build(model, merge(schema, self._document.resolve(node, file, pointer)), place)

    def _build(self, model: str | None, schema: Mapping[str, Any], where: str) -> Variant:
        price, yields = schema.get("x-price"), schema.get("x-yields")
        variant = Variant(
            model,
            schema,
            None
            if price is None
            else build_price(price, find_input(schema)[0], f"{where}/x-price"),
            None if yields is None else build_yields(yields),
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


def build_price(words: Any, place: tuple[str, ...], where: str) -> Price:
    """The price table of `x-price`: a number, or rows with conditions on the input.

    `place` is the path of the input in the body.
    """
    if not isinstance(words, Mapping):
        return Price((), to_thousandths(words))
    rows = tuple(
        PriceRow(dict(row["when"]), to_thousandths(row["credits"])) for row in words.get("rows", ())
    )
    times = words.get("times")
    field = None if times is None else _find_field(times, place, f"{where}/times")
    return Price(rows, to_thousandths(words["else"]), field)


def _find_field(expression: str, place: tuple[str, ...], where: str) -> str:
    """The slash-separated path, within the input, of what an expression points at."""
    try:
        source, names = parse_source(expression)
    except ValueError as error:
        raise ContractError(where, str(error)) from error
    depth = len(place)
    if source != "request.body" or names[:depth] != place or len(names) == depth:
        raise ContractError(
            where,
            f"{expression} is no field of the input",
            f"write $request.body#/{'/'.join([*place, 'field'])}",
        )
    return "/".join(names[depth:])


def build_yields(words: Mapping[str, Any]) -> Yields:
    """What `x-yields` says, sizes as pairs of pixels and durations in milliseconds."""
    size, chosen = words["size"], words.get("format", {})
    table = {
        grade: {ratio: _parse_pixels(text) for ratio, text in row.items() if ratio != "x-basis"}
        for grade, row in size.get("table", {}).items()
        if grade != "x-basis"
    }
    return Yields(
        media=words["media"],
        size=Size(
            _parse_pixels(size["default"]),
            size.get("pixels"),
            size.get("ratio"),
            size.get("grade"),
            table or None,
        ),
        takes=parse_range(words["takes"]),
        count=words.get("count", 1),
        format=chosen.get("default", "png"),
        format_from=chosen.get("from"),
        through=tuple(words.get("through", ())),
    )


def _parse_pixels(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return int(width), int(height)


def _check_fields(variant: Variant, where: str) -> None:
    """A price or a size that looks at a field which the input does not have is a mistake."""
    fields = variant.input_schema.get("properties", {})
    looked_at: dict[str, str] = {}
    if variant.price:
        for index, row in enumerate(variant.price.rows):
            looked_at |= dict.fromkeys(row.when, f"x-price/rows/{index}/when")
    if variant.yields:
        size = variant.yields.size
        named = [name for name in (size.pixels, size.ratio, size.grade) if name]
        looked_at |= dict.fromkeys(named, "x-yields/size")
        if variant.yields.format_from:
            looked_at[variant.yields.format_from] = "x-yields/format"
    for name, word in looked_at.items():
        if find_node(variant.input_schema, name) is None:
            problem = f"looks at {name!r}, no field of the input"
            raise ContractError(f"{where}/{word}", problem, suggest(name, fields))
