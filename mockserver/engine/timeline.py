"""A task's planned walk through the states of its lifecycle.

A task is not run, it is read. Its timeline is planned when it is submitted: which state it is in
from which moment on, counted from the submit, up to a final state from which it never moves. What
a task is doing is then a question of how much time went by, and nothing has to tick.

Timelines do not change. What many tasks have in common, the walk, they share.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import takewhile
from typing import Final, NamedTuple

from msgspec import Struct

from mockserver.contract.model import Lifecycle, State
from mockserver.contract.moments import Phase
from mockserver.engine.scenarios.pace import BY_TIME, Mover, Pace

NEVER: Final = 1_000_000_000_000_000  # milliseconds, longer than any clock of an account goes

_SHARES: Final = {Phase.QUEUED: 0.2, Phase.RUNNING: 0.8}

# States in order, each with the share of the duration that has gone by when it begins.
Walk = tuple[tuple[float, State], ...]


class Step(NamedTuple):
    """A state, and when it begins."""

    at: int  # milliseconds after the submit
    state: State


class Timeline(Struct, eq=False, gc=False):
    """A walk that takes so long; its last state is final."""

    _walk: Walk
    duration: int  # milliseconds from the submit to the end

    @property
    def steps(self) -> tuple[Step, ...]:
        """Its steps in order of time."""
        return tuple(Step(round(self.duration * share), state) for share, state in self._walk)

    @property
    def first(self) -> Step:
        """The step on which it begins."""
        return Step(0, self._walk[0][1])

    @property
    def is_open(self) -> bool:
        """Whether it goes on until somebody cuts it."""
        return self.duration >= NEVER

    @property
    def entry(self) -> State:
        """The state in which it begins."""
        return self._walk[0][1]

    @property
    def final(self) -> State:
        """The state in which it ends."""
        return self._walk[-1][1]

    def find_step(self, elapsed: int) -> Step:
        """The step that a task is on when so many milliseconds went by."""
        for share, state in reversed(self._walk):
            at = round(self.duration * share)
            if at <= elapsed:
                return Step(at, state)
        return self.first

    def cut(self, elapsed: int, final: State) -> "Timeline":
        """The same walk as far as it went, and its end there."""
        span = max(elapsed, 1)
        gone = [(step.at / span, step.state) for step in self.steps if step.at <= elapsed]
        return Timeline((*gone, (1.0, final)), elapsed)

    def stick(self, phase: Phase) -> "Timeline":
        """The same walk up to its last step in an open phase, or the one before, and no end."""
        open_steps = self.steps[:-1]
        until = max(
            (n for n, step in enumerate(open_steps) if step.state.phase is phase), default=0
        )
        gone = ((step.at / NEVER, step.state) for step in open_steps[: until + 1])
        return Timeline((*gone, self._walk[-1]), NEVER)

    def count_common(self, other: "Timeline") -> int:
        """How many steps it has in common with another one, from the first on."""
        pairs = zip(self.steps, other.steps, strict=False)
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))

    def hasten(self, duration: int) -> "Timeline":
        """The same walk in another time."""
        return Timeline(self._walk, duration)

    def reach(self, elapsed: int, state: State) -> "Timeline":
        """The same walk, open as it is, and another open state from now on."""
        return Timeline((*self._walk[:-1], (elapsed / NEVER, state), self._walk[-1]), NEVER)


class Planner:
    """Plans the timelines of one lifecycle, so many times faster than the provider is."""

    def __init__(self, lifecycle: Lifecycle, speed: float) -> None:
        self._lifecycle = lifecycle
        self._speed = speed
        self._states: dict[object, State] = {state.name: state for state in lifecycle.states}
        self._walks: dict[tuple[Sequence[object], Phase], Walk] = {}

    def plan(
        self, through: Sequence[object], outcome: Phase, takes: int, pace: Pace = BY_TIME
    ) -> Timeline:
        """A walk through the named open states, or those of the lifecycle if none are named.

        The queued ones share a fifth of the duration, the running ones the rest; states of one
        phase alone share all of it. `takes` is how long the provider takes, in milliseconds.
        """
        walk = self._walks.get((through, outcome))
        if walk is None:
            walk = self._walks[through, outcome] = self._build(through, outcome)
        if pace is BY_TIME:  # as a rule
            return Timeline(walk, round(takes / self._speed))
        if pace.mover is Mover.TIME:
            return Timeline(walk, round(takes * pace.factor / self._speed))
        if pace.mover is Mover.INSTANT:
            return Timeline(walk, 0)
        if pace.mover is Mover.POLLS:
            return Timeline((walk[0], walk[-1]), NEVER)
        span = takes * pace.factor / self._speed / NEVER
        return Timeline((*((share * span, state) for share, state in walk[:-1]), walk[-1]), NEVER)

    def list_open(self, through: Sequence[object]) -> Sequence[State]:
        """The open states that a task walks through."""
        return [self._states[name] for name in through] or self._lifecycle.walk

    def _build(self, through: Sequence[object], outcome: Phase) -> Walk:
        states = self.list_open(through)
        count = Counter(state.phase for state in states)
        share = _SHARES if len(count) > 1 else dict.fromkeys(count, 1.0)
        walk, gone = [], 0.0
        for state in states:
            walk.append((gone, state))
            gone += share[state.phase] / count[state.phase]
        return (*walk, (1.0, self._lifecycle.find_final(outcome)))
