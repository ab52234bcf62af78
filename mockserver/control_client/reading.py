"""How answers of the control API are read: JSON becomes views, a stream becomes events."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Final, TypeVar, get_args, get_origin, get_type_hints

from mockserver.control_client.views import (
    AccountName,
    AccountView,
    CallbackView,
    ClockView,
    EventView,
    FaultView,
    RequestView,
    TaskView,
)
from mockserver.errors import ControlFailed, NearMiss

T = TypeVar("T")

# What an event is about, by the first word of its kind.
_SUBJECTS: Final[Mapping[str, Any]] = {
    "request": RequestView,
    "stray": RequestView,
    "task": TaskView,
    "delivery": CallbackView,
    "fault": FaultView,
    "account": AccountView,
    "clock": ClockView,
}


def read_view(kind: type[T], value: Any) -> T:
    """A JSON value as a view; members that the view does not know are left out."""
    hints: dict[str, Any] = _read_hints(kind)  # type: ignore[arg-type]  # a class can be hashed
    return kind(**{name: _convert(hint, value[name]) for name, hint in hints.items()})


def read_views(kind: type[T], values: Any) -> tuple[T, ...]:
    """A list of JSON values as views."""
    return tuple(read_view(kind, value) for value in values)


def read_near_miss(value: Any) -> NearMiss:
    """A near miss of an expectation that was not met."""
    differences = tuple(str(each) for each in value["differences"])
    return NearMiss(value["seq"], value["request"], value["difference"], differences)


def read_event(value: Any) -> EventView:
    """An event with its subject; that is None if this client does not know such events."""
    view = _SUBJECTS.get(value["kind"].partition("-")[0])
    about = value["subject"]
    return EventView(
        number=value["number"],
        kind=value["kind"],
        at=value["at"],
        time=value["time"],
        account=read_view(AccountName, value["account"]) if value["account"] else None,
        subject=None if view is None or about is None else read_view(view, about),
    )


class EventReader:
    """Makes events of a stream, however it is cut into pieces."""

    def __init__(self) -> None:
        self._rest = b""

    def read(self, piece: bytes) -> Iterator[EventView]:
        """The events that are complete with the next piece.

        Raises ControlFailed where the stream says that events are lost.
        """
        *blocks, self._rest = (self._rest + piece).split(b"\n\n")
        for block in blocks:
            lines = (line.partition(b": ") for line in block.split(b"\n"))
            found = {name: value for name, _, value in lines}
            if b"data" not in found:
                continue  # a comment
            value = json.loads(found[b"data"])
            if found[b"event"] == b"dropped":
                raise ControlFailed(None, value["error"], value["hint"])
            yield read_event(value)


@cache
def _read_hints(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _convert(hint: Any, value: Any) -> Any:
    if is_dataclass(hint):
        return read_view(hint, value)  # type: ignore[arg-type]  # a class, since it is a hint
    if get_origin(hint) is tuple:
        return tuple(_convert(get_args(hint)[0], each) for each in value)
    return value
