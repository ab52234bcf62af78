"""An API key: how it is told apart, how it is shown, and what it asks for.

`sk-mock-<name>[.<scenario>[.<seed>]]` chooses a scenario and a seed. Any other key is only a name;
of those nothing is kept but a hash, since they may be real.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Final

MOCK_PREFIX: Final = "sk-mock-"

_HARMLESS: Final = re.compile(r"test|mock|fake|dummy|example|sample|demo|your|xxx", re.IGNORECASE)
_GRAMMAR: Final = "a key is sk-mock-<name>[.<scenario>[.<seed>]]"


@dataclass(frozen=True, slots=True)
class Key:
    """What can be told from a key alone."""

    id: str  # 16 hexadecimal digits of its hash
    label: str  # how it is shown: in full only if it cannot be real
    scenario: str | None = None
    seed: int | None = None
    problem: str | None = None  # why it is no key
    looks_live: bool = False


def identify(key: str) -> str:
    """The id of a key's account; of a key that may be real nothing is remembered."""
    return _recall(key) if key.startswith(MOCK_PREFIX) else _hash(key)


def _hash(key: str) -> str:
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


_recall: Final = lru_cache(maxsize=4_096)(_hash)


def read_key(key: str) -> Key:
    """Take a key apart."""
    name = identify(key)
    if key.startswith(MOCK_PREFIX):
        return _read_mock_key(key, name)
    shown = key[: min(4, len(key) // 4)]
    problem = None if key.strip() else "the API key is blank"
    return Key(name, f"{shown}…({name})", problem=problem, looks_live=_looks_live(key))


def _read_mock_key(key: str, name: str) -> Key:
    title, _, wishes = key.removeprefix(MOCK_PREFIX).partition(".")
    scenario, dot, seed = wishes.partition(".")
    problem = None
    if not title.strip() or (dot and not scenario):
        problem = _GRAMMAR
    elif dot and not (seed.isascii() and seed.isdecimal() and len(seed) <= 18):
        problem = f"{seed!r} is no seed, write digits; {_GRAMMAR}"
    return Key(name, key, scenario or None, int(seed) if dot and not problem else None, problem)


def _looks_live(key: str) -> bool:
    """Whether a key is long and mixed enough to open something real."""
    mixed = any(c.isdigit() for c in key) and any(c.isalpha() for c in key)
    return len(key) >= 24 and mixed and not _HARMLESS.search(key)
