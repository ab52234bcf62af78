"""Polls: a call meets the task that it asks for, is in its scenario, and may move it on."""

from typing import Final

from mockserver.contract.model import Role
from mockserver.engine.scenarios.choice import obey_task
from mockserver.engine.task import Task
from mockserver.engine.visit import Refusal, Visit

_POLLS: Final = frozenset({Role.INSPECT, Role.COLLECT})


def meet_task(visit: Visit, task: Task) -> Refusal | None:
    """What comes of it that a call has found a task; None if nothing stands in its way."""
    if task.scenario is not visit.scenario:
        refusal = obey_task(visit, task)
        if refusal is not None:
            return refusal
    if task.id in visit.holding.polls and visit.call.operation.role in _POLLS:
        _count_poll(visit, task)
    return None


def _count_poll(visit: Visit, task: Task) -> None:
    """Move a task on by one poll; the last of those that it takes sees its end.

    The open states share the polls before that evenly. A poll counts once it has found its task,
    whatever a fault makes of the reply.
    """
    holding, account = visit.holding, visit.account
    needed = task.scenario.pace.polls
    polls = holding.polls[task.id] = holding.polls[task.id] + 1
    if polls >= needed:
        visit.task = account.end_task(task, task.timeline.final.phase, task.failure)
        visit.now = visit.task.ended  # the clock may have gone on since the visit began
        return
    states = visit.procedure.planner.list_open(task.yields.through if task.yields else ())
    state = states[(polls - 1) * len(states) // (needed - 1)]
    if state is not task.timeline.find_step(visit.now - task.created).state:
        visit.now = account.now()
        visit.task = account.change_course(
            task, task.timeline.reach(visit.now - task.created, state)
        )
