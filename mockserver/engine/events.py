"""What happens: one stream of events, for whoever listens.

The engine says what happened and does not know who hears it. A listener is called at once, in the
middle of the step that it hears of. So it is quick, raises nothing and does not call the engine;
what it wants to keep it copies, because accounts and deliveries go on changing.
"""

from collections.abc import Callable
from enum import StrEnum
from itertools import count
from typing import TYPE_CHECKING, NamedTuple, Union

from mockserver.engine.accounts.journal import Entry
from mockserver.engine.callbacks.delivery import Delivery
from mockserver.engine.task import Task

if TYPE_CHECKING:
    from mockserver.engine.accounts.account import Account
    from mockserver.engine.trouble.plan import Planned

Subject = Union[Entry, Task, Delivery, "Planned", None]


class EventKind(StrEnum):
    """What can happen."""

    REQUEST = "request"  # a call was answered, or refused, and stands in its account's journal
    STRAY = "stray"  # a request reached no account, no operation or no scenario
    TASK_SUBMITTED = "task-submitted"
    TASK_ENDED = "task-ended"  # by its timeline, by a cancel or by force
    TASK_FORCED = "task-forced"  # somebody ended it by the control API
    DELIVERY_ATTEMPTED = "delivery-attempted"  # and answered, or not
    DELIVERY_HELD = "delivery-held"
    ACCOUNT_OPENED = "account-opened"
    ACCOUNT_CHANGED = "account-changed"  # its settings or its credits, not by its own calls
    ACCOUNT_FORGOTTEN = "account-forgotten"  # when asked to, or to make room
    FAULT_PLANNED = "fault-planned"
    FAULT_ACTED = "fault-acted"
    FAULTS_CLEARED = "faults-cleared"  # those that control calls had planned
    JOURNAL_CLEARED = "journal-cleared"
    CLOCK_MOVED = "clock-moved"  # advanced, frozen or let go; what falls due comes after it
    RESET = "reset"


class Event(NamedTuple):
    """One thing that happened."""

    number: int  # counts the events that somebody listened to, from 1
    kind: EventKind
    at: int  # milliseconds on the account's clock, on the wall clock if there is no account
    account: "Account | None"
    subject: Subject  # the entry, the task, the delivery or the fault that it is about


Listener = Callable[[Event], None]


class Events:
    """The stream. Of what happens often only the odd is published as long as not `is_heard`."""

    __slots__ = ("_count", "_listeners", "_watchers", "is_heard", "numbers")

    def __init__(self) -> None:
        self.is_heard = False  # whether anybody wants all events
        self._listeners: tuple[Listener, ...] = ()
        self._watchers: tuple[Listener, ...] = ()
        self._count = 0
        self.numbers = count(1)  # of requests in order of arrival, published or not

    def listen(self, listener: Listener) -> None:
        """Call a listener with every event from now on."""
        self._listeners = (*self._listeners, listener)
        self.is_heard = True

    def watch(self, watcher: Listener) -> None:
        """Call a watcher from now on, with every odd event at least."""
        self._watchers = (*self._watchers, watcher)

    def stop(self, listener: Listener) -> None:
        """Call a listener no more."""
        self._listeners = tuple(each for each in self._listeners if each != listener)
        self.is_heard = bool(self._listeners)

    def publish(
        self, kind: EventKind, at: int, account: "Account | None" = None, subject: Subject = None
    ) -> None:
        """Tell every watcher and every listener, in the order in which they came."""
        if not (self._listeners or self._watchers):
            return
        self._count += 1
        event = Event(self._count, kind, at, account, subject)
        for listener in (*self._watchers, *self._listeners):
            listener(event)
