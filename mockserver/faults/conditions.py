"""Which condition an HTTP status or a code stands for, in the words of a contract."""

from typing import Final

from mockserver.contract.moments import CONDITIONS
from mockserver.engine.visit import Visit

OTHERWISE: Final = "server_error"


def find_condition(visit: Visit, code: int) -> str:
    """The condition that a contract answers with a code or a status; else it is a server error."""
    shapes = visit.procedure.operation.shapes
    for condition in CONDITIONS:
        shape = shapes.get(condition)
        if shape is not None and code in (shape.code, None if shape.code else shape.status):
            return condition
    return OTHERWISE
