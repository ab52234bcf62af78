"""The fault `state-backwards`."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.contract.model import State
from mockserver.engine.call import Reply
from mockserver.engine.fault import Fault
from mockserver.engine.fault_plan import Act
from mockserver.engine.roles import tell
from mockserver.engine.timeline import Step
from mockserver.engine.visit import Visit
from mockserver.faults.setting import choice, setting


@dataclass(frozen=True)
class StateBackwards(Fault):
    """The reply tells of an earlier state: one that the task was in, else one that it left out."""

    meets: ClassVar = frozenset({"inspect", "collect"})
    to: str = setting("previous", choice("previous", "first"), "which of them")

    def spoil(self, visit: Visit, reply: Reply, act: Act) -> Reply | None:  # noqa: ARG002
        """Tell of the task as it was; nothing lies before the first state of all."""
        task = visit.task
        if task is None:
            return None
        now = task.timeline.find_step(visit.now - task.created)
        gone = [step for step in task.timeline.steps if step.state.name != now.state.name]
        gone = [step for step in gone if step.at <= now.at and not step.state.phase.is_final]
        if not gone:
            gone = [Step(0, state) for state in _list_before(visit, now.state)]
        if not gone:
            return None
        return tell(visit, task, gone[0 if self.to == "first" else -1])


def _list_before(visit: Visit, state: State) -> list[State]:
    """The open states that stand before one in the lifecycle."""
    states = visit.call.contract.lifecycle.states
    return [each for each in states[: states.index(state)] if not each.phase.is_final]
