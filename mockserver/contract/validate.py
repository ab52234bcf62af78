"""Values against JSON Schemas: the one place that knows the schema library."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import jsonschema_rs
import orjson
from jsonschema_rs.canonical import CanonicalizationError, Containment

from mockserver.contract.expression import look_up
from mockserver.errors import ContractError


@dataclass(frozen=True, slots=True)
class Violation:
    """One place where a value breaks its schema."""

    pointer: str  # JSON pointer into the value
    keyword: str  # the schema keyword that was broken
    message: str
    field: str  # the name of the property to speak of, "body" if there is none
    missing: bool  # whether something required is absent (or empty)


class Validator:
    """A compiled schema that also opens JSON inside strings (`contentSchema`).

    Compiled at first use, with formats asserted, patterns matched in linear time, and no
    reference ever fetched.
    """

    def __init__(self, schema: Mapping[str, object], where: str) -> None:
        self.schema = schema
        self.where = where

    @cached_property
    def _compiled(self) -> jsonschema_rs.Draft202012Validator:
        try:
            return jsonschema_rs.Draft202012Validator(
                dict(self.schema),
                validate_formats=True,
                ignore_unknown_formats=True,
                pattern_options=jsonschema_rs.RegexOptions(),
                offline=True,
            )
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise ContractError(self.where, f"is not a usable JSON Schema: {reason}") from error

    @cached_property
    def _strings(self) -> tuple[tuple[tuple[str, ...], "Validator"], ...]:
        found = find_content(self.schema)
        return tuple((path, Validator(inner, self.where)) for path, inner in found)

    def accepts(self, value: object) -> bool:
        """Whether the value keeps the schema, JSON inside strings included."""
        if not self._compiled.is_valid(value):
            return False
        return not self._strings or not any(self._check_strings(value))

    def find_violations(self, value: object) -> list[Violation]:
        """Every place where the value breaks the schema; what is missing comes first."""
        found = [_describe(error, value) for error in self._compiled.iter_errors(value)]
        found.extend(self._check_strings(value))
        found.sort(key=lambda violation: not violation.missing)
        return found

    def _check_strings(self, value: object) -> Iterator[Violation]:
        for path, validator in self._strings:
            text = look_up(value, path)
            if not isinstance(text, str) or not text:
                continue
            pointer = "".join(f"/{name}" for name in path)
            try:
                inner = orjson.loads(text)
            except orjson.JSONDecodeError as error:
                yield Violation(pointer, "contentMediaType", f"not JSON: {error}", path[-1], False)
                continue
            for found in validator.find_violations(inner):
                yield Violation(
                    pointer + found.pointer,
                    found.keyword,
                    found.message,
                    found.field,
                    found.missing,
                )


def find_content(
    schema: Mapping[str, object], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Mapping[str, object]]]:
    """Each `contentSchema` under a schema's properties, with its place in the value."""
    inner = schema.get("contentSchema")
    if isinstance(inner, Mapping):
        yield path, inner
    properties = schema.get("properties")
    if isinstance(properties, Mapping):
        for name, child in properties.items():
            if isinstance(child, Mapping):
                yield from find_content(child, (*path, name))


def _describe(error: jsonschema_rs.ValidationError, value: object) -> Violation:
    path = list(error.instance_path)
    keyword = next((str(p) for p in reversed(error.schema_path) if isinstance(p, str)), "schema")
    names = [str(part) for part in path if isinstance(part, str)]
    missing = keyword == "required"
    if missing:
        names.append(str(getattr(error.kind, "property", "body")))
    elif keyword in ("minLength", "type", "minItems"):
        missing = _is_empty(value, path)
    pointer = "".join("/" + str(p).replace("~", "~0").replace("/", "~1") for p in path)
    return Violation(pointer, keyword, error.message, names[-1] if names else "body", missing)


def _is_empty(value: Any, path: list[str | int]) -> bool:
    for part in path:
        # The library found this path in the value; it takes a key of digits for an index.
        value = value[str(part) if isinstance(value, Mapping) else part]
    return bool(path) and value in (None, "", [])


class Answer(StrEnum):
    """What the algebra of schemas can say."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


def covers(wide: Mapping[str, object], narrow: Mapping[str, object]) -> Answer:
    """Whether one schema accepts every value that another accepts; JSON in strings stays closed.

    Yes and no are proofs. Unknown is all that can be said of what the algebra cannot express.
    """
    try:
        found = _canonicalize(wide).covers(_canonicalize(narrow))
    except (jsonschema_rs.ValidationError, CanonicalizationError, ValueError):
        return Answer.UNKNOWN
    return {Containment.YES: Answer.YES, Containment.NO: Answer.NO}.get(found, Answer.UNKNOWN)


def _canonicalize(schema: Mapping[str, object]) -> jsonschema_rs.CanonicalSchema:
    return jsonschema_rs.canonicalize(
        dict(schema),
        draft=jsonschema_rs.Draft202012,
        validate_formats=True,
        pattern_options=jsonschema_rs.RegexOptions(),
        offline=True,
    )
