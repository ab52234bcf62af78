"""A task's planned walk through the states of its lifecycle.

A task is not run, it is read. Its timeline is planned when it is submitted: which state it is in
from which moment on, counted from the submit, up to a final state from which it never moves. What
a task is doing is then a question of how much time went by, and nothing has to tick.

Timelines do not change and look alike for many tasks, so equal plans share one.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from mockserver.contract.model import Lifecycle, State
from mockserver.contract.moments import Phase

_SHARES: Final = {Phase.QUEUED: 0.2, Phase.RUNNING: 0.8}
_MAX_SHARED: Final = 10_000


class Step(NamedTuple):
    """A state, and when it begins."""

    at: int  # milliseconds after the submit
    state: State


class Timeline:
    """Steps in order of time; the last one is final."""

    __slots__ = ("steps",)

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = tuple(steps)

    @property
    def duration(self) -> int:
        """Milliseconds from the submit to the end."""
        return self.steps[-1].at

    @property
    def final(self) -> State:
        """The state in which it ends."""
        return self.steps[-1].state

    def find_step(self, elapsed: int) -> Step:
        """The step that a task is on when so many milliseconds went by."""
        for step in reversed(self.steps):
            if step.at <= elapsed:
                return step
        return self.steps[0]

    def cut(self, elapsed: int, final: State) -> "Timeline":
        """The same walk as far as it went, and its end there."""
        gone = [step for step in self.steps if step.at <= elapsed]
        return Timeline([*gone, Step(elapsed, final)])


class Planner:
    """Plans the timelines of one lifecycle, so many times faster than the provider is."""

    def __init__(self, lifecycle: Lifecycle, speed: float) -> None:
        self._lifecycle = lifecycle
        self._speed = speed
        self._states: dict[object, State] = {state.name: state for state in lifecycle.states}
        self._shared: dict[tuple[Sequence[object], Phase, int], Timeline] = {}

    def plan(self, through: Sequence[object], outcome: Phase, takes: int) -> Timeline:
        """A walk through the named open states, or those of the lifecycle if none are named.

        The queued ones share a fifth of the duration, the running ones the rest; states of one
        phase alone share all of it. `takes` is how long the provider takes, in milliseconds.
        """
        duration = round(takes / self._speed)
        plan = (through, outcome, duration)
        timeline = self._shared.get(plan)
        if timeline is None:
            if len(self._shared) >= _MAX_SHARED:
                self._shared.clear()
            timeline = self._shared[plan] = self._build(through, outcome, duration)
        return timeline

    def _build(self, through: Sequence[object], outcome: Phase, duration: int) -> Timeline:
        walk = [self._states[name] for name in through] or self._lifecycle.walk
        count = Counter(state.phase for state in walk)
        share = _SHARES if len(count) > 1 else dict.fromkeys(count, 1.0)
        steps, at = [], 0.0
        for state in walk:
            steps.append(Step(round(at), state))
            at += duration * share[state.phase] / count[state.phase]
        return Timeline([*steps, Step(duration, self._lifecycle.find_final(outcome))])
