"""The grammar of our words: every `x-…` in a contract is known and well formed, or named."""

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson

from mockserver.contract.document import escape
from mockserver.contract.facts import FACTS
from mockserver.contract.validate import Validator, Violation
from mockserver.errors import ContractError
from mockserver.hint import suggest

Resolve = Callable[[Any], Any]

# Keywords whose values are data, not schemas: what looks like a word there is none.
DATA: Final = frozenset({"example", "examples", "enum", "const", "default"})


@cache
def load_grammar() -> Mapping[str, Any]:
    """The grammar file."""
    grammar: Mapping[str, Any] = orjson.loads(Path(__file__).with_name("grammar.json").read_bytes())
    return grammar


@cache
def _validator(word: str) -> Validator:
    grammar = load_grammar()
    schema = {"$defs": grammar["$defs"], **grammar["words"][word]}
    return Validator(schema, f"the grammar of {word}")


def check_words(node: Any, where: str, resolve: Resolve) -> Iterator[ContractError]:
    """Every complaint about our words under a node; `where` is the node's own place.

    `resolve` replaces the references inside a word's value.
    """
    if isinstance(node, list):
        for index, child in enumerate(node):
            yield from check_words(child, f"{where}/{index}", resolve)
    if not isinstance(node, dict):
        return
    for name, child in node.items():
        place = f"{where}/{escape(name)}"
        if isinstance(name, str) and name.startswith("x-"):
            yield from _check_word(name, child, place, resolve)
        if name not in DATA:
            yield from check_words(child, place, resolve)


def _check_word(word: str, value: Any, where: str, resolve: Resolve) -> Iterator[ContractError]:
    words = load_grammar()["words"]
    if word not in words:
        if near := get_close_matches(word, words, 1, 0.75):
            yield ContractError(where, f"{word} is no word of ours", f"did you mean {near[0]!r}?")
        return
    if word == "x-fact" and isinstance(value, str) and value not in FACTS:
        yield ContractError(where, f"there is no fact {value!r}", suggest(value, FACTS))
        return
    plain = _strip_basis(resolve(value)) if word != "x-basis" else value
    for violation in _validator(word).find_violations(plain):
        yield _complain(violation, word, where)


def _strip_basis(value: Any) -> Any:
    if isinstance(value, list):
        return [_strip_basis(child) for child in value]
    if isinstance(value, dict):
        return {k: _strip_basis(v) for k, v in value.items() if k not in ("x-basis", "schema")} | (
            {"schema": {}} if "schema" in value else {}
        )
    return value


def _complain(violation: Violation, word: str, where: str) -> ContractError:
    hint = ""
    if violation.keyword == "additionalProperties":
        known = sorted(_list_keys(load_grammar()["words"][word]))
        unknown = violation.message.split("'")[1::2] or violation.message.split('"')[1::2]
        hint = suggest(unknown[0] if unknown else "", known)
    return ContractError(where + violation.pointer, violation.message, hint)


def _list_keys(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for child in schema:
            yield from _list_keys(child)
    if isinstance(schema, dict):
        yield from schema.get("properties", ())
        for child in schema.values():
            yield from _list_keys(child)
