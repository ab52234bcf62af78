"""The lifecycle of tasks, watched from outside: only forward, nothing after the end, an end."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from mockserver.contract.model import Contract, Operation, Role, State
from mockserver.contract.reading import Reading, read_reply

_ASKING: Final = frozenset({Role.INSPECT, Role.COLLECT})


@dataclass(frozen=True, slots=True)
class Breach:
    """One reply that breaks the lifecycle of a task."""

    task_id: str
    rule: str  # "regression", "changed-after-end" or "never-ends"
    message: str
    fact: str = "task.state"  # what went wrong
    before: object = None  # its value, if it is no state
    after: object = None

    def __str__(self) -> str:
        return f"task {self.task_id}: {self.message}"


@dataclass(slots=True)
class _Track:
    """What was seen of one task: where it may stand, and since its end what was told of it."""

    states: tuple[State, ...]
    polls: int = 0  # while it was open
    told: dict[str, dict[str, object]] = field(default_factory=dict)  # facts by operation

    @property
    def has_ended(self) -> bool:
        return all(state.phase.is_final for state in self.states)


class LifecycleWatch:
    """Follows every task through the replies that it is shown, against the contract's lifecycle.

    A watch is for one account, or for several whose task ids differ. States between two polls may
    go unseen, so a task may skip any number of them. `max_polls` is how often a task may be asked
    for and still be open; None for any number of times.
    """

    def __init__(self, contract: Contract, max_polls: int | None = None) -> None:
        self._contract = contract
        self._max_polls = max_polls
        self._tracks: dict[str, _Track] = {}
        states = contract.lifecycle.states
        self._reach = {state.name: _find_reach(contract, state) for state in states}

    def see(
        self, operation: Operation | str, body: object, task_id: str | None = None
    ) -> list[Breach]:
        """Take note of the JSON value of a reply; what it breaks.

        An operation is given as such or by its id. `task_id` is the task that was asked for, for
        replies that do not name it. What no shape of the operation accepts tells nothing.
        """
        if isinstance(operation, str):
            operation = self._contract.operations[operation]
        for reading in read_reply(self._contract, operation, body):
            named = reading.facts.get("task.id", task_id)
            if reading.states and isinstance(named, str):
                return list(self.follow(named, operation, reading))
        return []

    @property
    def open_tasks(self) -> list[str]:
        """The ids of the tasks whose end was not seen."""
        return [name for name, track in self._tracks.items() if not track.has_ended]

    def follow(self, task_id: str, operation: Operation, reading: Reading) -> Iterator[Breach]:
        """What a reply that was read already, and tells of states, breaks."""
        track = self._tracks.get(task_id)
        if track is None:
            track = self._tracks[task_id] = _Track(reading.states)
        elif operation.role is Role.SUBMIT:
            return  # a submit that was repeated is answered as it was at first
        elif track.has_ended:
            yield from self._compare(task_id, track, operation, reading)
            return
        else:
            yield from self._move(task_id, track, reading)
        if track.has_ended:
            track.told[operation.id] = _list_told(reading)
        elif operation.role in _ASKING:
            track.polls += 1
            if self._max_polls is not None and track.polls == self._max_polls + 1:
                message = f"was asked for {track.polls} times and is still {_name(track.states)}"
                yield Breach(task_id, "never-ends", message)

    def _move(self, task_id: str, track: _Track, reading: Reading) -> Iterator[Breach]:
        reach = {name for state in track.states for name in self._reach[state.name]}
        ahead = tuple(state for state in reading.states if state.name in reach)
        if not ahead:
            message = f"was {_name(track.states)} and went back to {_name(reading.states)}"
            yield Breach(task_id, "regression", message)
        track.states = ahead or reading.states

    def _compare(
        self, task_id: str, track: _Track, operation: Operation, reading: Reading
    ) -> Iterator[Breach]:
        if not set(reading.states) & set(track.states):
            message = f"had ended {_name(track.states)} and is now {_name(reading.states)}"
            yield Breach(task_id, "changed-after-end", message)
            return
        told = _list_told(reading)
        before = track.told.setdefault(operation.id, told)
        for fact in sorted(before.keys() | told.keys()):
            if before.get(fact) != told.get(fact):
                change = f"{before.get(fact)!r} became {told.get(fact)!r}"
                message = f"had ended {_name(track.states)}, and its {fact} changed: {change}"
                was, now = before.get(fact), told.get(fact)
                yield Breach(task_id, "changed-after-end", message, fact, was, now)


def _find_reach(contract: Contract, start: State) -> frozenset[object]:
    """The names of all states that lie ahead of a state, itself among them."""
    found, ahead = {start.name}, [start]
    while ahead:
        for name in ahead.pop().next:
            if name not in found:
                found.add(name)
                ahead.append(contract.lifecycle.by_name[name])
    return frozenset(found)


def _list_told(reading: Reading) -> dict[str, object]:
    """The facts of a reply that are about its task."""
    return {fact: value for fact, value in reading.facts.items() if fact.startswith("task.")}


def _name(states: tuple[State, ...]) -> str:
    return " or ".join(str(state.name) for state in states)
