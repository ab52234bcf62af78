"""What the rules look at: one edition of a contract, with its files and its places."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from mockserver.contract.body import Variant
from mockserver.contract.catalogue import list_models
from mockserver.contract.document import Document, escape
from mockserver.contract.lint.samples import Sample, Told, make_samples, select_told
from mockserver.contract.model import Contract, Operation, Role
from mockserver.contract.shape import Shape


class Sender(NamedTuple):
    """Whatever sends bodies: an operation, one of its callbacks, or the reply to lost calls."""

    operation: Operation | None
    shapes: Mapping[str, Shape]  # by moment

    @property
    def role(self) -> Role | None:
        """What the operation is for."""
        return self.operation.role if self.operation else None


class Accepted(NamedTuple):
    """One form of a request body, with the place of its schema."""

    operation: Operation
    where: str
    variant: Variant


@dataclass(frozen=True)
class Subject:
    """A contract in one edition. Everything found out about it is found out once."""

    contract: Contract

    @property
    def document(self) -> Document:
        """The contract's files."""
        return self.contract.document

    def place(self, operation: Operation, pointer: str = "") -> str:
        """Where an operation stands, or something below it."""
        path = f"/paths/{escape(operation.path)}/{operation.method.lower()}"
        return self.document.where(path + pointer)

    def place_word(self, pointer: str) -> str:
        """Where something below `x-provider` stands."""
        return self.document.where(f"/x-provider{pointer}")

    def find_raw(self, operation: Operation) -> Mapping[str, Any]:
        """An operation as its file has it, references in place."""
        found: Mapping[str, Any] = self.document.root["paths"][operation.path]
        raw: Mapping[str, Any] = found[operation.method.lower()]
        return raw

    @cached_property
    def senders(self) -> tuple[Sender, ...]:
        """Every operation, every callback of one, and the reply to a path that is none."""
        senders = [
            Sender(operation, shapes)
            for operation in self.contract.operations.values()
            for shapes in (operation.shapes, *(form.shapes for form in operation.callbacks))
        ]
        lost = self.contract.unknown_path
        return (*senders, *([Sender(None, {"not_found": lost})] if lost else []))

    @cached_property
    def shapes(self) -> tuple[Shape, ...]:
        """Every body that is sent, once."""
        found = {shape.where: shape for s in self.senders for shape in s.shapes.values()}
        return tuple(found.values())

    @cached_property
    def bodies(self) -> tuple[Accepted, ...]:
        """Every form of every request body; raises ContractError for one that cannot be read."""
        return tuple(
            accepted
            for operation in self.contract.operations.values()
            for accepted in self._list_bodies(operation)
        )

    def _list_bodies(self, operation: Operation) -> Iterator[Accepted]:
        if operation.body is None:
            return
        for model in operation.body.models if operation.body.discriminator else (None,):
            variant = operation.body.find_variant(model)
            if variant is not None:
                yield Accepted(operation, self._place_body(operation, model), variant)

    def _place_body(self, operation: Operation, model: str | None) -> str:
        if model is None:
            return self.place(operation, "/requestBody")
        body = self.document.resolve(self.find_raw(operation)["requestBody"])
        schema = next(media["schema"] for media in body["content"].values())
        ref = list_models(schema["discriminator"])[model]
        _, file, pointer = self.document.find(ref, self.document.name)
        return self.document.where(pointer, file)

    @cached_property
    def samples(self) -> tuple[tuple[Sender, tuple[Sample, ...]], ...]:
        """What every sender sends, from made-up facts, at each of its moments."""
        told: dict[tuple[str, ...], Told] = {}  # by the submits whose tasks a sender knows
        found = []
        for sender in self.senders:
            sources = tuple(each.id for each in self._list_sources(sender))
            if sources not in told:
                told[sources] = self._select_told(sources)
            made = make_samples(self.contract, told[sources], sender.role, sender.shapes)
            found.append((sender, tuple(made)))
        return tuple(found)

    def _list_sources(self, sender: Sender) -> tuple[Operation, ...]:
        if sender.operation is None:
            return self.contract.find_role(Role.SUBMIT)
        return self.contract.find_sources(sender.operation)

    def _select_told(self, sources: tuple[str, ...]) -> Told:
        submits = [body.variant for body in self.bodies if body.operation.id in sources]
        operations = [self.contract.operations[name] for name in sources]
        failures = {f: None for operation in operations for f in operation.failures.values()}
        return select_told(submits, list(failures))
