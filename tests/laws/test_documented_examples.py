import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from mockserver.contract.load import load
from mockserver.contract.model import Contract, Operation
from mockserver.contract.shape import Shape
from mockserver.data import contracts_dir

FOLDER = Path(__file__).parents[2] / "fixtures" / "documented"
FILES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.glob("*/*.json"))


def read_example(name: str) -> dict[str, Any]:
    example: dict[str, Any] = json.loads((FOLDER / name).read_text("utf-8"))
    return example


def list_examples(*kinds: str, partial: bool = False, followed: bool = True) -> list[str]:
    """The files of some kinds; those that show only a part, or the side we do not follow."""
    return [
        name
        for name in FILES
        for example in [read_example(name)]
        if example["kind"] in kinds
        and bool(example.get("partial")) is partial
        and ("contradicted" not in example) is followed
    ]


def find_contract(name: str, edition: str) -> Contract:
    folder = contracts_dir() / name.split("/", maxsplit=1)[0]
    return load(folder, edition)


def find_shape(name: str) -> tuple[dict[str, Any], Shape]:
    """An example, and the shape of its moment in the contract's edition."""
    example = read_example(name)
    operation = find_operation(name)
    if example["kind"] == "callback":
        return example, operation.callbacks[0].shapes[example["moment"]]
    shape = operation.find_shape(example["moment"])
    assert shape is not None, f"{operation.id} has no shape for {example['moment']}"
    return example, shape


def find_operation(name: str) -> Operation:
    example = read_example(name)
    return find_contract(name, example["edition"]).operations[example["operation"]]


def list_assumed(schema: Mapping[str, Any], pointer: str = "") -> Iterator[str]:
    """Pointers of the fields that a shape adds by assumption."""
    if schema.get("x-basis") == "assumed" and pointer:
        yield pointer
    for name, child in schema.get("properties", {}).items():
        yield from list_assumed(child, f"{pointer}/{name}")


def list_keys(body: object, pointer: str = "") -> Iterator[str]:
    if isinstance(body, Mapping):
        for name, child in body.items():
            yield f"{pointer}/{name}"
            yield from list_keys(child, f"{pointer}/{name}")


def list_leaves(body: object, pointer: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(body, Mapping):
        for name, child in body.items():
            yield from list_leaves(child, f"{pointer}/{name}")
    else:
        yield pointer, body


@pytest.mark.parametrize("name", list_examples("reply", "callback"))
def test_a_documented_reply_keeps_the_contract(name: str) -> None:
    """A reply that a page shows in full has the shape of its moment, in its edition."""
    example, shape = find_shape(name)

    assert shape.find_violations(example["body"]) == []


@pytest.mark.parametrize("name", list_examples("reply", "callback"))
def test_a_documented_reply_read_and_rendered_again_has_its_keys(name: str) -> None:
    """What was read from a documented reply renders to the same keys, but for assumed ones."""
    example, shape = find_shape(name)
    rendered = shape.render(shape.read(example["body"]))
    elided = tuple(example.get("elided", ()))
    assumed = tuple(list_assumed(shape.schema))
    added = set(list_keys(rendered)) - set(list_keys(example["body"]))

    assert set(list_keys(example["body"])) <= set(list_keys(rendered))
    assert [key for key in added if not key.startswith((*assumed, *elided))] == []


@pytest.mark.parametrize("name", list_examples("reply", "callback"))
def test_a_documented_reply_renders_to_the_same_values(name: str) -> None:
    """What was read from a documented reply renders to the page's own values."""
    example, shape = find_shape(name)
    rendered = dict(list_leaves(shape.render(shape.read(example["body"]))))

    expected = list(list_leaves(example["body"]))
    assert expected == [(pointer, rendered.get(pointer)) for pointer, _ in expected]


@pytest.mark.parametrize("name", list_examples("reply", "callback", partial=True))
def test_a_partly_documented_reply_does_not_contradict_the_contract(name: str) -> None:
    """The fields of which a source tells keep the shape of their moment."""
    example, shape = find_shape(name)
    told = {pointer for pointer, _ in list_leaves(example["body"])}
    broken = [found for found in shape.find_violations(example["body"]) if not found.missing]

    assert [found for found in broken if found.pointer in told] == []
    assert told <= set(list_declared(shape.schema))


@pytest.mark.parametrize(
    "name",
    [
        *list_examples("reply", followed=False),
        *list_examples("reply", partial=True, followed=False),
    ],
)
def test_the_side_of_a_contradiction_that_we_do_not_follow_is_known(name: str) -> None:
    """A reply marked as contradicted really differs from the contract, else the mark is stale."""
    example, shape = find_shape(name)

    assert shape.render(shape.read(example["body"])) != example["body"]


@pytest.mark.parametrize("name", list_examples("reply"))
def test_a_documented_reply_has_the_declared_http_status(name: str) -> None:
    """Where a source tells the HTTP status, the shape is declared under it."""
    example, shape = find_shape(name)

    assert example.get("status", shape.status) == shape.status


@pytest.mark.parametrize("name", list_examples("request"))
def test_a_documented_request_is_accepted_by_the_contract(name: str) -> None:
    """A request that a page shows breaks nothing and has no field that the contract lacks."""
    example = read_example(name)
    operation = find_operation(name)
    required = {p.name for p in operation.parameters if p.required and p.where == "query"}

    assert required <= example.get("query", {}).keys()
    if "body" in example:
        assert operation.body is not None
        variant = operation.body.choose(example["body"])
        assert variant is not None
        assert variant.find_violations(example["body"]) == []
        assert variant.find_undeclared(example["body"]) == []


def list_declared(schema: Mapping[str, Any], pointer: str = "") -> Iterator[str]:
    """Pointers of every field of a shape."""
    yield pointer
    for name, child in schema.get("properties", {}).items():
        yield from list_declared(child, f"{pointer}/{name}")
