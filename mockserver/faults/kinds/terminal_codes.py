"""The fault `terminal-codes`."""

from dataclasses import dataclass
from typing import ClassVar, Final

from mockserver.contract.moments import CONDITIONS
from mockserver.contract.places import find_paths
from mockserver.engine.call import Reply
from mockserver.engine.trouble.fault import CALL, Fault
from mockserver.engine.trouble.plan import Act
from mockserver.engine.visit import Visit
from mockserver.faults.bodies import change_places, find_places, read_body

# Letters that nobody sees, another title of the window, a cleared screen.
CODES: Final = ("\x1b[8m", "\x1b]0;changed\x07", "\x1b[2J")
_START: Final = "".join(CODES)


@dataclass(frozen=True)
class TerminalCodes(Fault):
    """Texts for people, of refusals and of failed tasks, hold codes that steer a terminal."""

    meets: ClassVar = frozenset({CALL})

    def spoil(self, visit: Visit, reply: Reply, act: Act) -> Reply | None:  # noqa: ARG002
        """Put the codes before what is said."""
        shapes, body = visit.procedure.operation.shapes, read_body(reply)
        refusals = [shapes[name] for name in CONDITIONS if name in shapes]
        paths = [place.path for place in find_places(visit, "task.failure.message")]
        for shape in refusals:
            if shape.accepts(body):  # where all is well, the same fact is a word for programs
                paths += find_paths(shape, "reply.message")
        return change_places(reply, paths, _add_codes)


def _add_codes(text: object) -> object:
    is_new = isinstance(text, str) and text and not text.startswith(_START)
    return f"{_START}{text}" if is_new else text
