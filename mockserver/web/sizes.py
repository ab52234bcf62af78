"""How large bodies may be: those of uploads as the contract says, all others as they are."""

from collections.abc import Iterable
from typing import Final

from mockserver.contract.model import Contract, Operation
from mockserver.web.asgi import MAX_BODY, MAX_WASTE
from mockserver.web.wire.limits import SLACK

AROUND: Final = 128 * 1024  # bytes beside the file: texts, boundaries


def measure_body(operation: Operation) -> int:
    """How many bytes the JSON body of an upload may have."""
    variant = operation.body.find_variant(None) if operation.body else None
    fields = variant.schema.get("properties", {}) if variant else {}
    holds_file = any(node.get("x-fact") == "upload.content" for node in fields.values())
    if not holds_file or operation.upload is None:
        return MAX_BODY
    return _measure_base64(operation.upload.max_bytes)


def _measure_base64(size: int) -> int:
    """Four characters for three bytes, broken into lines perhaps."""
    return size * 3 // 2 + AROUND


def measure_message(contracts: Iterable[Contract]) -> int:
    """How many bytes the largest body may have that any operation takes, and what is wasted."""
    terms = [op.upload for each in contracts for op in each.operations.values()]
    sizes = [_measure_base64(each.max_bytes) for each in terms if each is not None]
    return max([MAX_BODY, *sizes]) + MAX_WASTE + SLACK
