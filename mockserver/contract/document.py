"""Contract files: references resolved inside the contract's own folder."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mockserver.contract.plain_yaml import read_yaml
from mockserver.errors import ContractError


def split_pointer(pointer: str) -> list[str]:
    """The parts of a JSON pointer, unescaped."""
    return [p.replace("~1", "/").replace("~0", "~") for p in pointer.split("/")[1:]]


def escape(part: object) -> str:
    """One part of a JSON pointer, escaped."""
    return str(part).replace("~", "~0").replace("/", "~1")


class Document:
    """A contract's files: the main one, and others that it refers to, read when first used."""

    def __init__(
        self,
        folder: Path,
        root: dict[str, Any],
        name: str,
        origins: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.root = root
        self.name = name  # of the main file, for example "contract.yaml"
        # Which part of the main file stands in a file of its own, by pointer.
        self.origins: Mapping[str, str] = origins or {}
        self._files: dict[str, dict[str, Any]] = {name: root}

    def where(self, pointer: str = "", file: str | None = None) -> str:
        """A place as complaints name it: `acme/contract.yaml#/paths`."""
        found = self._find_origin(pointer) if file in (None, self.name) else file
        return f"{self.folder.name}/{found}#{pointer}"

    def _find_origin(self, pointer: str) -> str:
        """The file in which a place of the main file stands."""
        if not self.origins:
            return self.name
        depth = 3 if pointer.startswith("/paths/") else 4
        return self.origins.get("/".join(pointer.split("/")[:depth]), self.name)

    def locate(self, error: ContractError) -> ContractError:
        """A complaint about a place of the main file, with the file in which that stands."""
        start = f"{self.folder.name}/{self.name}#"
        if not error.where.startswith(start):
            return error
        where = self.where(error.where.removeprefix(start))
        return ContractError(where, error.problem, error.hint)

    def find(self, ref: str, file: str) -> tuple[Any, str, str]:
        """What a reference points at, with the file and the pointer of the place."""
        target, _, pointer = ref.partition("#")
        name = self._place(target, file) if target else file
        node: Any = self._open(name, file, ref)
        for part in split_pointer(pointer):
            if isinstance(node, list) and part.isdecimal() and int(part) < len(node):
                node = node[int(part)]
            elif isinstance(node, Mapping) and part in node:
                node = node[part]
            else:
                raise ContractError(self.where(pointer, name), "there is nothing at this pointer")
        return node, name, pointer

    def _place(self, target: str, file: str) -> str:
        if "://" in target:
            raise ContractError(
                self.where("", file), f"refers to {target}", "remote references are never fetched"
            )
        path = (self.folder / file).parent / target
        resolved = path.resolve()
        if not resolved.is_relative_to(self.folder.resolve()):
            raise ContractError(self.where("", file), f"refers to {target}, outside its folder")
        return resolved.relative_to(self.folder.resolve()).as_posix()

    def _open(self, name: str, file: str, ref: str) -> dict[str, Any]:
        if name not in self._files:
            path = self.folder / name
            if not path.is_file():
                raise ContractError(self.where("", file), f"refers to {ref}, which is no file")
            self._files[name] = read_yaml(path, self.where("", name).rstrip("#"))
        return self._files[name]

    def resolve(self, node: Any, file: str | None = None, pointer: str = "") -> Any:
        """A copy of a node with every reference under it replaced by what it points at.

        The branches of a `discriminator` stay references: a catalogue is read model by model.
        """
        return self._resolve(node, file or self.name, pointer, ())

    def _resolve(self, node: Any, file: str, pointer: str, trail: tuple[str, ...]) -> Any:
        if isinstance(node, list):
            return [
                self._resolve(child, file, f"{pointer}/{i}", trail) for i, child in enumerate(node)
            ]
        if not isinstance(node, dict):
            return node
        if isinstance(node.get("$ref"), str):
            return self._follow(node, file, pointer, trail)
        catalogue = "discriminator" in node
        return {
            name: self._rebase(child, file)
            if catalogue and name in ("oneOf", "discriminator")
            else self._resolve(child, file, f"{pointer}/{escape(name)}", trail)
            for name, child in node.items()
        }

    def _rebase(self, node: Any, file: str) -> Any:
        """A copy of a catalogue's references that reads the same from the main file."""
        if isinstance(node, list):
            return [self._rebase(child, file) for child in node]
        if isinstance(node, dict):
            return {name: self._rebase(child, file) for name, child in node.items()}
        target, mark, pointer = str(node).partition("#")
        if file == self.name or not mark:
            return node
        return f"{self._place(target, file) if target else file}#{pointer}"

    def _follow(self, node: dict[str, Any], file: str, pointer: str, trail: tuple[str, ...]) -> Any:
        target, name, place = self.find(node["$ref"], file)
        step = f"{name}#{place}"
        if step in trail:
            raise ContractError(
                self.where(pointer, file), f"the reference {node['$ref']} comes back to itself"
            )
        found = self._resolve(target, name, place, (*trail, step))
        beside = {key: value for key, value in node.items() if key != "$ref"}
        return {**found, **beside} if beside and isinstance(found, dict) else found


def walk(node: Any, pointer: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every mapping under a node, with its pointer."""
    if isinstance(node, dict):
        yield pointer, node
        for name, child in node.items():
            yield from walk(child, f"{pointer}/{escape(name)}")
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from walk(child, f"{pointer}/{index}")
