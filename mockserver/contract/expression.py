"""OpenAPI runtime expressions, whole or embedded in text: `{$refusal.field} is required`."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from mockserver.contract.formats import say

PLACEHOLDER: Final = re.compile(r"\{\$([^{}]+)\}")


def list_names(text: str) -> list[str]:
    """The expressions in a text, without their dollar signs: facts, or `request.body#/…`."""
    return PLACEHOLDER.findall(text)


def compile_text(text: str) -> Callable[[Mapping[str, object]], str]:
    """A function from facts to the text with every `{$fact}` filled in, as people write it."""
    if not list_names(text):
        return lambda facts: text
    return lambda facts: PLACEHOLDER.sub(lambda match: say(match[1], facts.get(match[1])), text)


def parse_source(expression: str) -> tuple[str, tuple[str, ...]]:
    """Where an expression looks: `$request.body#/a/b` is ("request.body", ("a", "b")).

    `$response.header.X-Id` is ("response.header", ("X-Id",)). Raises ValueError on anything
    that OpenAPI does not know.
    """
    text = expression.strip("{}")
    match = re.fullmatch(r"\$((?:request|response)\.body)#((?:/[^/]*)*)", text)
    if match:
        names = match[2].split("/")[1:]
        return match[1], tuple(n.replace("~1", "/").replace("~0", "~") for n in names)
    match = re.fullmatch(r"\$((?:request|response)\.(?:query|header|path))\.(\S+)", text)
    if match:
        return match[1], (match[2],)
    raise ValueError(f"{expression!r} is not a runtime expression")


def look_up(value: object, names: Iterable[str]) -> object:
    """What stands in a JSON value under property names, one below the other; None if nothing."""
    for name in names:
        if not isinstance(value, dict):  # what JSON makes; a check that costs next to nothing
            return None
        value = value.get(name)
    return value
