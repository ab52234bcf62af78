"""Chance without a stream: a draw is a hash of a seed, a purpose and what it is about."""

import os
import re
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from typing import Final

Part = str | bytes | int

_FIELD: Final = re.compile(r"\{(\w+)(?::(\d{1,2}))?\}", re.ASCII)
_UPPER: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ALNUM: Final = "abcdefghijklmnopqrstuvwxyz0123456789"


class Draw:
    """What one hash decides; equal parts decide equally, whatever was drawn before."""

    __slots__ = ("_digest",)

    def __init__(self, digest: bytes) -> None:
        self._digest = digest

    def fraction(self) -> float:
        """A number from 0 up to, but not including, 1."""
        return int.from_bytes(self._digest[:6]) / (1 << 48)

    def pick_between(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int.from_bytes(self._digest[:7]) % (high - low + 1)

    def hex(self, length: int) -> str:
        """Up to 99 lower-case hex digits."""
        return self._digest.hex()[:length]

    def fill(self, pattern: str) -> str:
        """Text with the fields of a pattern filled in: {uuid} {hex:32} {digits:13} {upper:8}."""
        text, field = "", 0
        for literal, fill, size in parse_pattern(pattern):
            text += literal
            if fill is not None:
                text += fill(self.branch(b"%d" % field) if field else self, size)
                field += 1
        return text

    def branch(self, name: bytes) -> "Draw":
        """Another draw about the same, told apart from its other branches by a name."""
        return Draw(blake2b(self._digest + name).digest())

    def spell(self, alphabet: str, length: int) -> str:
        """A word of up to 99 letters of an alphabet."""
        number = int.from_bytes(self._stretch(2 * length))
        letters = []
        for _ in range(length):
            number, place = divmod(number, len(alphabet))
            letters.append(alphabet[place])
        return "".join(letters)

    def _stretch(self, length: int) -> bytes:
        digest = self._digest  # 64 bytes
        while len(digest) < length:
            digest += blake2b(digest).digest()
        return digest


def draw(seed: int, purpose: str, *parts: Part) -> Draw:
    """The draw for a purpose, a single word; ("ab", "c") draws otherwise than ("a", "bc")."""
    return Draw(blake2b(f"{seed} {purpose} {parts!r}".encode("utf-8", "surrogatepass")).digest())


Fill = Callable[[Draw, int], str]


def _fill_uuid(draw: Draw, _: int) -> str:
    digits = draw.hex(32)
    variant = "89ab"[int(digits[16], 16) % 4]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


_FILLS: Final[dict[str, Fill]] = {
    "uuid": _fill_uuid,
    "hex": Draw.hex,
    "digits": lambda draw, size: draw.spell("0123456789", size),
    "upper": lambda draw, size: draw.spell(_UPPER, size),
    "alnum": lambda draw, size: draw.spell(_ALNUM, size),
}


@lru_cache(maxsize=256)
def parse_pattern(pattern: str) -> tuple[tuple[str, Fill | None, int], ...]:
    """The fields of an id pattern, each after its literal text; ValueError names an unknown one."""
    pieces: list[tuple[str, Fill | None, int]] = []
    end = 0
    for match in _FIELD.finditer(pattern):
        name, size = match.groups()
        if name not in _FILLS or (size is None) != (name == "uuid") or size == "0":
            known = "{uuid}, {hex:N}, {digits:N}, {upper:N}, {alnum:N}"
            raise ValueError(f"{match.group()} in {pattern!r} is no field of an id; use {known}")
        pieces.append((pattern[end : match.start()], _FILLS[name], int(size or 0)))
        end = match.end()
    return (*pieces, (pattern[end:], None, 0))


def make_token() -> str:
    """A secret that nobody guesses, the one thing here that no seed decides: 32 hex digits."""
    return os.urandom(16).hex()
