"""The fault `state-backwards`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from mockserver.contract.moments import Phase
from mockserver.engine.call import Reply
from mockserver.engine.roles import tell
from mockserver.engine.task import Task
from mockserver.engine.timeline import Step
from mockserver.engine.trouble.fault import Fault
from mockserver.engine.trouble.plan import Act
from mockserver.engine.visit import Visit
from mockserver.faults.setting import choice, setting


@dataclass(frozen=True)
class StateBackwards(Fault):
    """The reply tells of a state in which the task was before."""

    meets: ClassVar = frozenset({"inspect", "collect"})
    to: str = setting(
        "previous",
        choice("previous", "first", "queued"),
        "which of them; or one for waiting, in which nobody may have seen the task",
    )

    def spoil(self, visit: Visit, reply: Reply, act: Act) -> Reply | None:  # noqa: ARG002
        """Tell of the task as it was; a task in its first state was in no other."""
        task = visit.task
        if task is None:
            return None
        now = task.timeline.find_step(visit.now - task.created)
        gone = list((_list_waits if self.to == "queued" else _list_gone)(visit, task, now))
        return tell(visit, task, gone[0 if self.to == "first" else -1]) if gone else None


def _list_gone(_: Visit, task: Task, now: Step) -> Iterator[Step]:
    """The open steps that it has behind it."""
    for step in task.timeline.steps:
        is_open = not step.state.phase.is_final
        if is_open and step.state.name != now.state.name and step.at <= now.at:
            yield step


def _list_waits(visit: Visit, _: Task, now: Step) -> Iterator[Step]:
    """The states for waiting, if it is past them."""
    if now.state.phase is not Phase.QUEUED:
        states = visit.call.contract.lifecycle.states
        yield from (Step(0, state) for state in states if state.phase is Phase.QUEUED)
