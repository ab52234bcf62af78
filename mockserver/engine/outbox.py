"""The outbox: callbacks that are due, for whoever can send them, and when to look again.

The engine does no I/O. What falls due on an account's agenda becomes a delivery here; somebody
takes it from `ready`, sends it, and reports how that went with `settle_attempt`. Between calls
nobody touches an account, so the outbox also knows at which moment of the wall clock each account
with planned callbacks is to be settled next.
"""

from collections import deque
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Final

from mockserver.contract.model import CallbackForm
from mockserver.contract.shape import Shape
from mockserver.engine.account import Account
from mockserver.engine.agenda import Due
from mockserver.engine.delivery import Attempt, Delivery
from mockserver.engine.events import EventKind
from mockserver.engine.facts import Scene
from mockserver.engine.form import Form
from mockserver.engine.task import Task

CALLBACK: Final = "callback"
ATTEMPT: Final = "attempt"


class Outbox:
    """The deliveries of all accounts that wait to be sent."""

    def __init__(self) -> None:
        self.ready: deque[tuple[Account, Delivery]] = deque()
        self.wake: Callable[[], None] = _sleep_on  # called when there is something new to do
        self._planned: list[tuple[int, int, Account]] = []  # wall clock, number
        self._numbers = count()
        self._forms: dict[Shape, Form] = {}

    def plan_callbacks(self, account: Account, task: Task, since: int) -> None:
        """Plan what a task's client is to be told from a moment on, if it asked for that."""
        for number in find_told_steps(task):
            at = task.created + task.timeline.steps[number].at
            if at >= since:
                account.agenda.plan(at, CALLBACK, task.contract.name, task.id, number)
                self.watch(account)

    def watch(self, account: Account) -> None:
        """Look at an account again when the next thing on its agenda falls due."""
        at = account.find_next_wake()
        if at is not None:
            heappush(self._planned, (at, next(self._numbers), account))
            self.wake()

    def collect(self, now: int) -> int | None:
        """Settle the accounts that are due by the wall clock; the moment of the next ones."""
        while self._planned and self._planned[0][0] <= now:
            _, _, account = heappop(self._planned)
            account.settle()
            if account.agenda.callbacks:
                self.watch(account)
        return self._planned[0][0] if self._planned else None

    def take_due(self, account: Account, due: Due) -> None:
        """Something that is to be sent has fallen due on an account's agenda."""
        if due.kind == ATTEMPT:
            if delivery := account.deliveries.get(due.detail):
                self._send(account, delivery)
            return
        holding = account.holdings.get(due.provider)
        task = holding.tasks.get(due.task_id) if holding else None
        steps = task.timeline.steps if task else ()
        if task is None or due.detail >= len(steps):
            return
        step = steps[due.detail]
        if task.created + step.at != due.at:
            return  # the task was forced to go another way
        scene = Scene(account, task, step)
        for form in task.operation.callbacks:
            url = task.callbacks.get(form.name)
            if url is not None and form.terms.tells(scene.phase):
                self._send(account, self._make_delivery(scene, form, url, due.at))

    def settle_attempt(self, account: Account, delivery: Delivery, attempt: Attempt) -> None:
        """An attempt was made; plan the next one if it failed and there is one."""
        again = delivery.add_attempt(attempt)
        if again is not None:
            account.agenda.plan(
                again, ATTEMPT, delivery.provider, delivery.task_id, delivery.number
            )
            self.watch(account)
        account.tell(EventKind.DELIVERY_ATTEMPTED, delivery)

    def hold(self, account: Account, delivery: Delivery, reason: str) -> None:
        """Never send a delivery."""
        delivery.hold(reason)
        account.tell(EventKind.DELIVERY_HELD, delivery)

    def drop(self, account: Account | None = None) -> None:
        """Forget what is ready or planned, of one account or of all."""
        self.ready = deque(row for row in self.ready if account and row[0] is not account)
        self._planned = [row for row in self._planned if account and row[2] is not account]
        heapify(self._planned)

    def _make_delivery(self, scene: Scene, form: CallbackForm, url: str, at: int) -> Delivery:
        shape = form.shapes[scene.phase]
        filled = self._forms.get(shape)
        if filled is None:
            filled = self._forms[shape] = Form(shape)
        reply = filled.fill({}, scene, None)
        account, task = scene.account, scene.task
        return account.put_delivery(
            Delivery(
                number=account.count_delivery(),
                provider=task.contract.name,
                task_id=task.id,
                callback=form.name,
                moment=scene.phase,
                url=url,
                body=reply.body,
                media_type=reply.media_type,
                terms=form.terms,
                due=at,
            )
        )

    def _send(self, account: Account, delivery: Delivery) -> None:
        self.ready.append((account, delivery))
        self.wake()


def _sleep_on() -> None:
    """Nobody sends anything: the deliveries stay ready."""


def find_told_steps(task: Task) -> list[int]:
    """The numbers of a task's steps that some callback with an address tells of."""
    forms = [form for form in task.operation.callbacks if form.name in task.callbacks]
    return [
        number
        for number, step in enumerate(task.timeline.steps)
        if number and any(form.terms.tells(step.state.phase) for form in forms)
    ]
