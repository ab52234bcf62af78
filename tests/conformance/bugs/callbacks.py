"""Bugs of callbacks: what is believed, answered and waited for."""

from typing import Any

from imagejobs import (
    Phase,
    client,
    flow,
    inbox,
    receiver,
    webhook,
)
from imagejobs.errors import ImageError, Unauthorized
from imagejobs.inbox import Delivery
from imagejobs.models import Task
from imagejobs.wire import Pause
from tests.conformance.bugs.registry import (
    Patch,
    bug,
)


@bug("refuses-every-callback")
def _(patch: Patch) -> None:
    def refuse(*_: Any, **__: Any) -> str:
        raise Unauthorized("not now")

    patch(webhook, "verify", refuse)


@bug("refuses-what-it-knows-already")
def _(patch: Patch) -> None:
    put = inbox.Inbox.put

    def put_once(self: Any, delivery: Any) -> bool:
        if not put(self, delivery):
            raise ImageError("this was here before")
        return True

    patch(inbox.Inbox, "put", put_once)


@bug("refuses-callbacks-of-unknown-tasks")
def _(patch: Patch) -> None:
    put = inbox.Inbox.put

    def put_known(self: Any, delivery: Any) -> bool:
        if delivery.task.id not in self._listeners:
            raise ImageError("whose task is this?")
        return put(self, delivery)

    patch(inbox.Inbox, "put", put_known)


@bug("waits-for-callbacks-alone")
def _(patch: Patch) -> None:
    def refuse(_: Any, waiting: Any) -> Any:
        yield Pause(0.1)
        raise flow.build_timeout(waiting)

    patch(flow.Flow, "_poll", refuse)


@bug("believes-what-callbacks-say")
def _(patch: Patch) -> None:
    patch(client.Client, "inspect", lambda self, task: task)


@bug("stops-at-odd-callbacks")
def _(patch: Patch) -> None:
    answer = receiver.Receiver._answer

    async def stop(self: Any, scope: Any, receive: Any) -> Any:
        types = dict(scope["headers"]).get(b"content-type", b"")
        if scope["method"] != "POST" or not types.startswith(b"application/json"):
            for task_id in list(self.inbox._listeners):
                failed = Task("", task_id, Phase.FAILED)
                self.inbox.put(Delivery(failed, is_verified=True))
        return await answer(self, scope, receive)

    patch(receiver.Receiver, "_answer", stop)
