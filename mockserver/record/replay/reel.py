"""An index of one recorded task: its submit, the replies to its polls, its callbacks."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from mockserver.contract.model import Contract
from mockserver.record.har import Place


@dataclass(frozen=True, slots=True)
class Frame:
    """One recorded exchange, as far as it has to be known at all times; the rest is in the file."""

    place: Place
    started: int
    operation: str
    exact: bytes = b""  # equal for requests that say the same
    alike: bytes = b""  # equal for requests that want the same
    names: tuple[object, ...] = ()  # the states that it tells of, the moments, or its error
    error: str | None = None  # that it ended in, so that there is no whole answer
    has_ended: bool = False  # whether the task is over; of a callback or a file, that it came
    addresses: tuple[str, ...] = ()  # of files, in its body
    url: str = ""  # where it went, for callbacks and files


class Track:
    """The replies of one operation for one task, cut into epochs: runs of equal states."""

    def __init__(self, frames: Iterable[Frame]) -> None:
        self.frames = sorted(frames, key=lambda frame: frame.started)
        self.starts: list[int] = []  # the first frame of each epoch
        for index, frame in enumerate(self.frames):
            if not index or frame.names != self.frames[index - 1].names:
                self.starts.append(index)

    @property
    def last(self) -> int:
        """The last frame."""
        return len(self.frames) - 1

    def find_epoch(self, index: int) -> int:
        """The epoch that a frame stands in."""
        return bisect_right(self.starts, index) - 1

    def find_end(self, epoch: int) -> int:
        """The last frame of an epoch."""
        return self.starts[epoch + 1] - 1 if epoch + 1 < len(self.starts) else self.last

    def find_answer(self, index: int) -> Frame:
        """The last answer up to a frame; the frame itself if there was none."""
        answers = (each for each in reversed(self.frames[: index + 1]) if each.error is None)
        return next(answers, self.frames[index])

    def find_at(self, moment: int) -> int:
        """The last frame that had begun at a moment of the recording; -1 if none had."""
        return bisect_right(self.frames, moment, key=lambda frame: frame.started) - 1


@dataclass
class Reel:
    """A recorded task, or a submit that was refused: that one has no id."""

    number: int  # of all reels of a tape, from 0, in the order of the recording
    contract: Contract
    task_id: str | None
    submit: Frame | None = None
    urls: Mapping[str, str] = field(default_factory=dict)  # callback -> address of the client then
    polls: dict[str, list[Frame]] = field(default_factory=dict)  # by operation
    callbacks: list[Frame] = field(default_factory=list)
    files: list[Frame] = field(default_factory=list)

    @cached_property
    def tracks(self) -> Mapping[str, Track]:
        """What was answered about the task, by operation."""
        return {name: Track(frames) for name, frames in self.polls.items()}

    @property
    def has_end(self) -> bool:
        """Whether whoever submits it hears of an end: by a refusal, a poll or a callback."""
        if self.submit is None or self.task_id is None or self.callbacks:
            return True
        return any(frame.has_ended for frames in self.polls.values() for frame in frames)

    @cached_property
    def started(self) -> int:
        """When it began; milliseconds since the Unix epoch."""
        return min(frame.started for frame in self._list_frames())

    @cached_property
    def addresses(self) -> tuple[str, ...]:
        """Every address of a file that its bodies name."""
        frames = self._list_frames()
        named = (url for frame in frames for url in frame.addresses)
        return tuple(dict.fromkeys([*named, *(frame.url for frame in self.files)]))

    def _list_frames(self) -> list[Frame]:
        polls = (frame for frames in self.polls.values() for frame in frames)
        first = [self.submit] if self.submit else []
        return [*first, *polls, *self.callbacks, *self.files]


class Submit(NamedTuple):
    """A reel that a submit begins, and that submit."""

    reel: Reel
    frame: Frame
