"""The body of a reply or callback for one moment: it renders facts and reads them."""

from collections.abc import Mapping
from functools import cached_property

from mockserver.contract.facts import Facts
from mockserver.contract.leaf import MISSING, Lens, Schema
from mockserver.contract.lens import compile_lens
from mockserver.contract.validate import Validator, Violation
from mockserver.errors import ContractError


class Shape:
    """One body schema with the moments at which it is sent.

    `status` is the HTTP status under which the contract declares it, `code` the constant that
    its field with the fact `reply.code` holds, if there is one. Compiled at first use.
    """

    def __init__(
        self, moments: tuple[str, ...], status: int, media_type: str, schema: Schema, where: str
    ) -> None:
        self.moments = moments
        self.status = status
        self.media_type = media_type
        self.schema = schema
        self.where = where
        self.headers: Mapping[str, Schema] = {}  # of the reply that carries the body

    def __repr__(self) -> str:
        return f"<Shape {'|'.join(self.moments)} {self.where}>"

    @cached_property
    def code(self) -> int | None:
        """The constant of the field that carries the reply's own code."""
        return find_code(self.schema)

    @cached_property
    def lens(self) -> Lens:
        """The compiled walk of the schema."""
        return compile_lens(self.schema, self.where)

    @cached_property
    def validator(self) -> Validator:
        """The compiled schema."""
        return Validator(self.schema, self.where)

    @cached_property
    def header_lenses(self) -> Mapping[str, Lens]:
        """The compiled walk of each header's schema."""
        return {
            name: compile_lens(schema, f"{self.where}, header {name}")
            for name, schema in self.headers.items()
        }

    @property
    def needs(self) -> frozenset[str]:
        """The facts that the shape and its headers carry or mention."""
        return self.lens.needs.union(*(lens.needs for lens in self.header_lenses.values()))

    def render(self, facts: Mapping[str, object]) -> object:
        """The body for these facts; raises ContractError if a required field stays empty."""
        body = self.lens.render(facts)
        if body is MISSING:
            given = ", ".join(sorted(facts)) or "no facts"
            raise ContractError(self.where, f"a required field stays empty, given {given}")
        return body

    def read(self, body: object) -> Facts:
        """The facts that a body carries; it should be one that the shape accepts."""
        facts: Facts = {}
        self.lens.read(body, facts)
        return facts

    def accepts(self, body: object) -> bool:
        """Whether a body keeps the schema, JSON inside strings included."""
        return self.validator.accepts(body)

    def find_violations(self, body: object) -> list[Violation]:
        """Every place where a body breaks the schema."""
        return self.validator.find_violations(body)


def find_code(schema: Schema) -> int | None:
    """The constant of the node that carries `reply.code`, anywhere under the schema."""
    if schema.get("x-fact") == "reply.code":
        code = schema.get("const")
        return code if isinstance(code, int) else None
    children = schema.get("properties", {}).values()
    return next((code for c in children if (code := find_code(c)) is not None), None)
