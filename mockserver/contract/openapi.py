"""The part of OpenAPI that contracts are read by: whatever stands elsewhere in it is named."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from mockserver.contract.document import walk
from mockserver.contract.validate import Validator
from mockserver.errors import ContractError


@cache
def _load_form() -> Mapping[str, Any]:
    text = files("mockserver.contract").joinpath("openapi.json").read_text("utf-8")
    form: Mapping[str, Any] = json.loads(text)
    return form


@cache
def _validator(part: str | None) -> Validator:
    form = _load_form()
    schema = form if part is None else {"$defs": form["$defs"], **form["$defs"][part]}
    return Validator(schema, "the form of a contract")


def _list_other_keys(node: Mapping[Any, Any]) -> list[object]:
    return [key for key in node if not isinstance(key, str)]


def check_form(root: Any, where: str, part: str | None = None) -> Iterator[ContractError]:
    """Every complaint about the form of a contract's main file, or of one part such as `schema`.

    `where` names the place of what is checked.
    """
    keys = [
        ContractError(where + pointer, f"has the key {key!r}, no text", f'write "{key}"')
        for pointer, node in walk(root)
        for key in _list_other_keys(node)
    ]
    yield from keys
    found = () if keys else _validator(part).find_violations(root)
    for pointer, message in dict.fromkeys((f.pointer, f.message) for f in found):
        yield ContractError(where + pointer, message)
