"""The outbox: callbacks that are due, for whoever can send them, and when to look again.

The engine does no I/O. What falls due on an account's agenda becomes a delivery here; somebody
takes it with `take_ready`, sends it, and reports how that went with `settle_attempt` or `hold`.
Between calls nobody touches an account, so the outbox also knows at which moment of the wall clock
each account with planned callbacks is to be settled next.
"""

from collections.abc import Callable, Iterator

from mockserver.contract.model import CallbackForm
from mockserver.contract.moments import Phase
from mockserver.contract.shape import Shape
from mockserver.engine.accounts.account import Account
from mockserver.engine.accounts.agenda import ATTEMPT, CALLBACK, Due
from mockserver.engine.callbacks.alarms import Alarms
from mockserver.engine.callbacks.delivery import Attempt, Delivery
from mockserver.engine.events import EventKind
from mockserver.engine.facts import Scene
from mockserver.engine.form import Form
from mockserver.engine.task import Task
from mockserver.engine.timeline import NEVER
from mockserver.engine.trouble.callbacks import send_twisted


class Outbox:
    """The deliveries of all accounts that wait to be sent."""

    def __init__(self) -> None:
        self.wake: Callable[[], None] = _sleep_on  # called when there is something new to do
        self._ready: dict[Account, list[Delivery]] = {}
        self._alarms = Alarms()
        self._forms: dict[Shape, Form] = {}

    def plan_callbacks(self, account: Account, task: Task, first: int) -> None:
        """Plan what a task's client is to be told, from the step with a number on."""
        forms = [form for form in task.operation.callbacks if form.name in task.callbacks]
        for number, step in enumerate(task.timeline.steps):
            is_planned = number >= first and step.at < NEVER
            if is_planned and any(tells(form, step.state.phase) for form in forms):
                at = task.created + step.at
                account.agenda.plan(at, CALLBACK, task.contract.name, task.id, number)
        self.watch(account)

    def watch(self, account: Account) -> None:
        """Look at an account again when the next thing on its agenda falls due."""
        at = account.find_next_wake() if account.agenda.callbacks else None
        if self._alarms.set(account, at):
            self.wake()

    def collect(self, now: int) -> int | None:
        """Settle the accounts that are due by the wall clock; the moment of the next ones."""
        for account in self._alarms.take(now):
            account.settle()
            self.watch(account)
        return self._alarms.next_at

    def take_ready(self) -> Iterator[tuple[Account, Delivery]]:
        """Take out what can be sent, for each account in the order in which it fell due."""
        while self._ready:
            account, deliveries = self._ready.popitem()
            for delivery in deliveries:
                yield account, delivery

    def take_due(self, account: Account, due: Due) -> None:
        """Something that is to be sent has fallen due on an account's agenda."""
        if due.kind == ATTEMPT:
            self._try_again(account, due)
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
            if url is not None and tells(form, scene.phase):
                delivery = self._make_delivery(scene, form, url, due.at)
                self._dispatch(account, delivery, scene)

    def _dispatch(self, account: Account, delivery: Delivery, scene: Scene) -> None:
        """Send a delivery that is due, if there is room for it."""
        if account.deliveries.is_full:
            self.hold(account, delivery, "too many callbacks wait to be sent already")
        elif account.faults is not None or scene.task.scenario.faults:
            send_twisted(self, account, delivery, scene)
        else:
            self.send(account, delivery)

    def settle_attempt(self, account: Account, delivery: Delivery, attempt: Attempt) -> None:
        """An attempt was made; plan the next one if it failed and there is one."""
        again = delivery.add_attempt(attempt)
        if account.is_forgotten:
            return
        account.tell(EventKind.DELIVERY_ATTEMPTED, delivery)
        if again is None:
            account.deliveries.end(delivery)
            return
        account.agenda.plan(again, ATTEMPT, delivery.provider, delivery.task_id, delivery.number)
        account.settle()  # its clock may have gone past that moment already
        self.watch(account)

    def hold(self, account: Account, delivery: Delivery, reason: str) -> None:
        """Never send a delivery."""
        delivery.hold(reason)
        if account.is_forgotten:
            return
        account.deliveries.end(delivery)
        account.tell(EventKind.DELIVERY_HELD, delivery)

    def drop(self, account: Account) -> None:
        """The account is forgotten: nothing is to be sent for it any more."""
        self._ready.pop(account, None)
        self._alarms.drop(account)

    def _make_delivery(self, scene: Scene, form: CallbackForm, url: str, at: int) -> Delivery:
        shape = form.shapes[scene.phase]
        filled = self._forms.get(shape)
        if filled is None:
            filled = self._forms[shape] = Form(shape)
        account, task = scene.account, scene.task
        balance = account.holdings[task.contract.name].ledger.balance
        reply = filled.fill({"call.time": at, "account.balance": balance}, scene, None)
        delivery = Delivery(
            number=account.deliveries.total + 1,
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
        account.deliveries.add(delivery)
        return delivery

    def _try_again(self, account: Account, due: Due) -> None:
        delivery = account.deliveries.find(due.detail)
        if delivery is not None and delivery.due == due.at:  # else it was put off
            self.send(account, delivery)

    def send(self, account: Account, delivery: Delivery) -> None:
        """Let a delivery be sent now."""
        self._ready.setdefault(account, []).append(delivery)
        self.wake()


def _sleep_on() -> None:
    """Nobody sends anything: the deliveries stay ready."""


def tells(form: CallbackForm, phase: Phase) -> bool:
    """Whether a callback is sent at a phase; one that has no shape there has nothing to say."""
    return phase in form.shapes and form.terms.tells(phase)
