"""What one account has at one provider: tasks, credits, and what limits count."""

from collections import OrderedDict, deque
from typing import Any, Final

from msgspec.structs import replace

from mockserver.contract.model import Contract, Failure
from mockserver.contract.moments import Phase
from mockserver.engine.accounts.ledger import Ledger
from mockserver.engine.accounts.quota import Quota
from mockserver.engine.accounts.replies import Replies
from mockserver.engine.accounts.shelf import Shelf
from mockserver.engine.scenarios.pace import BY_TIME, Mover
from mockserver.engine.task import Task
from mockserver.engine.timeline import Timeline

_MAX_REPLAYS: Final = 100_000
_OVERHEAD: Final = 700  # bytes of a task besides its body, roughly


class Holding:
    """The state of an account at a provider. Moments are milliseconds on the account's clock."""

    __slots__ = (
        "_ended",
        "_shelf",
        "active",
        "contract",
        "evicted",
        "ledger",
        "polls",
        "quota",
        "repeats",
        "replays",
        "replies",
        "reserved",
        "size",
        "tasks",
    )

    def __init__(self, contract: Contract, now: int, shelf: Shelf) -> None:
        self.contract = contract
        self.tasks = _make_table()  # in order of submit
        self.ledger = Ledger(now, contract.money.opening)
        self.quota = Quota()
        self.replies = Replies(shelf)
        self.replays: OrderedDict[str, str] = OrderedDict()  # idempotency key -> task id
        self.repeats: dict[bytes, int] = {}  # digest of a repeated submit -> how many were accepted
        self.polls: dict[str, int] = {}  # of open tasks that polls move on, by task id
        self.active = 0  # tasks that have not ended
        self.evicted = 0  # tasks that had to make room
        self.reserved = 0  # what open tasks will cost that are charged when they succeed
        self.size = 0  # bytes that the tasks take
        self._shelf = shelf
        self._ended: deque[str] = deque()  # ids of ended tasks, the first to end first

    def put_task(self, task: Task, replay: str | None) -> None:
        """Take in a task that was just accepted, what it costs, and its idempotency key."""
        size = measure_task(task)
        self._shelf.take(size)  # others make room for it, while it cannot be one of them
        self.size += size
        self.tasks[task.id] = task
        if task.occurrence:
            self.repeats[task.digest] = task.occurrence + 1
        self.active += 1
        pace = task.scenario.pace
        if pace is not BY_TIME and pace.mover is Mover.POLLS:
            self.polls[task.id] = 0
        if task.contract.money.charge == "submit":
            self.ledger.charge(task.created, task.price, task.id)
        else:
            self.reserved += task.price
        if replay is not None:
            self.replays[replay] = task.id
            if len(self.replays) > _MAX_REPLAYS:
                self.replays.popitem(last=False)

    def end_task(self, task_id: str, at: int) -> Task | None:
        """A task's planned end has come: its slot is free, and its price is settled.

        None if it does not end now: it was evicted, or forced to end at another moment.
        """
        task = self.tasks.get(task_id)
        if task is None or task.ended != at:
            return None
        self.active -= 1
        self._ended.append(task_id)
        self.polls.pop(task_id, None)
        is_paid = task.is_paid(task.timeline.final.phase)
        if task.contract.money.charge == "submit":
            if not is_paid:
                self.ledger.refund(at, task.price, task_id)
            return task
        self.reserved -= task.price
        if is_paid:
            self.ledger.charge(at, task.price, task_id)
        return task

    def cut_task(self, task: Task, at: int, phase: Phase, failure: Failure | None) -> Task:
        """Plan a task's end anew: here and now, in another phase."""
        final = self.contract.lifecycle.find_final(phase)
        timeline = task.timeline.cut(at - task.created, final)
        self.tasks[task.id] = replace(task, timeline=timeline, failure=failure)
        return self.tasks[task.id]

    def change_course(self, task: Task, timeline: Timeline) -> Task:
        """Plan a task's whole way anew."""
        self.tasks[task.id] = replace(task, timeline=timeline)
        return self.tasks[task.id]

    def evict_task(self) -> None:
        """Make room: let go of the task that ended first, or of the oldest if none has ended."""
        self.evicted += 1
        if self._ended:
            task = self.tasks.pop(self._ended.popleft())
        else:
            task = self.tasks.pop(next(iter(self.tasks)))
            self.polls.pop(task.id, None)
            self.active -= 1
            if task.contract.money.charge == "succeeded":
                self.reserved -= task.price
        if self.repeats.get(task.digest) == task.occurrence + 1:
            del self.repeats[task.digest]
        size = measure_task(task)
        self.size -= size
        self._shelf.used -= size

    def release(self) -> None:
        """Take off the shelf what stands there, since nobody will ask for it again."""
        self.replies.clear()
        self._shelf.used -= self.size
        self.size = 0


def measure_task(task: Task) -> int:
    """How many bytes a task takes, roughly; the addresses of its callbacks stand in its body."""
    return _OVERHEAD + len(task.body) * (2 if task.callbacks else 1)


def _make_table() -> dict[str, Task]:
    """An empty table of tasks by id.

    CPython keeps no hashes beside the keys of a table that has only known text. A look-up among
    many tasks then has to visit the ids of others, which are hardly ever in the processor's cache.
    """
    table: dict[Any, Any] = {None: None}
    del table[None]
    return table
