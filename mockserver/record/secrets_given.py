"""The secrets that an exchange itself hands over: keys, cookies, passwords, by where they stand."""

import base64
import binascii
import contextlib
from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from mockserver.record.exchange import Exchange, Headers
from mockserver.record.secret_shapes import FIELDS, names_secret

FORMED: Final = "application/x-www-form-urlencoded"

_MAX_LOOKED_AT: Final = 1_048_576  # bytes of a body in which fields are looked for


def list_given(exchange: Exchange) -> Iterator[str]:
    """Each value that opens something, as far as its place tells."""
    yield from _read_headers(exchange.request_headers)
    yield from _read_headers(exchange.response_headers)
    yield from _read_url(exchange.url)
    yield from _read_fields(exchange.request_body)
    yield from _read_fields(exchange.response_body)
    if (exchange.find_request_header("content-type") or "").startswith(FORMED):
        yield from _read_pairs(exchange.request_body.decode("latin-1"))


def _read_url(url: str) -> Iterator[str]:
    with contextlib.suppress(ValueError):  # it is no address, so nobody is named in it
        password = urlsplit(url).password
        if password:
            yield unquote(password)
    yield from _read_pairs(url.partition("?")[2])


def _read_pairs(text: str) -> Iterator[str]:
    for name, value in parse_qsl(text):
        if names_secret(name):
            yield value


def _read_fields(body: bytes) -> Iterator[str]:
    if len(body) > _MAX_LOOKED_AT or b"\0" in body[:1024]:
        return
    text = body.decode("latin-1")
    for field in FIELDS:
        for match in field.finditer(text):
            if names_secret(match[2]):
                yield match[4]


def _read_headers(headers: Headers) -> Iterator[str]:
    for name, value in headers:
        lower = name.lower()
        if lower == "cookie":
            yield from (pair.partition("=")[2].strip() for pair in value.split(";"))
        elif "authorization" in lower:
            scheme, _, token = value.partition(" ")
            yield token.strip() or scheme
            if scheme.lower() == "basic":
                yield from _read_basic(token)
        elif names_secret(lower) and lower != "set-cookie":  # one comes with every answer
            yield value


def _read_basic(token: str) -> Iterator[str]:
    try:
        text = base64.b64decode(token.strip(), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return
    yield text
    yield text.partition(":")[2]
