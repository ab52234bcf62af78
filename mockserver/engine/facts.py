"""Facts about a task at one moment, under the names that contracts use."""

from collections.abc import Callable
from typing import Final

from mockserver.contract.facts import Facts
from mockserver.contract.model import Failure
from mockserver.contract.moments import Phase
from mockserver.engine.accounts.account import Account
from mockserver.engine.files.address import list_addresses, list_originals
from mockserver.engine.task import Task
from mockserver.engine.timeline import Step


class Scene:
    """A task on one step of its timeline, and whose it is."""

    __slots__ = ("_said", "account", "phase", "since", "state", "task")

    def __init__(self, account: Account, task: Task, step: Step) -> None:
        self.account = account
        self.task = task
        self.since = task.created + step.at
        self.state = step.state.name
        self.phase = step.state.phase
        self._said: Facts | None = None

    @property
    def said(self) -> Facts:
        """What the submit said."""
        if self._said is None:
            self._said = self.task.read_facts()
        return self._said

    @property
    def has_ended(self) -> bool:
        """Whether the task is on its last step."""
        return self.phase.is_final

    @property
    def failure(self) -> Failure | None:
        """Why the task failed, once it has."""
        return self.task.failure if self.phase is Phase.FAILED else None


def _find_results(scene: Scene) -> object:
    yields = scene.task.yields
    if scene.phase is not Phase.SUCCEEDED or (yields and yields.data):
        return None
    return list_addresses(scene.account, scene.task)


def _find_originals(scene: Scene) -> object:
    is_there = _find_results(scene) is not None
    return list_originals(scene.account, scene.task) if is_there else None


def _find_data(scene: Scene) -> object:
    """What a task answers instead of addresses; None as long as there is nothing."""
    yields = scene.task.yields
    if scene.phase is not Phase.SUCCEEDED or yields is None or yields.data is None:
        return None
    facts: Facts = {
        name: list_addresses(scene.account, scene.task)
        if name == "task.results"
        else TASK_FACTS[name](scene)
        for name in yields.data.needs
    }
    return yields.data.fill(facts)


def _find_failure_code(scene: Scene) -> object:
    return scene.failure.code if scene.failure else None


def _find_failure_message(scene: Scene) -> object:
    return scene.failure.message if scene.failure else None


# A fact that does not exist at a moment is None.
TASK_FACTS: Final[dict[str, Callable[[Scene], object]]] = {
    "task.id": lambda scene: scene.task.id,
    "task.model": lambda scene: scene.said.get("task.model"),
    "task.state": lambda scene: scene.state,
    "task.request": lambda scene: scene.task.read_request(),
    "task.input": lambda scene: scene.said.get("task.input"),
    "task.results": _find_results,
    "task.originals": _find_originals,
    "task.data": _find_data,
    "task.failure.code": _find_failure_code,
    "task.failure.message": _find_failure_message,
    "task.created": lambda scene: scene.task.created,
    "task.updated": lambda scene: scene.since,
    "task.finished": lambda scene: scene.task.ended if scene.has_ended else None,
    "task.elapsed": lambda scene: scene.task.timeline.duration if scene.has_ended else None,
    "task.price": lambda scene: scene.task.price,
    "task.cost": lambda scene: scene.task.cost if scene.has_ended else scene.task.price,
    "input.prompt": lambda scene: scene.said.get("input.prompt"),
    "input.images": lambda scene: scene.said.get("input.images"),
    "callback.url": lambda scene: scene.said.get("callback.url"),
}
