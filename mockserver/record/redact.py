"""Takes secrets out of exchanges before anything is kept; the same secret, the same placeholder."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from mockserver.errors import RecordingError
from mockserver.record.exchange import Exchange, Headers
from mockserver.record.secret_shapes import (
    FIELDS,
    FORM_PART,
    PARAMETER,
    SCHEME,
    SHAPE,
    USERINFO,
    names_secret,
    signs_address,
)
from mockserver.record.secrets_given import FORMED, list_given
from mockserver.record.taint import Taint

MAX_LEARNT: Final = 64  # secrets that are looked for everywhere; each costs time
PLACEHOLDER: Final = re.compile(r"redacted-\d+")

# Headers that are kept as they are; the value of any other one is hidden.
HARMLESS: Final = frozenset(
    """accept accept-encoding accept-language accept-ranges access-control-allow-credentials
    access-control-allow-headers access-control-allow-methods access-control-allow-origin
    access-control-expose-headers access-control-max-age age allow alt-svc cache-control
    cf-cache-status connection content-disposition content-encoding content-language content-length
    content-range content-type date etag expect expires host idempotency-key if-modified-since
    if-none-match keep-alive last-modified link location origin pragma proxy-connection range
    ratelimit ratelimit-limit ratelimit-policy ratelimit-remaining ratelimit-reset referer
    retry-after sec-fetch-dest sec-fetch-mode sec-fetch-site server strict-transport-security te
    trailer transfer-encoding upgrade user-agent vary via warning x-content-type-options
    x-powered-by x-ratelimit-limit x-ratelimit-remaining x-ratelimit-reset x-request-id
    x-webhook-timestamp""".split()  # noqa: SIM905 - sixty lines would say no more
)
_BINARY: Final = re.compile(r"(?:image|video|audio|font)/|application/(?:octet-stream|zip|pdf)")


class SecretRemains(RecordingError):
    """A secret is still in what was to be written, so it was not written."""


class Redactor:
    """Hides what it is told, what it learns from each exchange, and what looks like a secret.

    `allow` names further headers whose values are kept, `first` the number of the first
    placeholder. It cannot be switched off.
    """

    def __init__(
        self, secrets: Iterable[str] = (), allow: Iterable[str] = (), first: int = 1
    ) -> None:
        self._taint = Taint()
        self._allow = HARMLESS.union(name.lower() for name in allow)
        self._allow = frozenset(name for name in self._allow if not names_secret(name))
        self._next = first
        self._placeholders: dict[str, str] = {}
        self.late = False  # whether a secret was learnt after something had been redacted
        self._has_begun = False
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: str) -> None:
        """Hide a value from now on, wherever it stands and however it is encoded."""
        value = secret.strip()
        if not PLACEHOLDER.search(value) and self._taint.add(value):
            self.late = self._has_begun

    def redact(self, exchange: Exchange) -> Exchange:
        """An exchange without its secrets; all that it gives away is learnt first."""
        for secret in list_given(exchange):
            if len(self._taint) < MAX_LEARNT:
                self.learn(secret)
        self._has_begun = True
        request = self._hide_headers(exchange.request_headers)
        response = self._hide_headers(exchange.response_headers)
        asked = self._hide_body(exchange.request_body, exchange.find_request_header("content-type"))
        told = self._hide_body(
            exchange.response_body, exchange.find_response_header("content-type")
        )
        return replace(
            exchange,
            url=self.redact_text(exchange.url),
            request_headers=_set_length(request, exchange.request_body, asked),
            request_body=asked,
            response_headers=_set_length(response, exchange.response_body, told),
            response_body=told,
            error=None if exchange.error is None else self.redact_text(exchange.error),
            task_id=None if exchange.task_id is None else self._hide_taints(exchange.task_id),
            notes=tuple(self.redact_text(note) for note in exchange.notes),
        )

    def redact_text(self, text: str) -> str:
        """Text without secrets, such as a line of a log."""
        data = text.encode("utf-8", "surrogatepass").decode("latin-1")
        return self._hide_all(data).encode("latin-1").decode("utf-8", "surrogatepass")

    def _hide_all(self, text: str) -> str:
        text = self._hide_taints(text)
        text = USERINFO.sub(lambda m: self._name(m.group()), text)
        text = PARAMETER.sub(self._hide_parameter, text)
        for field in FIELDS:
            text = field.sub(self._hide_field, text)
        text = SCHEME.sub(lambda m: m[1] + m[2] + self._name(m[3]), text)
        return SHAPE.sub(lambda m: self._name(m.group()), text)

    def check(self, data: bytes) -> None:
        """Raise SecretRemains if a known secret, or something of its shape, is in the data."""
        text = data.decode("latin-1")
        if self._taint.holds(text):
            raise SecretRemains("a secret is still in the exchange, so it was not written")
        if not _is_binary(data) and (match := SHAPE.search(text)):
            shown = match.group()[:4]
            raise SecretRemains(f"what looks like a secret ({shown}…) is still in the exchange")

    def _hide_headers(self, headers: Headers) -> Headers:
        return tuple((name, self._hide_header(name.lower(), value)) for name, value in headers)

    def _hide_header(self, name: str, value: str) -> str:
        if name in self._allow:
            return self.redact_text(value)
        scheme, blank, token = value.partition(" ")
        if "authorization" in name and blank and token.strip():
            return f"{scheme} {self._name(token.strip())}"
        return self._name(value) if value else value

    def _hide_body(self, body: bytes, media: str | None) -> bytes:
        if not body:
            return body
        text = body.decode("latin-1")
        if media and _BINARY.match(media.lower()):
            hidden = self._hide_taints(text)
        else:
            if media and media.lower().startswith(FORMED):
                text = PARAMETER.sub(self._hide_parameter, f"&{text}")[1:]
            hidden = FORM_PART.sub(self._hide_part, self._hide_all(text))
        return hidden.encode("latin-1")

    def _hide_taints(self, text: str) -> str:
        pieces, last = [], 0
        for start, end, secret in self._taint.find(text):
            pieces += [text[last:start], self._name(secret)]
            last = end
        return "".join([*pieces, text[last:]]) if pieces else text

    def _hide_parameter(self, match: re.Match[str]) -> str:
        if not signs_address(match[2]):
            return match.group()
        return match[1] + match[2] + match[3] + self._name(match[4])

    def _hide_field(self, match: re.Match[str]) -> str:
        if not names_secret(match[2]):
            return match.group()
        quote = f'{match[1]}"'
        return f"{quote}{match[2]}{quote}{match[3]}{quote}{self._name(match[4])}{quote}"

    def _hide_part(self, match: re.Match[str]) -> str:
        return match[1] + self._name(match[3]) if names_secret(match[2]) else match.group()

    def _name(self, secret: str) -> str:
        """The placeholder of a secret; a placeholder stays what it is."""
        if PLACEHOLDER.fullmatch(secret):
            return secret
        if secret not in self._placeholders:
            self._placeholders[secret] = f"redacted-{self._next}"
            self._next += 1
        return self._placeholders[secret]


def _is_binary(data: bytes) -> bool:
    return b"\0" in data[:1024]


def _set_length(headers: Headers, before: bytes, after: bytes) -> Headers:
    if len(before) == len(after):
        return headers
    length = str(len(after))
    return tuple((n, length if n.lower() == "content-length" else v) for n, v in headers)


def find_last_number(lines: Iterable[bytes]) -> int:
    """The highest number of a placeholder that a recording holds already."""
    find: Callable[[bytes], list[bytes]] = re.compile(rb"redacted-(\d{1,9})").findall
    return max((int(number) for line in lines for number in find(line)), default=0)
