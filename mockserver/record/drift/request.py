"""A request against what its operation declares, in the light of how it was answered."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import orjson

from mockserver.contract.document import escape
from mockserver.contract.leaf import JSON_TYPE
from mockserver.contract.model import Operation, Parameter, Role
from mockserver.contract.validate import Validator
from mockserver.record.drift.finding import ABSENT, Deviation
from mockserver.record.drift.kind import Kind
from mockserver.record.drift.reply import judge_texts
from mockserver.record.exchange import Exchange
from mockserver.record.fit import Fit

# Refusals that speak of the request; the others (no credits, too many calls) say nothing about it.
_OF_REQUEST: Final = frozenset(
    {"malformed", "missing_field", "bad_value", "unknown_model", "invalid_request"}
)
# Which addresses, and which files, are good no schema can say.
_OF_FILES: Final = frozenset({Role.LINK, Role.UPLOAD})
_SPELLED: Final = ("integer", "number", "boolean")  # types that are written as JSON
_NO_JSON: Final = object()


def judge_request(operation: Operation, exchange: Exchange, fit: Fit) -> Iterator[Deviation]:
    """What was sent against the contract and taken, or by the contract and refused."""
    try:
        breaches = [*_check_parameters(operation, exchange), *_check_body(operation, exchange)]
    except ValueError:
        # The library looks at 255 levels; what is deeper keeps no contract.
        breaches = [Deviation(Kind.ACCEPTED, "", "a body that is less deep")]
    moments = fit.form.shape.moments
    if not fit.form.is_refusal:
        yield from breaches
    elif breaches or fit.has_new_code or any(judge_texts(fit)) or operation.role in _OF_FILES:
        return  # both sides agree, or nobody can say what the refusal is about
    elif _OF_REQUEST.issuperset(moments):
        yield Deviation(Kind.REFUSED, "", "a request like this is taken", ABSENT, fit.moment)


def _check_parameters(operation: Operation, exchange: Exchange) -> Iterator[Deviation]:
    query = dict(parse_qsl(urlsplit(exchange.url).query, keep_blank_values=True))
    declared = [p for p in operation.parameters if p.where == "query"]
    for parameter in declared:
        yield from _check_parameter(parameter, query.pop(parameter.name, None))
    for name, value in query.items():
        yield Deviation(Kind.NEW_FIELD, f"?{name}", "no such parameter", value)


def _check_parameter(parameter: Parameter, text: str | None) -> Iterator[Deviation]:
    pointer = f"?{parameter.name}"
    if text is None:
        if parameter.required:
            yield Deviation(Kind.ACCEPTED, pointer, "required")
        return
    value = _decode(text) if parameter.schema.get("type") in _SPELLED else text
    validator = Validator(parameter.schema, pointer)
    if not validator.accepts(text if value is _NO_JSON else value):
        yield Deviation(Kind.ACCEPTED, pointer, "another value", text)


def _check_body(operation: Operation, exchange: Exchange) -> Iterator[Deviation]:
    media = (exchange.find_request_header("content-type") or JSON_TYPE).partition(";")[0].strip()
    if operation.body is None or media.lower() != JSON_TYPE:
        return  # of a form, only its fields are declared, and files are not looked into
    value = _decode(exchange.request_body)
    if value is _NO_JSON:
        if operation.body.required:
            yield Deviation(Kind.ACCEPTED, "", "a body of JSON")
        return
    variant = operation.body.choose(value)
    if variant is None:
        name = operation.body.discriminator or ""
        model = value.get(name, ABSENT) if isinstance(value, dict) else ABSENT
        yield Deviation(Kind.NEW_MODEL, f"/{escape(name)}", "one of the listed models", model)
        return
    for violation in variant.find_violations(value):
        missing = f"/{escape(violation.field)}" if violation.keyword == "required" else ""
        pointer = violation.pointer + missing
        yield Deviation(Kind.ACCEPTED, pointer, f"{violation.keyword} is kept")
    for pointer in variant.find_undeclared(value):
        yield Deviation(Kind.NEW_FIELD, pointer, "no such field")


def _decode(text: str | bytes) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return _NO_JSON
