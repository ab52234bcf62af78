from pathlib import Path
from typing import Any

import pytest

from mockserver.contract.document import Document
from mockserver.contract.plain_yaml import read_yaml
from mockserver.errors import ContractError


def write(folder: Path, text: str, name: str = "contract.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def read(folder: Path, text: str) -> dict[str, Any]:
    return read_yaml(write(folder, text), "acme/contract.yaml")


def open_document(folder: Path, text: str) -> Document:
    return Document(folder, read(folder, text), "contract.yaml")


def test_references_are_replaced_by_what_they_point_at(tmp_path: Path) -> None:
    """A reference inside the file or into another one is resolved; keys beside it stay."""
    write(tmp_path, "deep: {a/b: {type: integer}}", "parts/one.yaml")
    document = open_document(
        tmp_path,
        "here: {$ref: '#/there'}\nthere: {type: string}\n"
        "far: {$ref: 'parts/one.yaml#/deep/a~1b', title: far}\n",
    )

    assert document.resolve(document.root) == {
        "here": {"type": "string"},
        "there": {"type": "string"},
        "far": {"type": "integer", "title": "far"},
    }


def test_a_reference_is_read_relative_to_its_own_file(tmp_path: Path) -> None:
    """A file below may refer to its neighbours and to the main file."""
    write(tmp_path, "x: {$ref: 'two.yaml#/y'}", "parts/one.yaml")
    write(tmp_path, "y: {$ref: '../contract.yaml#/z'}", "parts/two.yaml")
    document = open_document(tmp_path, "a: {$ref: 'parts/one.yaml#/x'}\nz: {const: 7}\n")

    assert document.resolve(document.root["a"]) == {"const": 7}


@pytest.mark.parametrize(
    ("ref", "problem"),
    [
        ("http://127.0.0.1:9/x.yaml#/a", "never fetched"),
        ("file:///etc/passwd", "never fetched"),
        ("../outside.yaml#/a", "outside its folder"),
        ("/etc/passwd#/a", "outside its folder"),
        ("missing.yaml#/a", "is no file"),
        ("#/nothing/here", "nothing at this pointer"),
        ("#/list/9", "nothing at this pointer"),
        ("#/loop", "comes back to itself"),
    ],
)
def test_a_reference_that_cannot_be_followed_is_refused(
    tmp_path: Path, ref: str, problem: str
) -> None:
    """Remote, outside, missing and circular references end in one error with a place."""
    write(tmp_path.parent, "a: 1", "outside.yaml")
    document = open_document(
        tmp_path, f"list: [1]\nloop: {{inner: {{$ref: '#/loop'}}}}\na: {{$ref: '{ref}'}}\n"
    )

    with pytest.raises(ContractError, match=problem):
        document.resolve(document.root["a"])


def test_a_catalogue_in_a_file_of_its_own_is_read_relative_to_it(tmp_path: Path) -> None:
    """The references of a catalogue below read the same from the main file."""
    catalogue = "discriminator: {propertyName: model, mapping: {a: 'family.yaml#/a', b: '#/b'}}"
    write(tmp_path, catalogue, "models/index.yaml")
    document = open_document(tmp_path, "body: {$ref: 'models/index.yaml'}")

    chooser = document.resolve(document.root)["body"]["discriminator"]
    assert chooser == {
        "propertyName": "model",
        "mapping": {"a": "models/family.yaml#/a", "b": "models/index.yaml#/b"},
    }


def test_the_branches_of_a_catalogue_stay_references(tmp_path: Path) -> None:
    """What a discriminator chooses is not read until somebody asks for that model."""
    document = open_document(
        tmp_path,
        "body:\n  discriminator: {propertyName: model, mapping: {a: 'no-such.yaml#/a'}}\n"
        "  oneOf: [{$ref: 'no-such.yaml#/a'}]\n",
    )

    assert document.root == document.resolve(document.root)
