"""A recorded task that is being played for one account: which reply comes next, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mockserver.record.replay.reel import Frame, Reel, Track

MAX_SCALE: Final = 1_000.0


class ReplayMode(StrEnum):
    """What moves a task on. The last reply stays, whatever the mode, and none goes back."""

    EPOCH = "epoch"  # a poll: it is told of the next state, each once
    COUNT = "count"  # a poll: the tenth is told what the tenth was told then
    TIME = "time"  # time since the submit


@dataclass(frozen=True, slots=True)
class ReplayPace:
    """How tasks move on."""

    mode: ReplayMode = ReplayMode.EPOCH
    scale: float = 1.0  # of recorded spans: 0.1 is ten times as fast


class Play:
    """One playing of a reel, that began at a moment of the wall clock."""

    def __init__(
        self,
        reel: Reel,
        task_id: str | None,
        pace: ReplayPace,
        began: int,
        urls: Mapping[str, str],
    ) -> None:
        self.reel = reel
        self.task_id = task_id  # the one that its client knows
        self.began = began
        self.urls = urls  # callback -> address of the client now
        self._pace = pace
        self._given: dict[str, int] = {}  # the frame that was given last, by operation
        self._floor = reel.started  # nothing older than this may be told
        self._callbacks = list(reel.callbacks) if urls else []

    def advance(self, operation: str, now: int) -> tuple[Frame, int] | None:
        """The reply to a poll, and its epoch; None if nothing of this operation is recorded.

        The epoch counts from 0; it is the number of epochs for a poll after the last reply. An
        error is told once: where nothing follows yet, the answer before it is given again.
        """
        track = self.reel.tracks.get(operation)
        if track is None:
            return None
        given = self._given.get(operation)
        index = self._pick(track, given, now)
        self._given[operation] = index
        frame = track.frames[index]
        self._floor = max(self._floor, frame.started)
        if given != index:
            return frame, track.find_epoch(index)
        epoch = len(track.starts) if index == track.last else track.find_epoch(index)
        return track.find_answer(index), epoch

    def take_callbacks(self, now: int) -> list[Frame]:
        """The callbacks whose place has come, in their order; each is given once.

        A client that does not poll gets them at their time.
        """
        due = []
        while self._callbacks and self._is_due(self._callbacks[0], now):
            due.append(self._callbacks.pop(0))
        return due

    @property
    def next_callback(self) -> int | None:
        """When the next callback is due even if nobody polls; milliseconds of the wall clock."""
        return self._find_moment(self._callbacks[0]) if self._callbacks else None

    def _pick(self, track: Track, given: int | None, now: int) -> int:
        least = 0 if given is None else given
        if self._pace.mode is ReplayMode.COUNT:
            return 0 if given is None else min(given + 1, track.last)
        if self._pace.mode is ReplayMode.TIME:
            return max(least, track.find_at(self._find_tape_time(now)))
        return self._pick_epoch(track, given)

    def _pick_epoch(self, track: Track, given: int | None) -> int:
        """The first reply of the next epoch; within the last one, reply by reply."""
        last = len(track.starts) - 1
        if given is not None and track.find_epoch(given) == last:
            return min(given + 1, track.last)
        epoch = 0 if given is None else track.find_epoch(given) + 1
        # Another operation may have told of later states already.
        while epoch < last and track.frames[track.find_end(epoch)].started < self._floor:
            epoch += 1
        return track.starts[epoch]

    def _is_due(self, callback: Frame, now: int) -> bool:
        if now >= self._find_moment(callback):
            return True
        if self._pace.mode is ReplayMode.TIME:
            return False
        anchors = {n: track.find_at(callback.started) for n, track in self.reel.tracks.items()}
        anchors = {name: index for name, index in anchors.items() if index >= 0}
        return not anchors or any(self._has_reached(name, at) for name, at in anchors.items())

    def _has_reached(self, operation: str, index: int) -> bool:
        given = self._given.get(operation, -1)
        if given < 0 or self._pace.mode is ReplayMode.COUNT:
            return given >= index
        track = self.reel.tracks[operation]
        return track.find_epoch(given) >= track.find_epoch(index)

    def _find_moment(self, frame: Frame) -> int:
        return self.began + round((frame.started - self.reel.started) * self._pace.scale)

    def _find_tape_time(self, now: int) -> int:
        """The moment of the recording that a moment of the wall clock stands for."""
        if not self._pace.scale:
            return self.reel.started + 10**15  # everything has happened
        return self.reel.started + int((now - self.began) / self._pace.scale)
