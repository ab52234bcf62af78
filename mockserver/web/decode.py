"""Request bodies: bytes become a JSON value, or one sentence that says why not."""

import re
from typing import Final

import orjson

from mockserver.engine.call import Malformed

# What is left of a body to see whether it needs a closer look: digits as "0", opening brackets as
# "[", and what ends a number. A long run of zeros means that some number may not fit into 64 bits.
# This costs a tenth of a search with a regular expression.
_KEPT: Final = b"0123456789[{,:]}"
_REST: Final = bytes(byte for byte in range(256) if byte not in _KEPT)
_OUTLINE: Final = bytes.maketrans(_KEPT, b"0000000000[[    ")
_LONG_RUN: Final = b"0" * 19
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|[\[\]{}]')
_LOWEST: Final = -(2**63)
_HIGHEST: Final = 2**64 - 1
MAX_DEPTH: Final = 200  # orjson reads 1,024 levels, but writes only 254

_PLAIN_JSON: Final = frozenset({"application/json", "application/json; charset=utf-8"})
_UTF_8: Final = frozenset({"utf-8", "utf8", "us-ascii"})


def decode_json(raw: bytes, content_type: str | None) -> object:
    """The JSON value of a request body, or Malformed with the reason.

    An absent content type passes for JSON. Numbers are kept exactly or refused: what orjson would
    silently turn from an integer into a float is Malformed.
    """
    if content_type is not None and content_type not in _PLAIN_JSON:
        problem = _find_type_problem(content_type)
        if problem is not None:
            return Malformed(problem)
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        return Malformed(_explain(raw, error))
    outline = raw.translate(_OUTLINE, _REST)
    if _LONG_RUN in outline and (number := _find_lossy_number(raw)) is not None:
        return Malformed(f"the number {number} in the body does not fit into 64 bits")
    if outline.count(b"[") > MAX_DEPTH and _measure_depth(raw) > MAX_DEPTH:
        return Malformed(f"the body is nested deeper than {MAX_DEPTH} levels")
    return value


def _find_type_problem(content_type: str) -> str | None:
    """What is wrong with a Content-Type that is not the usual one."""
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    if media_type != "application/json" and not media_type.endswith("+json"):
        return f"Content-Type {media_type!r} is not JSON; send application/json"
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip(' "') not in _UTF_8:
            return f"Content-Type names the charset {value!r}; JSON is sent as UTF-8"
    return None


def _explain(raw: bytes, error: orjson.JSONDecodeError) -> str:
    if not raw.strip(b" \t\r\n"):
        return "the body is empty; send a JSON object"
    return f"the body is not JSON: {error}"


def _find_lossy_number(raw: bytes) -> str | None:
    """The first integer outside 64 bits, shortened, in a body that is valid JSON."""
    for match in _TOKEN.finditer(raw):
        token = match.group()
        digits = token.removeprefix(b"-")
        if digits.isdigit() and (len(digits) > 20 or not _LOWEST <= int(token) <= _HIGHEST):
            text = token.decode()
            return text if len(text) <= 40 else f"{text[:37]}..."
    return None


def _measure_depth(raw: bytes) -> int:
    """How many arrays and objects stand inside each other, in a body that is valid JSON."""
    depth = deepest = 0
    for match in _TOKEN.finditer(raw):
        token = match.group()
        if token in (b"[", b"{"):
            depth += 1
            deepest = max(deepest, depth)
        elif token in (b"]", b"}"):
            depth -= 1
    return deepest
