"""An account: the private universe of one API key, over all providers."""

from typing import TYPE_CHECKING, Final

from mockserver.contract.model import Contract, Failure
from mockserver.contract.moments import Phase
from mockserver.engine.accounts.agenda import END, Agenda
from mockserver.engine.accounts.holding import Holding
from mockserver.engine.accounts.journal import Entry, Journal
from mockserver.engine.accounts.key import Key
from mockserver.engine.accounts.shared import Shared
from mockserver.engine.callbacks.deliveries import Deliveries
from mockserver.engine.events import EventKind, Subject
from mockserver.engine.scenarios.wish import Wish
from mockserver.engine.task import Task
from mockserver.engine.timeline import Timeline
from mockserver.errors import UsageError

if TYPE_CHECKING:
    from mockserver.engine.trouble.plan import FaultPlan

LAST_INSTANT: Final = 221_845_392_000_000  # the end of the year 8999, where dates can be written


class Account:
    """Everything that belongs to a key: nothing is shared with another one.

    Its clock is the wall clock plus what was advanced, or it stands still. It never goes back,
    whatever the wall clock does. Moments are milliseconds since the Unix epoch.
    """

    __slots__ = (
        "_clock",
        "_desk",
        "_events",
        "_frozen",
        "_latest",
        "_max_tasks",
        "_shelf",
        "_shift",
        "agenda",
        "deliveries",
        "faults",
        "holdings",
        "http_status",
        "id",
        "is_forgotten",
        "journal",
        "label",
        "salt",
        "scenario",
        "seed",
        "task_count",
        "tier",
        "uploads",
        "warning",
        "webhook_secret",
        "wishes",
    )

    def __init__(self, key: Key, shared: Shared) -> None:
        settings = shared.settings
        self.id = key.id
        self.label = key.label
        self.scenario = key.scenario  # its name; None for the default
        self.seed = settings.seed if key.seed is None else key.seed
        self.tier: str | None = None  # None for the contract's default
        self.webhook_secret: str | None = None
        self.http_status: str | None = None  # "envelope" or "code"; None for the contract's own
        self.holdings: dict[str, Holding] = {}  # by provider
        self.agenda = Agenda()
        self.deliveries = Deliveries(settings, shared.shelf)
        self.journal = Journal(settings, settings.max_entries, shared.events.numbers, shared.shelf)
        self.salt = key.id.encode()  # of the ids of its tasks
        self.uploads = shared.uploads  # of all accounts, since all together have only so much room
        self.wishes: list[Wish] = []  # scenarios for its next submits
        self.faults: FaultPlan | None = None  # None as long as there are none
        self.is_forgotten = False  # then nothing of it may happen any more
        # To be noted once, with the first request.
        self.warning = "the API key looks like a live one" if key.looks_live else None
        self._clock, self._desk, self._events = shared.clock, shared.desk, shared.events
        self._shelf = shared.shelf
        self._shift = 0
        self._frozen: int | None = None
        self._latest = self._clock.now()
        self.task_count = 0  # over all providers
        self._max_tasks = settings.max_tasks

    def __repr__(self) -> str:
        return f"<Account {self.label}>"

    @property
    def is_frozen(self) -> bool:
        """Whether its clock stands still."""
        return self._frozen is not None

    def now(self) -> int:
        """What its clock shows."""
        now = self._clock.now() + self._shift if self._frozen is None else self._frozen
        if now > self._latest:  # noqa: PLR1730 - a call of max for every call of a client
            self._latest = now
        return self._latest

    def advance(self, span: int) -> None:
        """Move its clock on by a span in milliseconds, and run what falls due on the way.

        Raises UsageError for a span that a clock cannot go.
        """
        if span < 0 or self.now() + span > LAST_INSTANT:
            raise UsageError(f"cannot advance by {span} ms; go forward, to the year 9000 at most")
        if self._frozen is None:
            self._shift += span
        else:
            self._frozen += span
        self._move_on()

    def freeze(self, on: bool) -> None:
        """Stop its clock, or let it go on from where it stands."""
        now = self.now()
        if on:
            self._frozen = now
        elif self._frozen is not None:
            self._shift = now - self._clock.now()
            self._frozen = None
        self._move_on()

    def settle(self) -> int:
        """Run everything that is due, in order, each at its own moment; tell what time it is."""
        now = self.now()
        while (due := self.agenda.take(now)) is not None:
            if due.kind == END:
                ended = self.holdings[due.provider].end_task(due.task_id, due.at)
                if ended is not None and self._events.is_heard:
                    self._events.publish(EventKind.TASK_ENDED, due.at, self, ended)
            else:
                self._desk.take_due(self, due)
        return now

    def find_next_wake(self) -> int | None:
        """When the wall clock shows that something is due; None if it never will by itself."""
        at = self.agenda.next_at
        if at is None or self._frozen is None:
            return None if at is None else at - self._shift
        return self._clock.now() if at <= self._frozen else None

    def enter(self, entry: Entry) -> None:
        """Put an entry into its journal."""
        kept = self.journal.add(entry)
        if self._events.is_heard or kept.condition is not None or kept.notes or kept.fault:
            self._events.publish(EventKind.REQUEST, kept.at, self, kept)

    def tell(self, kind: EventKind, subject: Subject = None) -> None:
        """Let whoever listens know of something that happened just now."""
        if self._events.is_heard:
            self._events.publish(kind, self.now(), self, subject)

    def open_holding(self, contract: Contract) -> Holding:
        """What it has at a provider; the first time, that is the opening balance."""
        holding = self.holdings.get(contract.name)
        if holding is None:
            holding = self.holdings[contract.name] = Holding(contract, self.now(), self._shelf)
        return holding

    def put_task(self, task: Task, replay: str | None = None) -> None:
        """Take in a task that was just accepted, under an idempotency key; plan its end."""
        holding = self.holdings[task.contract.name]
        self.task_count += 1
        if self.task_count > self._max_tasks:
            self._evict_of(max(self.holdings.values(), key=lambda each: len(each.tasks)))
        holding.put_task(task, replay)
        if not task.timeline.is_open:
            self.agenda.plan(task.ended, END, task.contract.name, task.id)
        if task.callbacks:
            self._desk.plan_callbacks(self, task, 1)
        if self._events.is_heard:
            self._events.publish(EventKind.TASK_SUBMITTED, task.created, self, task)

    def end_task(self, task: Task, phase: Phase, failure: Failure | None = None) -> Task:
        """End an open task at once, in a final phase; the task as it is now."""
        now = self.settle()
        ended = self.holdings[task.contract.name].cut_task(task, now, phase, failure)
        self.agenda.plan(now, END, task.contract.name, task.id)
        if task.callbacks:
            self._desk.plan_callbacks(self, ended, len(ended.timeline.steps) - 1)
        self.settle()
        return ended

    def change_course(self, task: Task, timeline: Timeline) -> Task:
        """Plan the way of an open task anew where it differs; the task as it is now."""
        first = task.timeline.count_common(timeline)  # whose callbacks are planned already
        if first == len(timeline.steps):
            return task
        changed = self.holdings[task.contract.name].change_course(task, timeline)
        if not timeline.is_open:
            self.agenda.plan(changed.ended, END, task.contract.name, task.id)
        if task.callbacks:
            self._desk.plan_callbacks(self, changed, first)
        self.settle()
        return changed

    def forget_replies(self) -> None:
        """Let go of what can be made again, or is only on record: replies, ended deliveries."""
        self.deliveries.forget_ended()
        for holding in self.holdings.values():
            holding.replies.clear()

    def evict_task(self) -> None:
        """Let go of a task, at the provider where tasks take the most bytes; there must be one."""
        self._evict_of(max(self.holdings.values(), key=lambda each: each.size))

    def forget(self) -> None:
        """It is an account no more: what is planned for it will not happen."""
        self.is_forgotten = True
        self.journal.release()
        self.deliveries.release()
        for holding in self.holdings.values():
            holding.release()
        self._desk.drop(self)
        self.uploads.drop(self.id)

    def _move_on(self) -> None:
        """Its clock was moved: run what is due now, and have it looked at when more is."""
        self.tell(EventKind.CLOCK_MOVED)
        self.settle()
        if self.agenda.callbacks:
            self._desk.watch(self)

    def _evict_of(self, holding: Holding) -> None:
        self.task_count -= 1
        holding.evict_task()
