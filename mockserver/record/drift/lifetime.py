"""Lanes as they go by: no illegal step, no change after the end, and time goes on."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import orjson

from mockserver.contract.model import Contract, Operation
from mockserver.contract.reading import Reading, find_states
from mockserver.contract.watch import LifecycleWatch
from mockserver.record.drift.finding import Deviation
from mockserver.record.drift.kind import Kind
from mockserver.record.exchange import Exchange
from mockserver.record.fit import Fit
from mockserver.record.outline import find_value

_KINDS: Final = {
    "regression": Kind.REGRESSION,
    "changed-after-end": Kind.CHANGED_AFTER_END,
}


@dataclass(slots=True)
class _Track:
    """What was last heard of a task."""

    ended: int  # when the last reply that counts was complete
    created: int | None = None
    updated: int | None = None


class Lifetimes:
    """Follows the tasks of one contract; one small record per task is kept."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._watch = LifecycleWatch(contract)
        self._tracks: dict[str, _Track] = {}

    @property
    def count(self) -> int:
        """How many tasks were seen."""
        return len(self._tracks)

    def see(self, operation: Operation, exchange: Exchange, fit: Fit) -> Iterator[Deviation]:
        """What a reply breaks in the life of its task."""
        task_id = exchange.task_id or fit.facts.get("task.id")
        if not isinstance(task_id, str) or fit.form.is_refusal:
            return
        track = self._tracks.get(task_id)
        if track is None:
            track = self._tracks[task_id] = _Track(exchange.started)
        if exchange.started < track.ended:
            return  # asked for before the last answer was there: which of them is older is open
        track.ended = exchange.started + exchange.elapsed
        yield from _check_times(track, fit)
        states = find_states(self._contract, fit.form.shape, fit.facts)
        if not states:
            return
        told = {fact: _shorten(value) for fact, value in fit.facts.items()}
        reading = Reading(fit.form.shape, told, states)
        for breach in self._watch.follow(task_id, operation, reading):
            pointer = _find_pointer(fit, breach.fact)
            if breach.fact == "task.state":
                value = fit.facts.get("task.state")
                yield Deviation(_KINDS[breach.rule], pointer, "only forward", value, breach.message)
            else:
                kind = _KINDS[breach.rule]
                now = find_value(fit.opened, pointer)
                yield Deviation(kind, pointer, "no change after the end", now)


def _check_times(track: _Track, fit: Fit) -> Iterator[Deviation]:
    created, updated = fit.facts.get("task.created"), fit.facts.get("task.updated")
    finished = fit.facts.get("task.finished")
    if isinstance(created, int):
        if track.created not in (None, created):
            pointer = _find_pointer(fit, "task.created")
            yield Deviation(Kind.TIME_BACK, pointer, "always the same", created)
        track.created = created
        if isinstance(finished, int) and finished < created:
            pointer = _find_pointer(fit, "task.finished")
            yield Deviation(Kind.TIME_BACK, pointer, "not before it was created", finished)
    if isinstance(updated, int):
        if track.updated is not None and updated < track.updated:
            pointer = _find_pointer(fit, "task.updated")
            yield Deviation(Kind.TIME_BACK, pointer, "not before the last one", updated)
        track.updated = updated


def _shorten(value: object) -> object:
    """A fact as it is remembered: of what may be long, a digest will do."""
    if not isinstance(value, str | list | dict):
        return value
    try:
        data = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        return None  # so deep that no program reads it
    return blake2b(data, digest_size=12).digest()


def _find_pointer(fit: Fit, fact: str) -> str:
    return next((leaf.pointer for leaf in fit.form.leaves if leaf.fact == fact), "")
