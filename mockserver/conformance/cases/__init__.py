"""The cases, one module for each concern of a client."""

from typing import Final

from mockserver.conformance.case import Case
from mockserver.conformance.cases import create, poll, retry

CASES: Final = tuple(
    each
    for module in (create, poll, retry)
    for each in vars(module).values()
    if isinstance(each, Case)
)
