"""How a text can be written in a body of JSON, and one text put in the place of another."""

from collections.abc import Iterator, Mapping

import orjson

_SLASHES = ("/", "\\/", "\\\\/", "\\\\\\/")  # as they are, escaped, escaped in a string of JSON


def list_spellings(one: str, other: str) -> Iterator[tuple[bytes, bytes]]:
    """Two texts as JSON writes them, in a string and in a string of one; slashes either way."""
    seen = set()
    for _ in range(3):
        one, other = orjson.dumps(one).decode()[1:-1], orjson.dumps(other).decode()[1:-1]
        for slash in _SLASHES:
            spelled = one.replace("/", slash)
            if spelled not in seen:
                seen.add(spelled)
                yield spelled.encode(), other.replace("/", slash).encode()


def replace_texts(data: bytes, texts: Mapping[str, str]) -> bytes:
    """A body in which some texts are others, however they are written; longer ones go first."""
    for one in sorted(texts, key=len, reverse=True):
        for old, new in list_spellings(one, texts[one]):
            data = data.replace(old, new)
    return data
