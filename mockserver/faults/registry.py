"""The registry: every kind of fault by its name, which is the name of its file."""

import dataclasses
from collections.abc import Mapping
from functools import cached_property
from importlib import import_module
from pkgutil import iter_modules
from typing import Final, NamedTuple

from mockserver.engine.trouble.fault import Fault
from mockserver.engine.trouble.words import TARGET_WORDS
from mockserver.errors import UsageError
from mockserver.faults.setting import Kind

_KINDS: Final = "mockserver.faults.kinds"


class SettingKind(NamedTuple):
    """A setting of a fault."""

    name: str
    type: str  # in words
    default: str  # as people would write it
    sentence: str


class FaultKind(NamedTuple):
    """A kind of fault, as people read of it."""

    name: str
    sentence: str
    meets: tuple[str, ...]  # call, file, callback, or roles of operations
    settings: tuple[SettingKind, ...]


class FaultRegistry:
    """Knows every kind of fault; one is loaded when it is first asked for."""

    def __init__(self) -> None:
        self._found: dict[str, type[Fault]] = {}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of all kinds."""
        found = iter_modules(import_module(_KINDS).__path__)
        return tuple(sorted(module.name.replace("_", "-") for module in found))

    def find(self, name: str) -> type[Fault]:
        """The kind with a name."""
        kind = self._found.get(name)
        if kind is None:
            module = import_module(f"{_KINDS}.{name.replace('-', '_')}")
            kind = next(
                each
                for each in vars(module).values()
                if isinstance(each, type)
                and issubclass(each, Fault)
                and each.__module__ == module.__name__
            )
            kind.name = name
            self._found[name] = kind
        return kind

    def list_settings(self, name: str) -> tuple[str, ...]:
        """The names of a kind's settings."""
        return tuple(field.name for field in _list_fields(self.find(name)))

    def build(self, name: str, settings: Mapping[str, object]) -> Fault:
        """A fault of a kind; raises UsageError for a setting that cannot be."""
        kind = self.find(name)
        found: dict[str, object] = {}
        for field in _list_fields(kind):
            if field.name not in settings:
                continue
            reader: Kind = field.metadata["kind"]
            try:
                found[field.name] = reader.read(settings[field.name])
            except ValueError as error:
                raise UsageError(f"{name}: {field.name!r} must be {reader.words}") from error
        try:
            return kind(**found)
        except ValueError as error:
            raise UsageError(f"{name}: {error}") from error


FAULTS: Final = FaultRegistry()


def list_faults() -> tuple[FaultKind, ...]:
    """Every kind of fault with its settings, in order of their names."""
    return tuple(_describe(name, FAULTS.find(name)) for name in FAULTS.names)


def _describe(name: str, kind: type[Fault]) -> FaultKind:
    settings = tuple(
        SettingKind(
            field.name,
            field.metadata["kind"].words,
            field.metadata["default"],
            field.metadata["says"],
        )
        for field in _list_fields(kind)
    )
    clash = {setting.name for setting in settings}.intersection(("fault", *TARGET_WORDS))
    if clash:
        raise TypeError(f"{name}: a setting cannot be called {clash.pop()!r}; a target is")
    sentence = " ".join((kind.__doc__ or "").split())
    return FaultKind(name, sentence, tuple(sorted(kind.meets)), settings)


def _list_fields(kind: type[Fault]) -> tuple["dataclasses.Field[object]", ...]:
    return dataclasses.fields(kind)  # type: ignore[arg-type]  # every kind is a dataclass
