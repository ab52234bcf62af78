"""The fault `briefly-unknown`."""

from dataclasses import dataclass
from typing import ClassVar

from mockserver.engine.trouble.fault import Fault
from mockserver.engine.trouble.plan import Act
from mockserver.engine.visit import Refusal, Visit
from mockserver.faults.setting import ANY_SPAN, setting


@dataclass(frozen=True)
class BrieflyUnknown(Fault):
    """A task cannot be found for a while after its submit."""

    meets: ClassVar = frozenset({"inspect", "collect"})
    span: int = setting("2s", ANY_SPAN, "how long, on the account's clock")

    def refuse(self, visit: Visit, act: Act) -> Refusal | None:  # noqa: ARG002
        """Know nothing of a young task."""
        task = visit.task
        if task is None or visit.now >= task.created + self.span:
            return None
        is_told = visit.procedure.can_meet("not_yet_visible")
        return Refusal("not_yet_visible" if is_told else "not_found", {"task.id": task.id})
