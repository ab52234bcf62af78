"""What a replay was asked for, held against what is recorded."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from typing import Any, Final

from mockserver.record.replay.reel import Frame, Reel
from mockserver.record.replay.tape import Tape

MAX_LINES: Final = 20  # of details, for people
MAX_NAMES: Final = 8  # of errors


class Report:
    """Counts over all accounts."""

    def __init__(self, tape: Tape, providers: Collection[str] | None = None) -> None:
        served = tape.contracts if providers is None else providers
        self._reels = [reel for reel in tape.reels if reel.contract.name in served]
        self.misses = 0  # requests that nothing recorded answers
        self.others = 0  # answered calls that belong to no task
        self._errors: Counter[str] = Counter()  # that were told
        self._plays: Counter[int] = Counter()  # by number of the reel
        self._seen: dict[tuple[int, str], set[int]] = defaultdict(set)  # epochs
        self._excess: Counter[int] = Counter()  # polls after the last reply

    def count_play(self, reel: Reel) -> None:
        """A task, or a refusal, was begun."""
        self._plays[reel.number] += 1

    def count_poll(self, reel: Reel, operation: str, epoch: int) -> None:
        """A poll was answered with an epoch; the number of epochs means that it came too late."""
        if epoch == len(reel.tracks[operation].starts):
            self._excess[reel.number] += 1
        else:
            self._seen[reel.number, operation].add(epoch)

    def count_error(self, frame: Frame) -> None:
        """A frame was told; what counts is how it ended."""
        if frame.error is not None:
            self._errors[frame.error] += 1

    def build(self) -> dict[str, Any]:
        """The report as JSON."""
        reels = self._reels
        return {
            "recorded": len(reels),
            "played": sum(1 for reel in reels if self._plays[reel.number]),
            "plays": self._plays.total(),
            "others": self.others,
            "misses": self.misses,
            "errors": dict(self._errors),
            "over_polled": [
                {"task": reel.task_id, "polls": self._excess[reel.number]}
                for reel in reels
                if self._excess[reel.number]
            ],
            "unvisited_tasks": [_name(reel) for reel in reels if not self._plays[reel.number]],
            "unvisited_epochs": [
                {"task": reel.task_id, "operation": operation, "states": states}
                for reel in reels
                for operation, states in self._list_unvisited(reel)
            ],
        }

    def _list_unvisited(self, reel: Reel) -> list[tuple[str, list[str]]]:
        """By operation, the states of epochs that no poll was told of, though the task began."""
        found = []
        for operation, track in reel.tracks.items() if self._plays[reel.number] else ():
            seen = self._seen[reel.number, operation]
            missed = [n for n in range(len(track.starts)) if n not in seen]
            if missed:
                frames = (track.frames[track.starts[number]] for number in missed)
                found.append((operation, ["|".join(map(str, f.names)) or "?" for f in frames]))
        return found


def describe_report(report: dict[str, Any]) -> list[str]:
    """The report in lines for people."""
    counts = (
        f"replayed {report['played']} of {report['recorded']} recorded tasks, "
        f"plays in all: {report['plays']}; other calls: {report['others']}; "
        f"requests that were not recorded: {report['misses']}"
    )
    details = [f"network errors told: {count_names(report['errors'])}"] if report["errors"] else []
    details += [
        f"task {each['task']}: {each['polls']} polls after its last recorded reply"
        for each in report["over_polled"]
    ]
    details += [
        f"task {each['task']}: no {each['operation']} was told of {', '.join(each['states'])}"
        for each in report["unvisited_epochs"]
    ]
    unvisited = report["unvisited_tasks"]
    if unvisited:
        details.append(f"never played: {', '.join(unvisited[:MAX_LINES])}")
    rest = max(0, len(details) - MAX_LINES) + max(0, len(unvisited) - MAX_LINES)
    more = [f"and {rest} more; --log-format json tells all of it"] if rest else []
    return [counts, *details[:MAX_LINES], *more]


def count_names(counts: Mapping[str, int]) -> str:
    """Counts for people: reset 2, timeout 1; a few of them, since a file may name anything."""
    told = [f"{name[:60]} {count}" for name, count in counts.items()]
    return ", ".join(told[:MAX_NAMES] + ["..."] * (len(told) > MAX_NAMES))


def _name(reel: Reel) -> str:
    if reel.task_id is not None:
        return reel.task_id
    if reel.submit is None:
        return "?"
    place, error = reel.submit.place, reel.submit.error
    what = "a refused submit" if error is None else f"a submit that ended in {error}"
    return f"{what} (entry {place.number} of {place.path.name})"
