"""The body of a request: which variant it is, where it breaks its schema, what it says."""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from mockserver.contract.facts import Facts
from mockserver.contract.lens import Schema
from mockserver.contract.validate import Validator, Violation
from mockserver.contract.yields import Price, Yields


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
        return next(_find_fact(self.schema, "task.input"), self.schema)

    @cached_property
    def defaults(self) -> Mapping[str, object]:
        """The declared defaults of the input's fields."""
        fields = self.input_schema.get("properties", {})
        return {name: node["default"] for name, node in fields.items() if "default" in node}

    def accepts(self, value: object) -> bool:
        """Whether a request body keeps the schema."""
        return self._validator.accepts(value)

    def find_violations(self, value: object) -> list[Violation]:
        """Every place where a request body breaks the schema; what is missing comes first."""
        return self._validator.find_violations(value)

    def find_undeclared(self, value: object) -> list[str]:
        """JSON pointers of the fields that the schema does not know."""
        return list(_find_undeclared(self.schema, value, ""))

    def read(self, value: object) -> Facts:
        """The facts of a request body, for example `task.input` and `callback.url`."""
        facts: Facts = {}
        for read in self._readers:
            read(value, facts)
        return facts

    @cached_property
    def _readers(self) -> tuple[Callable[[object, Facts], None], ...]:
        return tuple(_list_readers(self.schema, ()))


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
        model = value.get(self.discriminator) if isinstance(value, Mapping) else None
        return self.find_variant(model) if isinstance(model, str) else None

    def find_variant(self, model: str | None) -> Variant | None:
        """The variant of a model, read from its file at first use; None if it is unknown."""
        variant = self._variants.get(model)
        if variant is None and (model is None or model in self._known):
            variant = self._variants[model] = self._load_variant(model)
        return variant


def _find_fact(schema: Schema, fact: str) -> Iterator[Schema]:
    if schema.get("x-fact") == fact:
        yield schema
    for child in schema.get("properties", {}).values():
        yield from _find_fact(child, fact)


def _list_readers(
    schema: Schema, path: tuple[str, ...]
) -> Iterator[Callable[[object, Facts], None]]:
    """A reader per node that carries a fact; a node with a fact may hold further ones."""
    fact = schema.get("x-fact")
    if isinstance(fact, str):

        def read(value: object, facts: Facts) -> None:
            for name in path:
                value = value.get(name) if isinstance(value, Mapping) else None
            # Where several fields carry one fact, an empty one does not hide another.
            if value is not None and (value or fact not in facts):
                facts[fact] = value

        yield read
    for name, child in schema.get("properties", {}).items():
        yield from _list_readers(child, (*path, name))


def _find_undeclared(schema: Schema, value: object, pointer: str) -> Iterator[str]:
    declared = schema.get("properties")
    if declared is None or not isinstance(value, Mapping):
        return
    for name, child in value.items():
        if name not in declared:
            yield f"{pointer}/{name}"
        else:
            yield from _find_undeclared(declared[name], child, f"{pointer}/{name}")
