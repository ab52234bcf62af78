"""Detours: callbacks that go otherwise than they should, because a fault is planned for them."""

from dataclasses import replace
from typing import TYPE_CHECKING

from mockserver.engine.accounts.account import Account
from mockserver.engine.accounts.agenda import ATTEMPT
from mockserver.engine.callbacks.delivery import Delivery, Twist
from mockserver.engine.facts import Scene
from mockserver.engine.trouble.answer import find_acts, note_act
from mockserver.engine.trouble.occasion import see_callback
from mockserver.engine.trouble.plan import open_plan

if TYPE_CHECKING:
    from mockserver.engine.callbacks.outbox import Outbox


def send_twisted(outbox: "Outbox", account: Account, delivery: Delivery, scene: Scene) -> None:
    """Send a delivery that is due, as the account's faults will have it."""
    at, twist = delivery.due, _find_twist(account, delivery, scene)
    plan = open_plan(account)
    # Not those whose time was up before anybody overtook them: they have gone.
    waiting = [each for each in plan.overtaken if each.due > at]
    plan.overtaken = []
    if twist is None:
        outbox.send(account, delivery)
    elif twist.is_lost:
        outbox.hold(account, delivery, f"lost on purpose, by the fault {delivery.fault}")
    else:
        _send_late(outbox, account, delivery, twist.late)
        for number in range(1, twist.copies + 1):
            _send_copy(outbox, account, delivery, number * twist.apart)
        if twist.is_overtaken:
            plan.overtaken.append(delivery)
            return
    for each in waiting:  # they were overtaken now
        _put_off(outbox, account, each, delivery.due + 1)


def _find_twist(account: Account, delivery: Delivery, scene: Scene) -> Twist | None:
    occasion = see_callback(scene, delivery.callback, delivery.due)
    for act in find_acts(account, occasion, scene.task.scenario):
        twist = act.planned.rule.fault.twist(delivery, scene, act)
        if twist is not None:
            delivery.fault, delivery.twist = act.name, twist
            note_act(account, act)
            return twist
    return None


def _send_late(outbox: "Outbox", account: Account, delivery: Delivery, late: int) -> None:
    """Send a delivery so much later than it is due."""
    if late:
        _put_off(outbox, account, delivery, delivery.due + late)
    else:
        outbox.send(account, delivery)


def _put_off(outbox: "Outbox", account: Account, delivery: Delivery, at: int) -> None:
    """Plan a delivery for another moment than the one it was due at, which holds no more."""
    if at == delivery.due:
        return  # it stands on the agenda already
    delivery.due = at
    account.agenda.plan(at, ATTEMPT, delivery.provider, delivery.task_id, delivery.number)
    outbox.watch(account)


def _send_copy(outbox: "Outbox", account: Account, delivery: Delivery, late: int) -> None:
    copy = replace(
        delivery, number=account.deliveries.total + 1, copy_of=delivery.number, attempts=[]
    )
    account.deliveries.add(copy)
    _send_late(outbox, account, copy, late)
