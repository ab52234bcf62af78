"""Replies of the control API."""

from typing import Any, Final

import orjson
from starlette.responses import Response

# The API shows what clients sent: nothing keeps it, and nothing takes it for a page.
PRIVATE: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


def encode(value: Any) -> bytes:
    """A value as JSON."""
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS)


def answer(value: Any, status: int = 200) -> Response:
    """A JSON value as a reply."""
    return Response(encode(value), status, PRIVATE, "application/json")
