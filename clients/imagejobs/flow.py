"""What a client does, written once and without I/O.

Each method is a generator. It yields a Request ("send this") and is sent an Answer; it yields a
Pause ("wait so long, or until a callback comes") and is sent nothing. It returns the result or
raises an ImageError. `Client` and `AsyncClient` are two small drivers of it.

The rules of waiting:
- a poll that fails for a reason that may pass is repeated until the deadline: the task is paid for
- a task that ended is not asked for again
- a task that succeeded without a result is an error
- a pause that the provider asked for is kept, callback or not; if it is too long, the wait ends
- a callback, signed or not, is a reason to poll now, and no more: its body is nobody's word
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from imagejobs import calls, hints, money
from imagejobs.calls import Account, Hear, Steps
from imagejobs.deadline import Deadline
from imagejobs.decode import read_number
from imagejobs.ending import settle
from imagejobs.errors import Details, ImageError, Misused, NotFound, TimedOut, Unreadable
from imagejobs.models import Order, Task
from imagejobs.wire import Pause

LAST_POLL = 0.5  # seconds before the end of a wait, so that nothing is missed

Watch = Callable[[Task], object]


@dataclass(frozen=True, slots=True)
class Wish:
    """How somebody wants to wait: for how long, and who is told of each change."""

    timeout: float | None = None
    watch: Watch | None = None


@dataclass(slots=True)
class Waiting:
    """Where a wait is."""

    task_id: str
    deadline: Deadline
    watch: Watch | None
    begun: float  # on the client's clock
    last: Task | None = None
    hint: float | None = None  # seconds that the last good reply asked to wait
    polls: int = 0
    failures: list[ImageError] = field(default_factory=list)  # in a row

    def hear(self, hint: float | None) -> None:
        """Take down when to come again."""
        self.hint = hint

    def note(self, task: Task) -> Task:
        """Take down what was seen, and tell the watcher if it is new."""
        is_new = self.last is None or (self.last.phase, self.last.state) != (task.phase, task.state)
        self.last = task
        self.failures.clear()
        if is_new and self.watch is not None:
            self.watch(task)
        return task


@dataclass(frozen=True, slots=True)
class Flow:
    """Everything a client can do for one account, but downloads, which know no account."""

    account: Account

    def submit(
        self, prompt: str, order: Order, timeout: float | None, hear: Hear | None = None
    ) -> Steps[Task]:
        """Submit once; the task that was accepted."""
        dialect, settings = self.account.dialect, self.account.settings
        deadline = Deadline(timeout, settings.call_timeout, settings)
        path, body = dialect.build_submit(prompt, order)
        # Made once: the same over all retries of this order.
        request_id = order.get("request_id") or settings.world.new_id()
        if order.get("request_id") and dialect.idempotency_header is None:
            raise Misused(f"{dialect.name} knows no request ids; leave request_id out")
        request = self.account.build_post(path, body, request_id)
        task_id = yield from calls.ask_for_task(
            self.account, request, deadline, dialect.read_accepted, hear
        )
        return Task(provider=dialect.name, id=task_id, prompt=prompt, request=body)

    def inspect(self, task_id: str, timeout: float | None) -> Steps[Task]:
        """The task as it is now."""
        settings = self.account.settings
        deadline = Deadline(timeout, settings.call_timeout, settings)
        request = self.account.build_get(self.account.dialect.build_inspect(task_id))
        read = calls.read_task(self.account.dialect, task_id)
        try:
            return (yield from calls.ask(self.account, request, deadline, read))
        except ImageError as error:
            error.add_task(task_id)
            raise

    def balance(self, timeout: float | None) -> Steps[float]:
        """Credits that are left."""
        dialect, settings = self.account.dialect, self.account.settings
        deadline = Deadline(timeout, settings.call_timeout, settings)
        if dialect.balance_path is None:
            raise Misused(f"{dialect.name} documents no balance call")
        request = self.account.build_get(dialect.balance_path)
        return (yield from calls.ask(self.account, request, deadline, read_balance))

    def generate(self, prompt: str, order: Order, wish: Wish) -> Steps[Task]:
        """Submit and wait, under one deadline."""
        settings = self.account.settings
        deadline = Deadline(wish.timeout, settings.wait_timeout, settings)
        limit = min(settings.call_timeout, deadline.seconds)
        heard: list[float | None] = []
        task = yield from self.submit(prompt, order, limit, heard.append)
        if wish.watch is not None:
            wish.watch(task)
        waiting = Waiting(task.id, deadline, wish.watch, settings.world.clock(), hint=heard[-1])
        # Nothing is ready at once; a poll right now might not even know the task.
        yield from self._rest(waiting)
        return (yield from self._follow(waiting))

    def wait(self, task: Task | str, wish: Wish) -> Steps[Task]:
        """Follow a task, also one of an earlier run, to its end."""
        settings = self.account.settings
        deadline = Deadline(wish.timeout, settings.wait_timeout, settings)
        waiting = Waiting(read_id(task), deadline, wish.watch, settings.world.clock())
        if isinstance(task, Task) and task.ended:
            return settle(waiting.note(task))
        return (yield from self._follow(waiting))

    def _follow(self, waiting: Waiting) -> Steps[Task]:
        while True:
            try:
                task = waiting.note((yield from self._poll(waiting)))
            except ImageError as error:
                yield from self._back_off(waiting, error)
                continue
            if task.ended:
                return settle(task)
            yield from self._rest(waiting)

    def _poll(self, waiting: Waiting) -> Steps[Task]:
        waiting.polls += 1
        request = self.account.build_get(self.account.dialect.build_inspect(waiting.task_id))
        read = calls.read_task(self.account.dialect, waiting.task_id)
        deadline = waiting.deadline
        return (yield from calls.ask_once(self.account, request, deadline, read, waiting.hear))

    def _rest(self, waiting: Waiting) -> Steps[None]:
        left, asked = waiting.deadline.left - LAST_POLL, waiting.hint or 0.0
        if left <= 0 or asked > left:
            raise build_timeout(waiting) from None
        own = hints.choose_interval(max(waiting.polls, 1), self.account.settings)
        yield from self._pause(waiting.task_id, max(min(left, own), asked), asked)

    def _back_off(self, waiting: Waiting, error: ImageError) -> Steps[None]:
        waiting.failures.append(error)
        error.add_task(waiting.task_id)
        settings = self.account.settings
        if not self._may_pass(waiting, error):
            raise error
        pause = hints.choose_backoff(len(waiting.failures), error.retry_after, settings)
        if pause > waiting.deadline.left - LAST_POLL:
            # Too long for us; one last look, unless that is earlier than they asked.
            pause = waiting.deadline.left - LAST_POLL
            if pause <= (error.retry_after or 0):
                raise build_timeout(waiting) from error
        yield from self._pause(waiting.task_id, pause, pause)

    def _pause(self, task_id: str, seconds: float, least: float) -> Steps[None]:
        """Pause until a callback comes, and so long at least, whatever comes."""
        clock = self.account.settings.world.clock
        end = clock() + least
        yield Pause(seconds, task_id)
        rest = end - clock()
        if rest > 0:
            yield Pause(rest)

    def _may_pass(self, waiting: Waiting, error: ImageError) -> bool:
        settings = self.account.settings
        if isinstance(error, NotFound):
            # Counted from its acceptance: a submit may have taken long before that.
            waited = settings.world.clock() - waiting.begun
            return waiting.last is None and waited < settings.not_found_grace
        if isinstance(error, Unreadable):
            return len(waiting.failures) <= settings.max_retries
        return money.may_repeat_read(error)


def read_id(task: Task | str) -> str:
    """The id of a task; Misused if it is empty."""
    found = task if isinstance(task, str) else task.id
    if not found or not found.isprintable():
        raise Misused(f"the task id {found!r} is empty or odd; give the id that submit returned")
    return found


def build_timeout(waiting: Waiting) -> TimedOut:
    """The error of a wait without time for another poll: what was seen last, and how to go on."""
    seen = waiting.last.state if waiting.last else "nothing"
    trouble = f", then {waiting.failures[-1]}" if waiting.failures else ""
    asked = waiting.failures[-1].retry_after if waiting.failures else waiting.hint
    earliest = f", in {asked:g} s at the earliest" if asked else ""
    text = (
        f"{waiting.deadline.seconds:g} s are not enough for the task {waiting.task_id}, last seen: "
        f"{seen}{trouble}; it goes on, so wait for it again by its id{earliest}"
    )
    task_id = waiting.task_id
    details = Details(condition="timed-out", retry_after=asked, task_id=task_id, state=seen)
    return TimedOut(text, details)


def read_balance(data: object) -> float:
    """A bare number (https://docs.kie.ai/common-api/get-account-credits)."""
    found = read_number(data)
    if found is None:
        raise ValueError("the balance is no number")
    return found
