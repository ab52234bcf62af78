"""Rewrites a recorded body for another time and another client: moments, ids, addresses."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

import orjson

from mockserver.contract.facts import FACTS, Kind
from mockserver.contract.places import change, find_paths
from mockserver.contract.shape import Shape
from mockserver.record.sight import read_json
from mockserver.record.spelling import replace_addresses, replace_texts

# From so many letters on, an id is replaced wherever it stands; a shorter one by its fact only.
LONG_ID: Final = 8

_INSTANTS: Final = tuple(name for name, kind in FACTS.items() if kind is Kind.INSTANT)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d", re.ASCII)
_MILLISECONDS: Final = 10**11  # from here on a number of seconds would be in the year 5138
_SECONDS: Final = 10**8  # below this, a number is no moment since 1973


def rewrite(
    body: bytes,
    shapes: Iterable[Shape],
    shift: int,
    ids: Mapping[str, str],
    addresses: Mapping[str, str],
) -> bytes:
    """A body whose moments are later by whole seconds, and whose ids and addresses are others.

    `shift` is in milliseconds. What is not changed stays as it was sent.
    """
    shapes = tuple(shapes)
    value = changed = read_json(body)
    seconds = round(shift / 1000)
    for path in dict.fromkeys(p for s in shapes for f in _INSTANTS for p in find_paths(s, f)):
        changed = change(changed, path, lambda moment: shift_moment(moment, seconds))
    for path in dict.fromkeys(p for shape in shapes for p in find_paths(shape, "task.id")):
        changed = change(changed, path, lambda name: ids.get(name, name) if _is_id(name) else name)
    if changed != value:
        body = orjson.dumps(changed)
    long = {old: new for old, new in ids.items() if len(old) >= LONG_ID}
    return replace_texts(replace_addresses(body, addresses), long)


def shift_moment(moment: object, seconds: int) -> object:
    """A moment as the wire has it, later by so many seconds; what is none stays as it is."""
    if isinstance(moment, bool):
        return moment
    if isinstance(moment, int | float):
        if moment < _SECONDS:
            return moment
        return moment + seconds * (1000 if moment >= _MILLISECONDS else 1)
    if isinstance(moment, str):
        if moment.isascii() and moment.isdecimal():
            return str(shift_moment(int(moment), seconds))
        return _DATE.sub(lambda found: _shift_date(found[0], seconds), moment, count=1)
    return moment


def _shift_date(text: str, seconds: int) -> str:
    try:
        moment = datetime.fromisoformat(text) + timedelta(seconds=seconds)
    except (ValueError, OverflowError):
        return text
    return moment.isoformat(text[10], timespec="seconds")


def _is_id(value: object) -> bool:
    return isinstance(value, str)
