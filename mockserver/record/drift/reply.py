"""A reply or a callback against the shapes that its operation declares for it."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import orjson

from mockserver.contract.document import escape
from mockserver.contract.expression import PLACEHOLDER
from mockserver.contract.leaf import Schema
from mockserver.contract.validate import Violation
from mockserver.record.drift.finding import ABSENT, Deviation, name_type
from mockserver.record.drift.kind import Kind
from mockserver.record.drift.units import find_wrong_units
from mockserver.record.fit import Fit
from mockserver.record.outline import (
    find_schema,
    find_undeclared,
    find_value,
    generalise,
)


def judge_body(fit: Fit) -> Iterator[Deviation]:
    """Everything in which a body differs from its shape."""
    schema = fit.form.shape.schema
    if fit.has_new_code:
        code = next(leaf for leaf in fit.form.leaves if leaf.fact == "reply.code")
        expected = "one of the declared codes"
        yield Deviation(Kind.NEW_CODE, code.pointer, expected, find_value(fit.opened, code.pointer))
        return
    broken = set()
    for violation in fit.violations:
        found = _describe(fit, violation)
        if (found.kind, found.pointer) not in broken:
            broken.add((found.kind, found.pointer))
            yield found
    for pointer, value in find_undeclared(schema, fit.opened):
        yield Deviation(Kind.NEW_FIELD, pointer, "no such field", value)
    yield from find_wrong_units(fit.form.leaves, fit.opened)
    yield from judge_texts(fit)


def judge_texts(fit: Fit) -> Iterator[Deviation]:
    """Texts for people that are not the contract's own."""
    for leaf in fit.form.leaves:
        default = leaf.schema.get("default")
        if leaf.fact != "reply.message" or not isinstance(default, str):
            continue
        value = find_value(fit.opened, leaf.pointer)
        if not isinstance(value, str) or value in leaf.schema.get("examples", ()):
            continue
        if not _compile(default).fullmatch(value):
            yield Deviation(Kind.TEXT, leaf.pointer, repr_json(default), value)


def _describe(fit: Fit, violation: Violation) -> Deviation:
    """What a broken keyword means to readers."""
    word, at = violation.keyword, generalise(violation.pointer, fit.opened)
    if word == "required":
        return Deviation(Kind.MISSING_FIELD, f"{at}/{escape(violation.field)}", "required")
    schema = find_schema(fit.form.shape.schema, at)
    value = find_value(fit.opened, violation.pointer, ABSENT)
    if word == "depth":
        return Deviation(Kind.NOT_JSON, at, "JSON that programs can read", note=violation.message)
    if word == "contentMediaType":
        return Deviation(Kind.TYPE, at, "JSON in the string", value, keyword=word)
    kind, note = _rate(schema, word, value)
    return Deviation(kind, at, tell_schema(schema, word), value, note, word)


def _rate(schema: Schema, keyword: str, value: object) -> tuple[Kind, str]:
    """The kind of a difference between a value and its schema, and what more there is to say."""
    came, allowed = name_type(value), _list_types(schema)
    if schema.get("x-fact") == "task.state" and came in ("string", "integer"):
        return Kind.NEW_STATE, ""
    if value is None and keyword in ("type", "const", "enum"):
        return Kind.NULL, ""
    if keyword == "type" or (allowed and came not in allowed):
        return Kind.TYPE, "JSON in a string" if _is_json(value, allowed) else ""
    return Kind.VALUE, ""


def _is_json(value: object, allowed: set[str]) -> bool:
    """Whether an object was expected and came as a text."""
    return isinstance(value, str) and "object" in allowed and value.startswith("{")


def _list_types(schema: Schema) -> set[str]:
    """The JSON types that a schema's values have; empty if it does not say."""
    if "const" in schema:
        return {name_type(schema["const"])}
    if "enum" in schema:
        return {name_type(value) for value in schema["enum"]}
    kind = schema.get("type", [])
    types = {kind} if isinstance(kind, str) else set(kind)
    return types | {"integer"} if "number" in types else types


def tell_schema(schema: Mapping[str, Any], keyword: str = "type") -> str:
    """What a schema asks for, in a few words."""
    if "const" in schema:
        return repr_json(schema["const"])
    if "enum" in schema:
        return "one of " + ", ".join(repr_json(value) for value in schema["enum"])
    if keyword not in ("type", "const", "enum") and keyword in schema:
        return f"{keyword} {repr_json(schema[keyword])}"
    kind = schema.get("type", "something else")
    return kind if isinstance(kind, str) else " or ".join(kind)


def repr_json(value: object) -> str:
    """A value as JSON writes it, cut if it is long."""
    text = orjson.dumps(value).decode()
    return text if len(text) <= 80 else f"{text[:77]}..."


@cache
def _compile(default: str) -> re.Pattern[str]:
    """A pattern for a default with anything in the places of its facts."""
    parts = PLACEHOLDER.split(default)[::2]
    return re.compile(".*".join(re.escape(part) for part in parts), re.DOTALL)
