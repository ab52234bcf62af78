"""The part of OpenAPI that contracts are read by: whatever stands elsewhere in it is named."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from mockserver.contract.document import walk
from mockserver.contract.validate import Validator
from mockserver.errors import ContractError


@cache
def _validator() -> Validator:
    text = files("mockserver.contract").joinpath("openapi.json").read_text("utf-8")
    return Validator(json.loads(text), "the form of a contract")


def check_form(root: Mapping[str, object], where: str) -> Iterator[ContractError]:
    """Every complaint about the form of a contract's main file; `where` names its top."""
    unspoken = False
    for pointer, node in walk(root):
        for key in node:
            if not isinstance(key, str):
                unspoken = True
                hint = f'write "{key}"'
                yield ContractError(where + pointer, f"has the key {key!r}, no text", hint)
    if not unspoken:
        for found in _validator().find_violations(root):
            yield ContractError(where + found.pointer, found.message)
