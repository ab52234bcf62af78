"""Bugs of callbacks: what is believed, answered and waited for."""

import json
from typing import Any

from imagejobs import (
    Phase,
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
    switch_on,
)


@bug("refuses-every-callback")
def _(patch: Patch) -> None:
    def refuse(*_: Any, **__: Any) -> str:
        raise Unauthorized("not now")

    patch(webhook, "verify", refuse)


@bug("verifies-what-it-has-spelled-itself")
def _(patch: Patch) -> None:
    verify = webhook.verify

    def verify_again(body: bytes, *given: Any, **words: Any) -> str:
        if body != json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False).encode():
            raise Unauthorized("the signature does not match")
        return verify(body, *given, **words)

    patch(webhook, "verify", verify_again)


@bug("takes-an-empty-secret-for-one")
def _(patch: Patch) -> None:
    verify = webhook.verify

    def verify_with_anything(body: Any, headers: Any, secret: str, **words: Any) -> str:
        # A key of HMAC is filled up with zeros: these are the same, and one of them is no secret.
        return verify(body, headers, secret or "\0", **words)

    patch(webhook, "verify", verify_with_anything)


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


@bug("stops-at-odd-callbacks")
def _(patch: Patch) -> None:
    switch_on("believes-what-callbacks-say", patch)
    answer = receiver.Receiver._answer

    async def stop(self: Any, scope: Any, receive: Any) -> Any:
        types = dict(scope["headers"]).get(b"content-type", b"")
        if scope["method"] != "POST" or not types.startswith(b"application/json"):
            for task_id in list(self.inbox._listeners):
                failed = Task("", task_id, Phase.FAILED)
                self.inbox.put(Delivery(failed, is_verified=True))
            return 200, "that is the end"
        return await answer(self, scope, receive)

    patch(receiver.Receiver, "_answer", stop)
