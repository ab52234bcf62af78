"""A request as a key for matching: what was asked for, whoever asked, then or now."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Final
from urllib.parse import parse_qsl

import orjson

from mockserver.contract.facts import Facts
from mockserver.contract.model import Contract, Operation
from mockserver.record.exchange import Exchange
from mockserver.record.recognise import list_callbacks
from mockserver.record.sight import read_json
from mockserver.record.signpost import Signpost

# What may differ between two requests that want the same.
_ASIDE: Final = frozenset({"callback.url", "task.request", "upload.content"})


@dataclass(frozen=True)
class Ask:
    """A request for an operation; of its exchange only the request counts."""

    contract: Contract
    operation: Operation
    path: Mapping[str, str]  # the parameters in its path
    exchange: Exchange

    @cached_property
    def value(self) -> object:
        """The JSON value of the body, None if it is none."""
        return read_json(self.exchange.request_body)

    @cached_property
    def query(self) -> list[tuple[str, str]]:
        """The parameters in the query."""
        query = self.exchange.url.partition("#")[0].partition("?")[2]
        return parse_qsl(query, keep_blank_values=True)

    @property
    def task_id(self) -> str | None:
        """The task that it is about."""
        found = self._facts.get("task.id")
        return found if isinstance(found, str) else None

    @cached_property
    def _facts(self) -> Facts:
        """What it says, by its parameters and by its body without addresses of callbacks."""
        places: dict[str, Mapping[str, str]] = {"path": self.path, "query": dict(self.query)}
        found: Facts = {}
        for parameter in self.operation.parameters:
            if parameter.where == "header":
                value = self.exchange.find_request_header(parameter.name)
            else:
                value = places[parameter.where].get(parameter.name)
            if parameter.fact is not None and value:
                found[parameter.fact] = value
        body = self.value
        for form in self.operation.callbacks:
            place, names = form.source
            body = _leave_out(body, names) if place == "request.body" else body
        variant = self.operation.body.choose(body) if self.operation.body else None
        if variant is not None:
            found |= variant.read(body)
            if variant.model is not None:
                found.setdefault("task.model", variant.model)
        return found

    @cached_property
    def callbacks(self) -> dict[str, str]:
        """The address of each callback that it asks for, by name."""
        return dict(list_callbacks(self.operation, self.exchange, self.value))

    @property
    def exact(self) -> bytes:
        """Equal for requests that say the same, whatever the order of their fields."""
        body = self.exchange.request_body if self.value is None else _write(self.value)
        return _digest(self.operation.id.encode(), _write(self._parameters), body)

    @property
    def alike(self) -> bytes:
        """Equal for requests that want the same, by the facts of the contract."""
        facts = {name: value for name, value in self._facts.items() if name not in _ASIDE}
        return _digest(self.operation.id.encode(), _write(facts)) if facts else self.exact

    @property
    def content(self) -> object:
        """All that it says, for people: its parameters, and its body if that is JSON."""
        fields = dict(self._parameters)
        return {**fields, **self.value} if isinstance(self.value, dict) else fields

    @property
    def _parameters(self) -> list[tuple[str, str]]:
        return sorted([*self.path.items(), *self.query])


def read_ask(exchange: Exchange, signpost: Signpost) -> Ask | None:
    """The request of an exchange that was recognised as a call for an operation."""
    for match in signpost.find(exchange.method, exchange.url):
        if (match.contract.name, match.operation.id) == (exchange.provider, exchange.operation):
            return Ask(match.contract, match.operation, match.path, exchange)
    return None


def _leave_out(value: object, names: tuple[str, ...]) -> object:
    """A JSON value without the field at a path."""
    if not names or not isinstance(value, dict) or names[0] not in value:
        return value
    if len(names) == 1:
        return {name: child for name, child in value.items() if name != names[0]}
    return {**value, names[0]: _leave_out(value[names[0]], names[1:])}


def _write(value: object) -> bytes:
    return orjson.dumps(value, default=repr, option=orjson.OPT_SORT_KEYS)


def _digest(*parts: bytes) -> bytes:
    hashed = blake2b(digest_size=16)
    for part in parts:
        hashed.update(len(part).to_bytes(8))
        hashed.update(part)
    return hashed.digest()
