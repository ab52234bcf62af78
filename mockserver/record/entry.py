"""An exchange as an entry of a HAR 1.2 file, and back, whoever wrote the entry."""

import base64
import binascii
import contextlib
import gzip
import re
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson

from mockserver.record.exchange import Exchange, Headers, Kind, find_header

MAX_UNPACKED: Final = 128 * 1024 * 1024  # bytes of one body once it is decompressed
GZIP: Final = b"\x1f\x8b"

_BINARY_TYPE: Final = re.compile(r"(?:image|video|audio|font)/(?!svg)|application/octet-stream")
_TIMINGS: Final = {"blocked": -1, "dns": -1, "connect": -1, "ssl": -1, "send": 0, "receive": 0}
_INBOUND: Final = "inbound"
_OWN_FIELDS: Final = {"_provider": "provider", "_operation": "operation", "_role": "role"}


def write_entry(exchange: Exchange) -> dict[str, Any]:
    """The entry of an exchange, its bodies in place; `_` fields hold what HAR has no word for."""
    start = datetime.fromtimestamp(exchange.started / 1000, UTC)
    entry: dict[str, Any] = {
        "startedDateTime": start.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "time": exchange.elapsed,
        "request": _write_request(exchange),
        "response": _write_response(exchange),
        "cache": {},
        "timings": {**_TIMINGS, "wait": exchange.elapsed},
    }
    for field, name in _OWN_FIELDS.items():
        if (value := getattr(exchange, name)) is not None:
            entry[field] = value
    if exchange.task_id is not None:
        entry["_lane"] = exchange.task_id
    if exchange.kind is not Kind.CALL:
        entry["_kind"] = exchange.kind.value
    if exchange.kind is Kind.CALLBACK:
        entry["_direction"] = _INBOUND
    if exchange.error is not None:
        entry["_error"] = {"kind": exchange.error, "after_bytes": len(exchange.response_body)}
    if exchange.notes:
        entry["_notes"] = list(exchange.notes)
    return entry


def _write_request(exchange: Exchange) -> dict[str, Any]:
    query = parse_qsl(exchange.url.partition("?")[2], keep_blank_values=True)
    request: dict[str, Any] = {
        "method": exchange.method,
        "url": exchange.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _write_pairs(exchange.request_headers),
        "queryString": _write_pairs(tuple(query)),
        "headersSize": -1,
        "bodySize": len(exchange.request_body),
    }
    if exchange.request_body:
        media = find_header(exchange.request_headers, "content-type") or ""
        text, encoding = _write_body(exchange.request_body, media)
        request["postData"] = {"mimeType": media, "text": text}
        if encoding:
            request["postData"]["_encoding"] = encoding  # HAR 1.2 has no word for it here
    return request


def _write_response(exchange: Exchange) -> dict[str, Any]:
    media = find_header(exchange.response_headers, "content-type") or ""
    text, encoding = _write_body(exchange.response_body, media)
    content: dict[str, Any] = {"size": len(exchange.response_body), "mimeType": media, "text": text}
    if encoding:
        content["encoding"] = encoding
    return {
        "status": exchange.status or 0,
        "statusText": "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _write_pairs(exchange.response_headers),
        "content": content,
        "redirectURL": find_header(exchange.response_headers, "location") or "",
        "headersSize": -1,
        "bodySize": len(exchange.response_body),
    }


def _write_pairs(pairs: Headers) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def _write_body(body: bytes, media: str) -> tuple[str, str | None]:
    """Text as it is, everything else in base64."""
    if not _BINARY_TYPE.match(media) and b"\0" not in body:
        with contextlib.suppress(UnicodeDecodeError):
            return body.decode("utf-8"), None
    return base64.b64encode(body).decode("ascii"), "base64"


