"""Parameters beside the body: in the query, the path or a header."""

from collections.abc import Mapping
from typing import Final

import orjson

from mockserver.contract.model import Parameter
from mockserver.contract.validate import Validator, Violation
from mockserver.engine.call import Call

# Words that refuse no text that is not empty.
_HARMLESS: Final = frozenset({"type", "minLength", "description", "title", "example", "examples"})
_SPELLED: Final = ("integer", "number", "boolean")  # types that are written as JSON


class ParameterCheck:
    """A declared parameter, ready to be read from calls."""

    __slots__ = ("_spelled", "_validator", "fact", "name", "required", "where")

    def __init__(self, parameter: Parameter) -> None:
        self.name = parameter.name
        self.where = parameter.where
        self.required = parameter.required
        self.fact = parameter.fact
        self._spelled = parameter.schema.get("type") in _SPELLED
        self._validator = (
            None
            if _is_harmless(parameter.schema)
            else Validator(parameter.schema, f"{parameter.where} parameter {parameter.name}")
        )

    def read(self, call: Call) -> str | None:
        """Its value in a call, None if it is absent or empty."""
        if self.where == "query":
            return call.query.get(self.name) or None
        if self.where == "path":
            return call.path.get(self.name) or None
        return call.headers.get(self.name.lower()) or None

    def find_violation(self, value: str | None) -> Violation | None:
        """How a value breaks what is declared."""
        if value is None:
            message = f"the {self.where} parameter {self.name!r} is required"
            return Violation("", "required", message, self.name, True) if self.required else None
        if self._validator is None or self._validator.accepts(self._decode(value)):
            return None
        (first, *_) = self._validator.find_violations(self._decode(value))
        return Violation(first.pointer, first.keyword, first.message, self.name, False)

    def _decode(self, value: str) -> object:
        if not self._spelled:
            return value
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value


def _is_harmless(schema: Mapping[str, object]) -> bool:
    length = schema.get("minLength", 0)
    words = {word for word in schema if not word.startswith("x-")}
    return words <= _HARMLESS and schema.get("type", "string") == "string" and length in (0, 1)
