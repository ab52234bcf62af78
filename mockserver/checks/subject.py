"""What a test case of schemathesis is about: a contract, and an operation of it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from mockserver.contract.document import Document
from mockserver.contract.load import build
from mockserver.contract.model import Contract, Operation
from mockserver.contract.reading import Reading, read_reply

if TYPE_CHECKING:
    from schemathesis import Case, Response

# By the identity of a document, which is kept so that it stays one.
_contracts: Final[dict[int, tuple[Any, Contract]]] = {}


def find_contract(case: "Case[Any]") -> Contract:
    """The contract that the document under test is; raises ContractError if it is none."""
    root: Any = case.operation.schema.raw_schema
    if id(root) not in _contracts:
        document = Document(Path(), root, "the document under test")
        _contracts[id(root)] = root, build(document, "as given", ("as given",))
    return _contracts[id(root)][1]


def find_operation(contract: Contract, case: "Case[Any]") -> Operation:
    """The operation that a case was made for, whatever method it was sent with."""
    wanted = case.operation.method.upper(), case.operation.path
    return next(op for op in contract.operations.values() if (op.method, op.path) == wanted)


def find_task_id(operation: Operation, case: "Case[Any]") -> str | None:
    """The task that a case asks for in its path or its query."""
    for parameter in operation.parameters:
        if parameter.fact == "task.id":
            places = {"path": case.path_parameters, "query": case.query}
            value = places.get(parameter.where, {}).get(parameter.name)
            return value if isinstance(value, str) else None
    return None


def read_response(contract: Contract, operation: Operation, response: "Response") -> list[Reading]:
    """Every way to read a response; none if it is not JSON or has no declared shape."""
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return []
    return read_reply(contract, operation, body)
