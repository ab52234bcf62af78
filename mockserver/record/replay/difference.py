"""What keeps a request from being a recorded one: the first difference, in words."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

import orjson

from mockserver.contract.document import escape
from mockserver.record.har import Place, read_place
from mockserver.record.replay.ask import Ask, read_ask
from mockserver.record.replay.reel import Frame
from mockserver.record.signpost import Signpost

MAX_COMPARED: Final = 50  # recorded requests that a miss is held against
MAX_SHOWN: Final = 80  # letters of a value

_ABSENT: Final = object()


def find_differences(recorded: object, asked: object, at: str = "") -> Iterator[str]:
    """Every place where two JSON values differ, in words."""
    if isinstance(recorded, dict) and isinstance(asked, dict):
        for name in dict.fromkeys([*recorded, *asked]):
            values = recorded.get(name, _ABSENT), asked.get(name, _ABSENT)
            yield from find_differences(*values, f"{at}/{escape(str(name))}")
    elif isinstance(recorded, list) and isinstance(asked, list) and len(recorded) == len(asked):
        for number, values in enumerate(zip(recorded, asked, strict=True)):
            yield from find_differences(*values, f"{at}/{number}")
    elif asked is _ABSENT:
        yield f"it has {_show(recorded)} at {at}, this one has nothing there"
    elif recorded is _ABSENT:
        yield f"it has nothing at {at}, this one has {_show(asked)}"
    elif recorded != asked:
        yield f"it has {_show(recorded)} at {at or 'the top'}, this one has {_show(asked)}"


def describe_nearest(ask: Ask, frames: Iterable[Frame], signpost: Signpost) -> str:
    """Where the nearest recorded request stands, and the first difference from it."""
    nearest: tuple[list[str], Place] | None = None
    for frame in list(frames)[:MAX_COMPARED]:
        exchange = read_place(frame.place)
        told = replace(exchange, provider=ask.contract.name, operation=ask.operation.id)
        recorded = read_ask(told, signpost)
        content = recorded.content if recorded else {}
        found = list(find_differences(content, ask.content))
        if nearest is None or len(found) < len(nearest[0]):
            nearest = found, frame.place
    if nearest is None:
        return "nothing like it is recorded"
    differences, place = nearest
    rest = f" (and {len(differences) - 1} more)" if len(differences) > 1 else ""
    first = differences[0] if differences else "it says the same"
    return f"the nearest is entry {place.number} of {place.path.name}: {first}{rest}"


def _show(value: object) -> str:
    text = orjson.dumps(value, default=repr).decode()
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"
