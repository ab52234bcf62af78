"""The money report: credits that a client has wasted, and how."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mockserver.conformance.case import Trial
from mockserver.conformance.evidence import Evidence
from mockserver.conformance.judgement import Judgement
from mockserver.conformance.verdict import Verdict
from mockserver.contract.moments import Phase
from mockserver.control_client.views import TaskView


@dataclass(frozen=True, slots=True)
class Waste:
    """Credits that one trial has cost without need."""

    trial: str
    credits: float
    how: str


def find_waste(judgements: Iterable[Judgement], *, downloads: bool = True) -> list[Waste]:
    """Everything that was wasted, the most expensive first.

    A client that does not download anything, and says so, has its result with the task's end. What
    it did when the emulator failed is not its waste.
    """
    found = [
        Waste(judgement.trial.name, credits, how)
        for judgement in judgements
        if judgement.evidence is not None and judgement.verdict is not Verdict.HARNESS_ERROR
        for how, credits in _look_through(judgement.trial, judgement.evidence, downloads)
        if credits > 0
    ]
    return sorted(found, key=lambda waste: -waste.credits)


def sum_waste(wastes: Sequence[Waste]) -> float:
    """All of it in credits."""
    return sum(waste.credits for waste in wastes)


def sum_spent(judgements: Iterable[Judgement]) -> float:
    """Everything that was paid and not paid back, in credits."""
    found = [judgement.evidence for judgement in judgements if judgement.evidence is not None]
    return sum(task.price for each in found for task in each.tasks if _is_paid(each, task))


def _look_through(trial: Trial, evidence: Evidence, downloads: bool) -> Iterator[tuple[str, float]]:
    def is_had(task: TaskView) -> bool:
        return _is_fetched(evidence, task) if downloads else evidence.find_end(task) is not None

    paid = [task for task in evidence.tasks if _is_paid(evidence, task)]
    paid.sort(key=lambda task: not is_had(task))
    wanted, spare = paid[: len(evidence.runs)], paid[len(evidence.runs) :]
    is_charged = any(task.ended and task.outcome == Phase.FAILED for task in paid)
    how = "ordered again after a failure that is charged" if is_charged else "ordered twice"
    yield how, sum(task.price for task in spare)
    setting = trial.setting
    if setting.scenario.get("faults") or setting.interrupt_after is not None:
        return  # perhaps there was nothing that could be fetched, or no time for it
    ready = [task for task in wanted if task.ended and task.outcome == Phase.SUCCEEDED]
    unseen = [task for task in ready if not is_had(task)]
    yield "paid, and its result never fetched", sum(task.price for task in unseen)


def _is_paid(evidence: Evidence, task: TaskView) -> bool:
    money = evidence.contract.money
    if money.charge == "succeeded":
        return task.ended and task.outcome == Phase.SUCCEEDED
    return not task.ended or task.outcome not in money.refund


def _is_fetched(evidence: Evidence, task: TaskView) -> bool:
    return any(each.task == task.id and each.status < 400 for each in evidence.downloads)
