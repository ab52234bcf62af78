"""How a text can be written in a body of JSON, and one text put in the place of another."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

import orjson

_SLASHES: Final = ("/", "\\/", "\\\\/", "\\\\\\/")  # as they are, escaped, escaped in a string
# What goes on after an address makes it another one; a query of its own does not.
_NO_MORE: Final = rb"(?![\w%-]|\.\w|\\*/)"


def list_spellings(one: str, other: str) -> Iterator[tuple[bytes, bytes]]:
    """Two texts as JSON writes them, in a string and in a string of one; slashes either way."""
    seen = set()
    for old, new in _list_levels(one, other):
        for slash in _SLASHES:
            spelled = old.replace("/", slash)
            if spelled not in seen:
                seen.add(spelled)
                yield spelled.encode(), new.replace("/", slash).encode()


def replace_texts(data: bytes, texts: Mapping[str, str]) -> bytes:
    """A body in which some texts are others, however they are written; longer ones go first."""
    for one in sorted(texts, key=len, reverse=True):
        for old, new in _list_levels(one, texts[one]):
            data = data.replace(old.encode(), new.encode())
    return data


def replace_addresses(data: bytes, addresses: Mapping[str, str]) -> bytes:
    """The same for addresses: whole ones only, their slashes escaped as often as one likes."""
    for one in sorted(addresses, key=len, reverse=True):
        for old, new in _list_levels(one, addresses[one]):
            if old.encode().rpartition(b"/")[2] in data:
                data = _replace_address(data, old.encode(), new.encode())
    return data


def _replace_address(data: bytes, old: bytes, new: bytes) -> bytes:
    first, *rest = map(re.escape, old.split(b"/"))
    if not rest:
        return data
    pattern = first + rb"(\\*)/" + rb"\\*/".join(rest) + _NO_MORE
    return re.sub(pattern, lambda found: new.replace(b"/", bytes(found[1]) + b"/"), data)


def _list_levels(one: str, other: str) -> Iterator[tuple[str, str]]:
    seen = set()
    for _ in range(3):
        one, other = orjson.dumps(one).decode()[1:-1], orjson.dumps(other).decode()[1:-1]
        if one not in seen:
            seen.add(one)
            yield one, other
