"""The money report: credits that a client has wasted, and how."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mockserver.conformance.case import Setting
from mockserver.conformance.evidence import Evidence
from mockserver.conformance.judgement import Judgement
from mockserver.control_client.views import TaskView


@dataclass(frozen=True, slots=True)
class Waste:
    """Credits that one trial has cost without need."""

    trial: str
    credits: float
    how: str


def find_waste(judgements: Iterable[Judgement]) -> list[Waste]:
    """Everything that was wasted, the most expensive first."""
    found = [
        Waste(judgement.trial.name, credits, how)
        for judgement in judgements
        if judgement.evidence is not None
        for how, credits in _look_through(judgement.trial.setting, judgement.evidence)
        if credits > 0
    ]
    return sorted(found, key=lambda waste: -waste.credits)


def _look_through(setting: Setting, evidence: Evidence) -> Iterator[tuple[str, float]]:
    paid = [task for task in evidence.tasks if _is_paid(evidence, task)]
    spare = paid[len(evidence.runs) :]
    yield "submitted more than once", sum(task.price for task in spare)
    if setting.scenario.get("faults"):
        return  # perhaps there was nothing that could be fetched
    ready = [task for task in paid if task.ended and task.outcome == "succeeded"]
    unseen = [task for task in ready if task not in spare and not _is_fetched(evidence, task)]
    yield "paid, and its result never fetched", sum(task.price for task in unseen)


def _is_paid(evidence: Evidence, task: TaskView) -> bool:
    money = evidence.contract.money
    if money.charge == "succeeded":
        return task.ended and task.outcome == "succeeded"
    return task.outcome not in money.refund


def _is_fetched(evidence: Evidence, task: TaskView) -> bool:
    return any(download.task == task.id for download in evidence.downloads)


def sum_waste(wastes: Sequence[Waste]) -> float:
    """All of it in credits."""
    return sum(waste.credits for waste in wastes)
