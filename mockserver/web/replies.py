"""Replies of the control API."""

from typing import Any

import orjson
from starlette.responses import Response

# The API shows what clients sent: nothing keeps it, and nothing takes it for a page.
_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


def answer(value: Any, status: int = 200) -> Response:
    """A JSON value as a reply."""
    body = orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS)
    return Response(body, status, _HEADERS, "application/json")
