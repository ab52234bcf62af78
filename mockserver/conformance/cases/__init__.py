"""The cases, one module for each concern of a client."""

from typing import Final

from mockserver.conformance.case import Case
from mockserver.conformance.cases import (
    callback,
    create,
    deadline,
    download,
    facts,
    forgery,
    hint,
    lifecycle,
    money,
    poll,
    retry,
    security,
    signature,
    wire,
)

_MODULES: Final = (
    create,
    poll,
    hint,
    retry,
    deadline,
    money,
    callback,
    forgery,
    signature,
    security,
    download,
    lifecycle,
    wire,
    facts,
)

CASES: Final = tuple(
    each for module in _MODULES for each in vars(module).values() if isinstance(each, Case)
)
