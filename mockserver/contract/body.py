"""The body of a request: which variant it is, where it breaks its schema, what it says."""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from mockserver.contract.expression import look_up
from mockserver.contract.facts import Facts
from mockserver.contract.leaf import Schema
from mockserver.contract.price import Price
from mockserver.contract.validate import Validator, Violation
from mockserver.contract.yields import Yields


class Variant:
    """One form of a request body: its whole schema, what it costs and what it makes."""

    def __init__(
        self, model: str | None, schema: Schema, price: Price | None, yields: Yields | None
    ) -> None:
        self.model = model
        self.schema = schema
        self.price = price
        self.yields = yields

    def __repr__(self) -> str:
        return f"<Variant {self.model or 'only'}>"

    @cached_property
    def _validator(self) -> Validator:
        return Validator(self.schema, self.model or "request body")

    @cached_property
    def input_schema(self) -> Schema:
        """The node that carries `task.input`: where prices and sizes look for their fields."""
        return find_input(self.schema)[1]

    def find_input(self, value: object) -> Mapping[str, object]:
        """The part of a request body that describes the work; empty if it is no object."""
        found = look_up(value, self._input_path)
        return found if isinstance(found, dict) else {}

    @cached_property
    def _input_path(self) -> tuple[str, ...]:
        return find_input(self.schema)[0]

    @cached_property
    def defaults(self) -> Mapping[str, object]:
        """The declared defaults of the input's fields, by slash-separated path."""
        return dict(_list_defaults(self.input_schema, ""))

    def fits(self, value: object) -> bool:
        """Whether a request body keeps the schema and has no field that it does not know."""
        return self._strict.accepts(value)

    @cached_property
    def _strict(self) -> Validator:
        return Validator(_close(self.schema), self.model or "request body")

    def accepts(self, value: object) -> bool:
        """Whether a request body keeps the schema."""
        return self._validator.accepts(value)

    def find_violations(self, value: object) -> list[Violation]:
        """Every place where a request body breaks the schema; what is missing comes first."""
        return self._validator.find_violations(value)

    def find_undeclared(self, value: object) -> list[str]:
        """JSON pointers of the fields that the schema does not know."""
        found: list[str] = []
        self._outline.find_undeclared(value, "", found)
        return found

    def read(self, value: object) -> Facts:
        """The facts of a request body, for example `task.input` and `callback.url`."""
        facts: Facts = {}
        self._outline.read(value, facts)
        return facts

    @cached_property
    def _outline(self) -> "Outline":
        return Outline(self.schema)


class Outline:
    """A schema cut down to what is asked for with every call: its fields and their facts."""

    __slots__ = ("_fact", "_nested", "_speaking", "names")

    def __init__(self, schema: Schema) -> None:
        fields = {name: Outline(n) for name, n in schema.get("properties", {}).items()}
        self.names = frozenset(fields)  # that are declared
        self._fact: str | None = schema.get("x-fact")
        self._nested = tuple((name, field) for name, field in fields.items() if field.names)
        self._speaking = tuple((name, field) for name, field in fields.items() if field.speaks)

    @property
    def speaks(self) -> bool:
        """Whether a fact stands here or below."""
        return self._fact is not None or bool(self._speaking)

    def read(self, value: object, facts: Facts) -> None:
        """Collect the facts of a value; a node with a fact may hold further ones."""
        fact = self._fact
        # Where several fields carry one fact, an empty one does not hide another.
        if fact is not None and (value or fact not in facts):
            facts[fact] = value
        if isinstance(value, dict):
            for name, field in self._speaking:
                child = value.get(name)
                if child is not None:
                    field.read(child, facts)

    def find_undeclared(self, value: object, pointer: str, found: list[str]) -> None:
        """Collect the pointers of fields that are not declared."""
        if not self.names or not isinstance(value, dict):
            return
        for name, field in self._nested:
            if name in value:
                field.find_undeclared(value[name], f"{pointer}/{name}", found)
        if not value.keys() <= self.names:
            found.extend(f"{pointer}/{name}" for name in value if name not in self.names)


class Body:
    """What an operation accepts as its body, in one variant or one per model."""

    def __init__(
        self,
        media_types: tuple[str, ...],
        required: bool,
        discriminator: str | None,
        models: tuple[str, ...],
        load_variant: Callable[[str | None], Variant],
    ) -> None:
        self.media_types = media_types
        self.required = required
        self.discriminator = discriminator
        self.models = models
        self._load_variant = load_variant
        self._known = frozenset(models)
        self._variants: dict[str | None, Variant] = {}

    def choose(self, value: object) -> Variant | None:
        """The variant that a request body asks for; None if it names no known model."""
        if self.discriminator is None:
            return self.find_variant(None)
        model = value.get(self.discriminator) if isinstance(value, dict) else None
        if not isinstance(model, str):
            return None
        return self._variants.get(model) or self.find_variant(model)

    def find_variant(self, model: str | None) -> Variant | None:
        """The variant of a model, read from its file at first use; None if it is unknown."""
        variant = self._variants.get(model)
        if variant is None and (model is None or model in self._known):
            variant = self._variants[model] = self._load_variant(model)
        return variant


def find_input(schema: Schema) -> tuple[tuple[str, ...], Schema]:
    """Path and schema of the part of a body that describes the work; else the whole body."""
    return next(_find_fact(schema, "task.input", ()), ((), schema))


def _close(schema: Schema) -> Schema:
    """A schema that takes declared fields only, as far as fields are declared."""
    fields = schema.get("properties")
    if not fields:
        return schema
    open_words = {k: v for k, v in schema.items() if k != "patternProperties"}
    closed = {name: _close(node) for name, node in fields.items()}
    return {**open_words, "properties": closed, "additionalProperties": False}


def find_node(schema: Schema, path: str) -> Schema | None:
    """The schema of the field at a slash-separated path, or None."""
    node: Schema | None = schema
    for name in path.split("/"):
        node = None if node is None else node.get("properties", {}).get(name)
    return node


def _find_fact(
    schema: Schema, fact: str, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Schema]]:
    if schema.get("x-fact") == fact:
        yield path, schema
    for name, child in schema.get("properties", {}).items():
        yield from _find_fact(child, fact, (*path, name))


def _list_defaults(schema: Schema, prefix: str) -> Iterator[tuple[str, object]]:
    for name, node in schema.get("properties", {}).items():
        if "default" in node:
            yield prefix + name, node["default"]
        yield from _list_defaults(node, f"{prefix}{name}/")
