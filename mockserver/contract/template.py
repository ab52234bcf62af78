"""JSON in whose texts facts stand: `{"urls": "{$task.results}", "of": "task {$task.id}"}`."""

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.contract.expression import PLACEHOLDER, compile_text, list_names


class Template:
    """A JSON value with places for facts."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self.needs = frozenset(_list_needs(value))

    def fill(self, facts: Mapping[str, object]) -> object:
        """The value with its facts; a text that is one fact and nothing else becomes that fact."""
        return _fill(self.value, facts)


def _list_needs(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from list_names(value)
    elif isinstance(value, Mapping | list):
        for child in value.values() if isinstance(value, Mapping) else value:
            yield from _list_needs(child)


def _fill(value: Any, facts: Mapping[str, object]) -> object:
    if isinstance(value, Mapping):
        return {name: _fill(child, facts) for name, child in value.items()}
    if isinstance(value, list):
        return [_fill(child, facts) for child in value]
    if not isinstance(value, str):
        return value
    whole = PLACEHOLDER.fullmatch(value)
    return facts.get(whole[1]) if whole else compile_text(value)(facts)
