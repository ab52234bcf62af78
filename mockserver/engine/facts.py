"""Facts of an account and a task at one moment, under the names that contracts use."""

from collections.abc import Callable
from functools import cached_property
from typing import Final

import orjson

from mockserver.contract.facts import Facts
from mockserver.contract.moments import Phase
from mockserver.contract.shape import Shape
from mockserver.engine.account import Account
from mockserver.engine.files import list_addresses
from mockserver.engine.holding import Holding
from mockserver.engine.task import Task
from mockserver.engine.timeline import Step


class Scene:
    """A task at a moment, and whose it is."""

    def __init__(self, account: Account, task: Task, now: int) -> None:
        self.account = account
        self.task = task
        self.step: Step = task.timeline.find_step(now - task.created)
        self.has_ended = self.step.state.phase.is_final

    @property
    def phase(self) -> Phase:
        """Where the task stands."""
        return self.step.state.phase

    @cached_property
    def said(self) -> Facts:
        """What the submit said."""
        return self.task.read_facts()


def _read_failure(scene: Scene) -> object:
    return scene.task.failure if scene.phase is Phase.FAILED else None


def _find_failure_code(scene: Scene) -> object:
    failure = scene.task.failure
    return failure.code if failure and scene.phase is Phase.FAILED else None


def _find_failure_message(scene: Scene) -> object:
    failure = scene.task.failure
    return failure.message if failure and scene.phase is Phase.FAILED else None


def _find_results(scene: Scene) -> object:
    return list_addresses(scene.account, scene.task) if scene.phase is Phase.SUCCEEDED else None


def _find_model(scene: Scene) -> object:
    variant = scene.task.variant
    model = variant.model if variant else None
    return scene.said.get("task.model") if model is None else model


# A fact that does not exist at a moment is None.
TASK_FACTS: Final[dict[str, Callable[[Scene], object]]] = {
    "task.id": lambda scene: scene.task.id,
    "task.model": _find_model,
    "task.state": lambda scene: scene.step.state.name,
    "task.request": lambda scene: scene.task.read_request(),
    "task.input": lambda scene: scene.said.get("task.input"),
    "task.results": _find_results,
    "task.failure.code": _find_failure_code,
    "task.failure.message": _find_failure_message,
    "task.created": lambda scene: scene.task.created,
    "task.updated": lambda scene: scene.task.created + scene.step.at,
    "task.finished": lambda scene: scene.task.ended if scene.has_ended else None,
    "task.elapsed": lambda scene: scene.task.timeline.duration if scene.has_ended else None,
    "task.price": lambda scene: scene.task.price,
    "task.cost": lambda scene: scene.task.cost if scene.has_ended else scene.task.price,
    "input.prompt": lambda scene: scene.said.get("input.prompt"),
    "input.images": lambda scene: scene.said.get("input.images"),
    "callback.url": lambda scene: scene.said.get("callback.url"),
}
