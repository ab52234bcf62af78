"""A matcher of known secrets, however they stand in a text: as they are, encoded, escaped."""

import base64
import json
import re
from collections.abc import Iterator
from html import escape
from typing import Final
from urllib.parse import quote, quote_plus

MIN_LENGTH: Final = 6  # of a secret that is looked for everywhere; a shorter one is a common word

_PARTING: Final = re.compile(r"[&=;?#:+\s]")  # where a query, a form or a user:password is split
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]")
_MIN_PIECE: Final = 8  # of a part of a secret that is a secret of its own


class Taint:
    """Finds secrets in text, in any encoding, and puts placeholders in their places.

    Text is bytes read as Latin-1, so that every body can be one.
    """

    def __init__(self) -> None:
        self._any_case: dict[str, str] = {}  # form, in lower case -> secret
        self._base64: dict[str, str] = {}
        self._secrets: set[str] = set()

    def __len__(self) -> int:
        return len(self._secrets)

    def add(self, secret: str) -> bool:
        """Look for a secret from now on; whether it is new, and long enough to be looked for."""
        if len(secret) < MIN_LENGTH or secret in self._secrets:
            return False
        self._secrets.add(secret)
        for form in list_forms(secret):
            self._any_case.setdefault(form.lower(), secret)
        for form in list_base64_forms(secret.encode("utf-8", "surrogatepass")):
            self._base64.setdefault(form, secret)
        return True

    def holds(self, text: str) -> bool:
        """Whether a secret is somewhere in a text."""
        lowered = text.lower()
        return any(form in lowered for form in self._any_case) or any(
            form in text for form in self._base64
        )

    def find(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Start, end and secret of each place; base64 from its beginning to its end."""
        # A plain search for each form costs a tenth of one pattern for all of them.
        lowered = text.lower()
        found = [
            (match.start(), match.end(), self._any_case[form])
            for form in self._any_case
            if form in lowered
            for match in re.finditer(re.escape(form), lowered)
        ]
        found += [
            (*_widen(text, match.start(), match.end()), self._base64[form])
            for form in self._base64
            if form in text
            for match in re.finditer(re.escape(form), text)
        ]
        last = 0
        for start, end, secret in sorted(found, key=lambda place: (place[0], -place[1])):
            if end > last:
                yield max(start, last), end, secret
                last = end


def _widen(text: str, start: int, end: int) -> tuple[int, int]:
    """The whole run of base64 around a part of it."""
    while start and _BASE64.match(text[start - 1]):
        start -= 1
    while end < len(text) and (_BASE64.match(text[end]) or text[end] == "="):
        end += 1
    return start, end


def list_forms(secret: str) -> set[str]:
    """A secret as it may stand in a text, in any case: raw, percent, JSON, HTML, hexadecimal."""
    forms: set[str] = set()
    for text in (secret, secret.upper(), secret.lower()):
        raw = text.encode("utf-8", "surrogatepass")
        encoded = {quote(raw), quote(raw, safe=""), quote_plus(raw)}
        forms |= encoded | {quote(form, safe="") for form in encoded}  # once and twice
        forms |= {raw.hex(), raw.hex(" "), raw.hex(":"), "".join(f"%{byte:02x}" for byte in raw)}
        plain = {
            text,
            escape(text),
            json.dumps(text)[1:-1],
            json.dumps(text, ensure_ascii=False)[1:-1],
        }
        plain |= {form.replace("/", "\\/") for form in plain}
        plain |= {json.dumps(form, ensure_ascii=False)[1:-1] for form in plain}  # JSON in JSON
        forms |= {_to_latin(form) for form in plain}
        forms.add("".join(f"\\u{ord(char):04x}" for char in text))
    forms |= {_to_latin(part) for part in _PARTING.split(secret) if len(part) >= _MIN_PIECE}
    return {form for form in forms if len(form) >= MIN_LENGTH}


def _to_latin(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


def list_base64_forms(raw: bytes) -> set[str]:
    """What all base64 has in common that holds these bytes, wherever they begin in it."""
    forms: set[str] = set()
    for skipped in range(3):
        padded = bytes(skipped) + raw
        whole = len(padded) // 3 * 4  # the letters that depend on nothing that follows
        first = (skipped * 8 + 5) // 6  # the letters that depend on what stands before
        for coded in (base64.b64encode(padded), base64.urlsafe_b64encode(padded)):
            form = coded[first:whole].decode("ascii")
            if len(form) >= MIN_LENGTH:
                forms.add(form)
    return forms
