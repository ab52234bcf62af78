"""The fault `stuck-task`."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.contract.moments import Phase
from mockserver.engine.call import Reply
from mockserver.engine.trouble.fault import Fault
from mockserver.engine.trouble.plan import Act
from mockserver.engine.visit import Visit
from mockserver.faults.setting import choice, setting


@dataclass(frozen=True)
class StuckTask(Fault):
    """The task never ends; only a control call can end it."""

    meets: ClassVar = frozenset({"submit"})
    phase: str = setting("running", choice("queued", "running"), "where it gets stuck")

    def spoil(self, visit: Visit, reply: Reply, act: Act) -> Reply | None:  # noqa: ARG002
        """Leave the task that was made where it gets."""
        if visit.task is None:
            return None
        visit.holding.polls.pop(visit.task.id, None)
        timeline = visit.task.timeline.stick(Phase(self.phase))
        visit.task = visit.account.change_course(visit.task, timeline)
        return reply
