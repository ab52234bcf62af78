"""Evidence: everything that was seen of a client in one trial."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from mockserver.contract.model import Contract, Role
from mockserver.contract.reading import read_reply
from mockserver.control_client.views import CallbackView, RequestView, TaskView

FILE: Final = "file"  # the operation under which a journal has requests for result files
ASKING: Final = (Role.INSPECT, Role.COLLECT)

# Faults by which a reply is lost on its way, whatever the journal says that was in it.
LOSSES: Final = frozenset({"cut-body", "empty-reply", "hang", "reset", "wrong-length"})


@dataclass(frozen=True)
class Run:
    """One run of the client, seen from outside."""

    prompt: str
    status: int | None  # its exit status, negative for a signal; None if it had to be ended
    seconds: float
    output: str
    errors: str
    files: Mapping[str, bytes]  # that it left in its folder, by name
    strays: Sequence[str] = ()  # names of files that it left around its folder

    @property
    def succeeded(self) -> bool:
        """Whether it says that all went well."""
        return self.status == 0

    @property
    def failed(self) -> bool:
        """Whether it ended by itself, and says that it went wrong."""
        return self.status is not None and self.status != 0

    @cached_property
    def said(self) -> Mapping[str, Any]:
        """What it printed as one line of JSON with an `outcome`, if it did."""
        for line in reversed(self.output.splitlines()):
            if line.startswith("{") and '"outcome"' in line:
                try:
                    found = json.loads(line)
                except ValueError:
                    continue
                if isinstance(found, dict):
                    return found
        return {}


@dataclass(frozen=True)
class Evidence:
    """The runs of a trial, and what the server knows of them; moments in milliseconds."""

    contract: Contract
    key: str
    runs: Sequence[Run]
    requests: Sequence[RequestView]  # of its account, and strays with its key; in order
    tasks: Sequence[TaskView]
    callbacks: Sequence[CallbackView]
    unmet: Sequence[str]  # faults that were planned and not met
    window: float  # seconds for which the server watched after the last run

    @property
    def run(self) -> Run:
        """The first run, which mostly is the only one."""
        return self.runs[0]

    @property
    def was_cut(self) -> bool:
        """Whether a run was ended because its time was over."""
        return any(run.status is None for run in self.runs)

    @cached_property
    def submits(self) -> Sequence[RequestView]:
        """Requests to submit, accepted or not."""
        return self.select(Role.SUBMIT)

    @cached_property
    def polls(self) -> Sequence[RequestView]:
        """Requests that ask how a task stands."""
        return self.select(*ASKING)

    @cached_property
    def downloads(self) -> Sequence[RequestView]:
        """Requests for result files."""
        return [request for request in self.requests if request.operation == FILE]

    def select(self, *roles: Role) -> Sequence[RequestView]:
        """The requests for operations with a role."""
        operations = self.contract.operations
        names = {name for name, operation in operations.items() if operation.role in roles}
        return [request for request in self.requests if request.operation in names]

    def list_polls(self, task: TaskView) -> Sequence[RequestView]:
        """The polls that asked for a task."""
        return [poll for poll in self.polls if poll.task == task.id]

    def find_end(self, task: TaskView) -> RequestView | None:
        """The poll that told the client of a task's end first."""
        return next((poll for poll in self.list_polls(task) if self._tells_end(poll)), None)

    def _tells_end(self, poll: RequestView) -> bool:
        if poll.fault in LOSSES:
            return False
        operation = self.contract.operations[poll.operation or ""]
        readings = read_reply(self.contract, operation, poll.reply)
        states = next((reading.states for reading in readings if reading.states), ())
        return bool(states) and all(state.phase.is_final for state in states)
