"""Acorn, the provider that does not exist, uses everything that a contract can say."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from mockserver.contract.document import walk
from mockserver.contract.facts import FACTS
from mockserver.contract.formats import FORMATS
from mockserver.contract.grammar import load_grammar
from mockserver.contract.lint import lint
from mockserver.contract.lint.files import list_files
from mockserver.contract.load import list_editions, load
from mockserver.contract.model import Contract, Role
from mockserver.contract.moments import CONDITIONS, OK, Phase
from mockserver.draw import _FILLS

ROOT = Path(__file__).parents[2]
ACORN = ROOT / "fixtures" / "acorn"
PAGE = (ROOT / "contracts" / "README.md").read_text("utf-8")

EVERYTHING: Final = object()  # stands for a value that makes use of whatever is allowed


@cache
def read_editions() -> list[Contract]:
    return [load(ACORN, edition) for edition in list_editions(ACORN)]


def list_nodes() -> Iterator[Mapping[str, Any]]:
    """Every mapping in every file of every edition."""
    for contract in read_editions():
        for _, root in list_files(contract.document):
            yield from (node for _, node in walk(root))


@cache
def find_used() -> set[str]:
    """What acorn takes from the grammar of all words."""
    words = load_grammar()["words"]
    return {
        choice
        for node in list_nodes()
        for word in words.keys() & node.keys()
        for choice in list_choices(words[word], word, node[word])
    }


def list_choices(schema: Mapping[str, Any], place: str, value: Any) -> Iterator[str]:
    """What a value takes from a part of the grammar: keys and words from lists, with their place.

    Places below `$defs` are those of the definition, so that one use of it anywhere counts.
    """
    ref = schema.get("$ref")
    if ref is not None:
        name = str(ref).rpartition("/")[2]
        yield from list_choices(load_grammar()["$defs"][name], name, value)
    offered = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else [])]
    yield from (f"{place}: {word}" for word in offered if value in (EVERYTHING, word))
    for branch in schema.get("anyOf", ()):
        yield from list_choices(branch, place, value)
    if "items" in schema:
        yield from list_choices_of_items(schema["items"], place, value)
    yield from list_choices_of_keys(schema, place, value)


def list_choices_of_items(schema: Mapping[str, Any], place: str, value: Any) -> Iterator[str]:
    for item in value if isinstance(value, list) else [value] if value is EVERYTHING else []:
        yield from list_choices(schema, place, item)


def list_choices_of_keys(schema: Mapping[str, Any], place: str, value: Any) -> Iterator[str]:
    known: Mapping[str, Any] = schema.get("properties", {})
    other: Any = schema.get("additionalProperties")
    given = dict.fromkeys(known, EVERYTHING) if value is EVERYTHING else value
    for name, child in given.items() if isinstance(given, dict) else ():
        if name in known:
            yield f"{place}/{name}"
            yield from list_choices(known[name], f"{place}/{name}", child)
        elif isinstance(other, dict):
            yield from list_choices(other, place, child)
    if value is EVERYTHING and isinstance(other, dict):
        yield from list_choices(other, place, EVERYTHING)


def test_acorn_keeps_every_rule() -> None:
    """Nothing is found in acorn, in none of its editions."""
    assert len(list_editions(ACORN)) == 2
    assert lint(ACORN) == []


@pytest.mark.parametrize("word", load_grammar()["words"])
def test_every_word_is_used_to_the_full(word: str) -> None:
    """Each word stands in acorn, with every key and every choice that its grammar has."""
    offered = set(list_choices(load_grammar()["words"][word], word, EVERYTHING))

    assert any(word in node for node in list_nodes())
    assert sorted(offered - find_used()) == []


def test_every_fact_is_carried() -> None:
    """Each fact of the closed list is the fact of some field."""
    carried = {node["x-fact"] for node in list_nodes() if isinstance(node.get("x-fact"), str)}

    assert carried == set(FACTS)


def test_every_format_is_written() -> None:
    """Each encoding of each kind of fact is that of some field, the one without a name too."""
    written = {
        (FACTS[node["x-fact"]], node.get("format"))
        for node in list_nodes()
        if isinstance(node.get("x-fact"), str)
    }
    offered = {(kind, name) for kind, encodings in FORMATS.items() for name in encodings}

    assert offered <= written


def test_every_moment_has_a_shape() -> None:
    """Ok, each phase and each condition is sent by some operation."""
    sent = {
        moment
        for contract in read_editions()
        for operation in contract.operations.values()
        for moment in operation.shapes
    }

    assert sent == {OK, *Phase, *CONDITIONS}


def test_every_role_is_played() -> None:
    """There is an operation for each role."""
    documented = read_editions()[0]

    assert {operation.role for operation in documented.operations.values()} == set(Role)


def test_every_field_of_an_id_is_used() -> None:
    """The ids of both editions together have each kind of field, and the page names them."""
    patterns = " ".join(contract.ids for contract in read_editions())

    assert [name for name in _FILLS if f"{{{name}" not in patterns] == []
    assert [name for name in _FILLS if f"`{{{name}" not in PAGE] == []


def test_the_page_names_every_key_and_choice() -> None:
    """What the grammar allows stands on the page for authors, each key and each choice."""
    offered = {
        choice
        for word, schema in load_grammar()["words"].items()
        for choice in list_choices(schema, word, EVERYTHING)
    }
    names = {choice.rpartition("/")[2].rpartition(": ")[2] for choice in offered}

    assert [name for name in sorted(names) if name.lower() not in PAGE.lower()] == []
