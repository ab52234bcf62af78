"""Checks that read a reply's body where schemathesis's own judge by its HTTP status."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

import orjson

from mockserver.checks.subject import find_contract, find_operation, read_response
from mockserver.contract.model import Role
from mockserver.contract.moments import OK, Phase

if TYPE_CHECKING:
    from schemathesis import Case, CheckContext, Response

Check = Callable[["CheckContext", "Response", "Case[Any]"], bool | None]

# The HTTP status that says what a moment says.
_STATUS_OF: Final[Mapping[str, int]] = {
    OK: 200,
    **dict.fromkeys(Phase, 200),
    "unauthorized": 401,
    "malformed": 400,
    "missing_field": 400,
    "bad_value": 400,
    "unknown_model": 400,
    "invalid_request": 400,
    "not_found": 404,
    "not_yet_visible": 404,
    "expired": 404,
    "insufficient_credits": 402,
    "key_limit_reached": 429,
    "rate_limited": 429,
    "too_many_active": 409,
    "conflict": 409,
    "generation_failed": 409,
    "feature_disabled": 403,
    "no_such_resource": 404,
}
_SERVER_ERROR: Final = 500  # of every other moment: maintenance, server_error
_BAD_REQUEST: Final = 400
_STRANGER: Final = "Bearer no-key-of-this-service"
_REFUSED_METHOD: Final = frozenset({404, 405})

REPLACED: Final = (
    "ignored_auth",
    "missing_required_header",
    "negative_data_rejection",
    "not_a_server_error",
    "positive_data_acceptance",
    "unsupported_method",
)


def list_replaced() -> list[Check]:
    """Schemathesis's own checks in whose place those of this module stand."""
    return [_find_own(name) for name in REPLACED]


def reply_is_declared(_: "CheckContext", response: "Response", case: "Case[Any]") -> None:
    """A reply has exactly one of its operation's shapes, JSON in strings included."""
    if _has_undeclared_method(case):
        return
    contract = find_contract(case)
    operation = find_operation(contract, case)
    readings = read_response(contract, operation, response)
    if len(readings) != 1:
        fits = ", ".join(repr(reading.shape) for reading in readings) or "no shape"
        raise AssertionError(f"the reply has {fits} of {operation.id}, not exactly one")
    shape = readings[0].shape
    if response.status_code not in {shape.status, shape.code}:
        problem = f"came with status {response.status_code}, not {shape.status}"
        raise AssertionError(f"the reply {shape!r} {problem}")


def valid_request_is_served(
    ctx: "CheckContext", response: "Response", case: "Case[Any]"
) -> bool | None:
    """What keeps the schema is not refused as a bad request."""
    contract = find_contract(case)
    translated = translate(response, case)
    operation = find_operation(contract, case)
    is_choosy = operation.role in (Role.LINK, Role.MODEL) or operation.upload is not None
    if is_choosy and translated.status_code == _BAD_REQUEST:
        return True  # only own files, known models, true base64 are good: no schema can say so
    return _find_own("positive_data_acceptance")(ctx, translated, case)


def invalid_request_is_refused(
    ctx: "CheckContext", response: "Response", case: "Case[Any]"
) -> bool | None:
    """What breaks the schema is refused."""
    body = find_operation(find_contract(case), case).body
    if body is not None and "multipart/form-data" in body.media_types:
        return True  # in a form, whatever is sent is a text, or a file
    sent = parse_qsl(urlsplit(str(response.request.url)).query, keep_blank_values=True)
    if len(dict(sent)) < len(sent) or "" in dict(sent).values():
        return True  # an empty parameter counts as absent, and of a repeated one the first counts
    return _find_own("negative_data_rejection")(ctx, translate(response, case), case)


def missing_header_is_refused(
    ctx: "CheckContext", response: "Response", case: "Case[Any]"
) -> bool | None:
    """A request without a required header is refused."""
    return _find_own("missing_required_header")(ctx, translate(response, case), case)


def server_error_is_not_sent(
    ctx: "CheckContext", response: "Response", case: "Case[Any]"
) -> bool | None:
    """Nothing that is sent makes the server say that it has failed."""
    return _find_own("not_a_server_error")(ctx, translate(response, case), case)


def key_is_asked_for(_: "CheckContext", response: "Response", case: "Case[Any]") -> None:
    """A request that is served with its key is refused without one, and with a wrong one."""
    operation = find_operation(find_contract(case), case)
    if not operation.keyed or translate(response, case).status_code != 200:
        return
    for key in (None, _STRANGER):
        probe = case.call(headers={"Authorization": key})
        if translate(probe, case).status_code != 401:
            told = "without a key" if key is None else "with a wrong key"
            raise AssertionError(f"{operation.id} {told} answered {probe.text[:200]}")


def undeclared_method_is_refused(
    _: "CheckContext", response: "Response", case: "Case[Any]"
) -> None:
    """A method that is not declared is answered as the contract answers an unknown path."""
    if not _has_undeclared_method(case):
        return
    shape = find_contract(case).unknown_path
    statuses = _REFUSED_METHOD if shape is None else {shape.status}
    if response.status_code not in statuses:
        raise AssertionError(f"{case.method} got status {response.status_code}")
    if shape is not None and case.method != "HEAD":
        found = shape.find_violations(orjson.loads(response.content))
        if found:
            raise AssertionError(f"{case.method} got no reply to an unknown path: {found[0]}")


CHECKS: Final[tuple[Check, ...]] = (
    reply_is_declared,
    valid_request_is_served,
    invalid_request_is_refused,
    missing_header_is_refused,
    server_error_is_not_sent,
    key_is_asked_for,
    undeclared_method_is_refused,
)


def translate(response: "Response", case: "Case[Any]") -> "Response":
    """The same response under the HTTP status that its body means, as far as that is declared."""
    from schemathesis import Response

    if _has_undeclared_method(case):
        return response
    contract = find_contract(case)
    readings = read_response(contract, find_operation(contract, case), response)
    if not readings:
        return response
    return Response(
        status_code=_STATUS_OF.get(readings[0].moments[0], _SERVER_ERROR),
        headers=response.headers,
        content=response.content,
        request=response.request,
        elapsed=response.elapsed,
        verify=response.verify,
    )


def _has_undeclared_method(case: "Case[Any]") -> bool:
    sent, declared = str(case.method), str(case.operation.method)
    return sent.upper() != declared.upper()


def _find_own(name: str) -> Check:
    """A check that comes with schemathesis."""
    from schemathesis import checks

    check: Check = getattr(checks, name)
    return check
