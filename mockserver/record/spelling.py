"""How a text can be written in a body of JSON."""

from collections.abc import Iterator

import orjson


def list_spellings(one: str, other: str) -> Iterator[tuple[bytes, bytes]]:
    """Two texts as JSON writes them, in a string and in a string of one; slashes either way."""
    for _ in range(3):
        one, other = orjson.dumps(one).decode()[1:-1], orjson.dumps(other).decode()[1:-1]
        yield one.encode(), other.encode()
        yield one.replace("/", "\\/").encode(), other.replace("/", "\\/").encode()


def replace_text(data: bytes, one: str, other: str) -> bytes:
    """A body in which one text is another, however it is written."""
    for old, new in list_spellings(one, other):
        data = data.replace(old, new)
    return data
