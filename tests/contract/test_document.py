from pathlib import Path
from typing import Any

import pytest

from mockserver.contract.document import Document, read_yaml
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("16:9", "16:9"),
        ("1:20", "1:20"),
        ("no", "no"),
        ("on", "on"),
        ("2026-11-21", "2026-11-21"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        ("true", True),
        ("null", None),
        ("12", 12),
        ("0.5", 0.5),
    ],
)
def test_a_plain_scalar_means_what_yaml_1_2_says(tmp_path: Path, text: str, expected: Any) -> None:
    """Ratios, dates and the word no stay texts; only the core schema's scalars are converted."""
    assert {"value": expected} == read(tmp_path, f"value: {text}\n")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: &x [1]\nb: *x\n", "line 1: uses a YAML alias"),
        ("a: 1\nb: {c: 1, c: 2}\n", "line 2: has the key 'c' twice"),
        ("[1, 2]", "holds no mapping at its top"),
        ("a: [1", "is not YAML"),
        ("a: !!python/object:os.system x", "is not YAML"),
        ("a: \x00", "is not YAML"),
    ],
)
def test_yaml_that_is_not_plain_data_is_refused_by_line(
    tmp_path: Path, text: str, problem: str
) -> None:
    """An alias, a doubled key, a tag or broken YAML is named with file and line."""
    with pytest.raises(ContractError, match=problem) as caught:
        read(tmp_path, text)

    assert caught.value.where.startswith("acme/contract.yaml")


def test_an_alias_bomb_is_refused(tmp_path: Path) -> None:
    """A few hundred bytes that stand for millions of nodes are refused before they unfold."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]

    with pytest.raises(ContractError, match="alias"):
        read(tmp_path, "\n".join(lines))


def test_an_oversized_file_is_refused(tmp_path: Path) -> None:
    """A contract file over the cap is refused without being parsed."""
    with pytest.raises(ContractError, match="the limit is"):
        read(tmp_path, "a: '" + "x" * (4 * 1024 * 1024) + "'")


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
