"""A request as the journal recalls it: what its body and its parameters said, read again."""

from collections.abc import Mapping
from functools import cached_property
from typing import Final

from mockserver.contract.facts import Facts
from mockserver.contract.model import Contract, Operation
from mockserver.contract.path import compile_template
from mockserver.engine.accounts.journal import Entry
from mockserver.engine.call import Call, Malformed
from mockserver.engine.parameter import ParameterCheck
from mockserver.web.calls import NOTHING, parse_query
from mockserver.web.decode import decode_json

MISSING: Final = object()  # what a pointer or a name leads to that leads nowhere


class Recalled:
    """An entry of a journal; nothing of it is read before it is asked for."""

    def __init__(self, entry: Entry, contracts: Mapping[str, Contract]) -> None:
        self.entry = entry
        self._contract = contracts.get(entry.provider or "")

    @property
    def path(self) -> str:
        """The path as sent."""
        return self.entry.target.partition("?")[0]

    @cached_property
    def body(self) -> object:
        """The body's JSON value, MISSING if it is none."""
        value = decode_json(self.entry.request, None) if self.entry.request else MISSING
        return MISSING if isinstance(value, Malformed) else value

    @cached_property
    def operation(self) -> Operation | None:
        """The operation that was called."""
        known = self._contract.operations if self._contract else {}
        return known.get(self.entry.operation or "")

    @cached_property
    def facts(self) -> Facts:
        """What it said: the facts of its parameters and of its body."""
        operation = self.operation
        if operation is None:
            return {}
        body = None if self.body is MISSING else self.body
        call = self._rebuild(operation, body)
        checks = (ParameterCheck(parameter) for parameter in operation.parameters)
        found: Facts = {check.fact: check.read(call) for check in checks if check.fact}
        variant = None if operation.body is None else operation.body.choose(body)
        if variant is not None:
            found |= variant.read(body)
            if variant.model is not None:
                found.setdefault("task.model", variant.model)
        return {name: value for name, value in found.items() if value is not None}

    def find(self, pointer: str) -> object:
        """What a JSON pointer into the body leads to."""
        value = self.body
        for part in pointer.split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            if isinstance(value, dict):
                value = value.get(name, MISSING)
            elif isinstance(value, list) and name.isascii() and name.isdecimal():
                value = value[int(name)] if int(name) < len(value) else MISSING
            else:
                return MISSING
        return value

    def _rebuild(self, operation: Operation, body: object) -> Call:
        entry = self.entry
        query = parse_query(entry.target.partition("?")[2].encode("latin-1", "replace"))
        # A base URL, or a scenario in the address, may stand before the operation's own path.
        count = operation.path.count("/")
        own = "/" + "/".join(self.path.split("/")[-count:])
        match = compile_template(operation.path).fullmatch(own)
        assert self._contract is not None  # noqa: S101  # it has the operation
        return Call(
            self._contract,
            operation,
            None,
            "",
            entry.target,
            entry.headers,
            NOTHING if isinstance(query, Malformed) else query,
            match.groupdict() if match else NOTHING,
            entry.request,
            body,
        )
