"""Bodies and queries of control calls: known names with values of a kind, or a clear refusal."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final
from urllib.parse import unquote

from starlette.requests import Request

from mockserver.engine.call import Malformed
from mockserver.hint import suggest
from mockserver.web.asgi import read_body
from mockserver.web.decode import decode_json


class ControlError(Exception):
    """A control call that cannot be done; it says what is wrong, and what to do."""

    def __init__(self, status: int, error: str, hint: str = "") -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.hint = hint


@dataclass(frozen=True, slots=True)
class FieldKind:
    """What the value of a field may be."""

    words: str
    fits: Callable[[Any], bool]


TEXT: Final = FieldKind("a text", lambda value: isinstance(value, str))
SPAN: Final = FieldKind("a text such as '30s'", TEXT.fits)
TEXT_OR_NULL: Final = FieldKind("a text or null", lambda value: isinstance(value, str | None))
SEED: Final = FieldKind(
    "a whole number of 18 digits at most", lambda value: type(value) is int and 0 <= value < 10**18
)
NUMBER: Final = FieldKind(
    "a number below a million million",
    lambda value: type(value) in {int, float} and isfinite(value) and abs(value) < 1e12,
)
FLAG: Final = FieldKind("true or false", lambda value: isinstance(value, bool))


async def read_object(request: Request, example: str) -> dict[str, Any]:
    """The JSON object in the body; raises ControlError for anything else."""
    raw = await read_body(request.receive, request.headers)
    if isinstance(raw, Malformed):
        raise ControlError(413, raw.reason)
    fields = decode_json(raw or b"", request.headers.get("content-type"))
    if isinstance(fields, Malformed):
        raise ControlError(400, fields.reason, f"send a JSON object: {example}")
    if not isinstance(fields, dict):
        raise ControlError(400, "the body is no JSON object", f"send one: {example}")
    return fields


async def read_fields(request: Request, kinds: Mapping[str, FieldKind]) -> dict[str, Any]:
    """The fields of a JSON object in the body; raises ControlError for anything else."""
    fields = await read_object(request, f"it takes {', '.join(kinds)}")
    for name, value in fields.items():
        if name not in kinds:
            raise ControlError(400, f"there is no field {name!r} here", suggest(name, kinds))
        if not kinds[name].fits(value):
            raise ControlError(400, f"{name!r} must be {kinds[name].words}")
    return fields


def read_part(request: Request, name: str) -> str:
    """A part of the path, percent-decoded; the path itself is matched as it was sent."""
    return unquote(str(request.path_params[name]))


def read_filters(request: Request, known: Iterable[str]) -> dict[str, str]:
    """The parameters of a query; raises ControlError for one that is not known."""
    for name in request.query_params:
        if name not in known:
            raise ControlError(400, f"there is no filter {name!r} here", suggest(name, known))
    return dict(request.query_params)


def read_count(filters: Mapping[str, str], name: str, default: int) -> int:
    """A filter that is a whole number from 0 on."""
    text = filters.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise ControlError(400, f"{name!r} must be a whole number, 0 or more")
    return int(text)