def read_entry(entry: Mapping[str, Any]) -> Exchange:
    """The exchange of an entry, from whichever recorder; what is missing is left empty.

    Raises ValueError with the reason if it is no entry at all.
    """
    request, response = find_object(entry, "request"), find_object(entry, "response")
    url = request.get("url")
    if not isinstance(url, str) or not url:
        raise ValueError("its request has no url")
    headers = read_pairs(response.get("headers"))
    body = _read_content(find_object(response, "content"), headers)
    return Exchange(
        started=_read_instant(entry.get("startedDateTime")),
        elapsed=_read_number(entry.get("time")),
        method=str(request.get("method") or "GET").upper(),
        url=url,
        request_headers=read_pairs(request.get("headers")),
        request_body=_read_post(find_object(request, "postData")),
        status=_read_status(response),
        response_headers=headers,
        response_body=body,
        error=_read_error(entry, response),
        **_read_annotations(entry),
    )


def find_object(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object under a name; an empty one if something else is there, or nothing."""
    found = value.get(name)
    return found if isinstance(found, Mapping) else {}


def _read_annotations(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Our own fields; another recorder may use the same names for other things."""
    found: dict[str, Any] = {}
    for field, name in {**_OWN_FIELDS, "_lane": "task_id"}.items():
        if isinstance(entry.get(field), str):
            found[name] = entry[field]
    if isinstance(entry.get("_kind"), str) and entry["_kind"] in list(Kind):
        found["kind"] = Kind(entry["_kind"])
    elif entry.get("_direction") == _INBOUND:
        found["kind"] = Kind.CALLBACK
    if isinstance(notes := entry.get("_notes"), list):
        found["notes"] = tuple(str(note) for note in notes)
    return found


def _read_error(entry: Mapping[str, Any], response: Mapping[str, Any]) -> str | None:
    """The name of what went wrong: ours, or "net::ERR_CONNECTION_REFUSED" as others write it.

    Browsers and mitmproxy put it into the response, browsers also into one that is complete.
    """
    error = entry.get("_error")
    if isinstance(error, Mapping):
        return str(error.get("kind"))
    if not error and _read_status(response) is None:
        error = response.get("_error")
    return error if isinstance(error, str) and error else None


def read_pairs(pairs: object) -> Headers:
    """Names and values of a HAR list; what is not one is passed over."""
    if not isinstance(pairs, list):
        return ()
    return tuple(
        (str(pair["name"]), str(pair.get("value", "")))
        for pair in pairs
        if isinstance(pair, Mapping) and "name" in pair
    )


def _read_instant(text: object) -> int:
    if not isinstance(text, str):
        return 0
    try:
        moment = datetime.fromisoformat(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0, round(aware.timestamp() * 1000))
    except (ValueError, OverflowError) as error:
        raise ValueError(f"its startedDateTime {text!r} is no time") from error


def _read_status(response: Mapping[str, Any]) -> int | None:
    """The status of a whole answer: 0, and numbers that are none, stand for no answer."""
    status = _read_number(response.get("status"))
    return status if 200 <= status <= 599 else None


def _read_number(value: object) -> int:
    return round(value) if isinstance(value, int | float) and 0 <= value < 1e12 else 0


def _read_post(post: Mapping[str, Any]) -> bytes:
    text = post.get("text")
    if not isinstance(text, str):
        return b""
    return _decode(text) if post.get("_encoding", post.get("encoding")) == "base64" else _to(text)


def _read_content(content: Mapping[str, Any], headers: Headers) -> bytes:
    text = content.get("text")
    if not isinstance(text, str):
        return b""
    if content.get("encoding") != "base64":
        return _to(text)
    body = _join_chunks(text) if text.startswith("[") else _decode(text)
    is_packed = body.startswith(GZIP) and find_header(headers, "content-encoding") == "gzip"
    return _unpack(body) if is_packed else body


def _to(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except binascii.Error as error:
        raise ValueError(f"its body is no base64: {error}") from error


def _join_chunks(text: str) -> bytes:
    """A body that came compressed, as Polly.js keeps it: a list of its chunks, each in base64."""
    try:
        chunks = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"its body is no list of chunks: {error}") from error
    return b"".join(_decode(str(chunk)) for chunk in chunks)


def _unpack(body: bytes) -> bytes:
    try:
        stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        unpacked = stream.decompress(body, MAX_UNPACKED)
    except (zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"its body is no gzip: {error}") from error
    if stream.unconsumed_tail:
        raise ValueError(f"its body unpacks to more than {MAX_UNPACKED >> 20} MiB")
    return unpacked
