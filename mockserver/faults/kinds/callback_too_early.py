"""The fault `callback-too-early`."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mockserver.contract.model import Contract
from mockserver.engine.call import Reply
from mockserver.engine.carriage import Carriage
from mockserver.engine.trouble.fault import Fault
from mockserver.engine.trouble.plan import Act
from mockserver.engine.visit import Visit


@dataclass(frozen=True)
class CallbackTooEarly(Fault):
    """The callbacks come before the reply to the submit: the task ends while it is under way."""

    meets: ClassVar = frozenset({"submit"})

    def is_for(self, contract: Contract) -> bool:
        """Whether a provider sends callbacks."""
        return any(operation.callbacks for operation in contract.operations.values())

    def spoil(self, visit: Visit, reply: Reply, act: Act) -> Reply | None:  # noqa: ARG002
        """End the task at once, and hold the reply back until its callbacks are answered."""
        task = visit.task
        if task is None or not task.callbacks:
            return None
        visit.task = visit.account.change_course(task, task.timeline.hasten(0))
        return replace(reply, carriage=Carriage(behind=visit.account.id))
