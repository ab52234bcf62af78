"""An occasion: a call, a request for a file or a callback that may meet a fault."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from mockserver.contract.facts import Facts
from mockserver.contract.model import Role
from mockserver.contract.moments import Phase
from mockserver.engine.facts import Scene
from mockserver.engine.files.address import Address
from mockserver.engine.task import Task
from mockserver.engine.trouble.fault import CALL, CALLBACK, FILE, Fault, Target
from mockserver.engine.visit import Refusal, Visit

# Words of a rule's task -> facts.
_FACTS: Mapping[str, str] = {"id": "task.id", "model": "task.model", "prompt": "input.prompt"}


@dataclass
class Occasion:
    """What a rule is held against."""

    kinds: tuple[str, ...]  # CALL and perhaps a role, FILE, or CALLBACK
    names: tuple[str, ...]  # under which a rule may speak of it
    at: int  # milliseconds on the account's clock
    digest: bytes  # what is asked for; equal ones are told apart by the order in which they come
    phase: Phase | None  # of the task that it is about
    state: object
    find_facts: Callable[[], Facts]

    @cached_property
    def facts(self) -> Facts:
        """The facts of its task."""
        return self.find_facts()

    def suits(self, fault: Fault, target: Target) -> bool:
        """Whether a fault could act here, and is meant to; how often there was is not asked."""
        if fault.meets.isdisjoint(self.kinds):
            return False
        if fault.phases is not None and self.phase not in fault.phases:
            return False
        if target.operation is None:  # what could also meet a call, is only meant for calls then
            if FILE in self.kinds and CALL in fault.meets:
                return False
        elif target.operation not in self.names:
            return False
        return all(self._has(name, wanted) for name, wanted in target.task.items())

    def _has(self, name: str, wanted: object) -> bool:
        if name == "phase":
            return self.phase == wanted
        if name == "state":
            return self.state == wanted
        value = self.facts.get(_FACTS[name])
        if name == "prompt":
            return str(wanted).casefold() in str(value or "").casefold()
        return value == wanted


def see_call(visit: Visit, found: Refusal | Task | None) -> Occasion:
    """A call at which the gates have found nothing, a refusal, or a task submitted before."""
    operation, task = visit.call.operation, found if isinstance(found, Task) else visit.task
    kinds: tuple[str, ...] = (CALL, operation.role)
    if found is not None or (operation.role is not Role.SUBMIT and task is None):
        kinds = (CALL,)  # no task is made, and none is told of
    state = None if task is None else task.timeline.find_step(visit.now - task.created).state
    return Occasion(
        kinds,
        (operation.id, operation.role, CALL),
        visit.now,
        visit.digest,
        None if state is None else state.phase,
        None if state is None else state.name,
        lambda: visit.said if task is None else _find_facts(task),
    )


def see_file(task: Task, address: Address, now: int) -> Occasion:
    """A request for a result file."""
    state = task.timeline.find_step(now - task.created).state
    digest = b"%b %d %d" % (task.digest, task.occurrence, address.number)
    return Occasion(
        (FILE,), (FILE,), now, digest, state.phase, state.name, lambda: _find_facts(task)
    )


def see_callback(scene: Scene, callback: str, at: int) -> Occasion:
    """A callback that is about to be sent."""
    task = scene.task
    digest = b"%b %d %b %d" % (task.digest, task.occurrence, callback.encode(), scene.since)
    return Occasion(
        (CALLBACK,),
        (CALLBACK, callback, task.operation.id, task.operation.role),
        at,
        digest,
        scene.phase,
        scene.state,
        lambda: _find_facts(task),
    )


def _find_facts(task: Task) -> Facts:
    return {**task.read_facts(), "task.id": task.id}
