"""Single bugs for the client, switched on one at a time, to see who catches them.

In a test: `bugs.switch_on("repeats-a-paid-submit", monkeypatch.setattr)`. As a command
that is judged like any client's: `python tests/clients/bugs.py believes-http-200 generate fox`.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from imagejobs import (
    Phase,
    async_client,
    calls,
    client,
    decode,
    disk,
    fetch,
    flow,
    hints,
    images,
    money,
    opening,
    transport,
    verdict,
    webhook,
)
from imagejobs.deadline import Deadline
from imagejobs.dialects import jobs
from imagejobs.inbox import Inbox

Patch = Callable[[Any, str, Any], None]  # as setattr

BUGS: Final[dict[str, Callable[[Patch], None]]] = {}


def switch_on(name: str, patch: Patch = setattr) -> None:
    """Put one bug in; `patch` is setattr, or a monkeypatch's, which takes it out again."""
    BUGS[name](patch)


def bug(name: str) -> Callable[[Callable[[Patch], None]], Callable[[Patch], None]]:
    """Give a bug its name."""

    def register(put: Callable[[Patch], None]) -> Callable[[Patch], None]:
        BUGS[name] = put
        return put

    return register


@bug("repeats-a-paid-submit")
def _(patch: Patch) -> None:
    patch(money, "may_repeat_submit", lambda error, **_: money.may_repeat_read(error))


@bug("makes-a-new-request-id-for-each-retry")
def _(patch: Patch) -> None:
    ask_once = calls.ask_once

    def ask(account: Any, request: Any, *rest: Any) -> Any:
        headers = dict(request.headers)
        if "X-Request-ID" in headers:
            headers["X-Request-ID"] = account.settings.world.new_id()
        return ask_once(account, replace(request, headers=headers), *rest)

    patch(calls, "ask_once", ask)


@bug("takes-an-unknown-outcome-for-a-refusal")
def _(patch: Patch) -> None:
    patch(money, "is_outcome_known", lambda error: True)


@bug("comes-back-before-a-far-hint")
def _(patch: Patch) -> None:
    hear = flow.Waiting.hear

    def hear_what_suits(self: Any, hint: float | None) -> None:
        most = max(0.0, self.deadline.left - flow.LAST_POLL) / 2
        hear(self, None if hint is None else min(hint, most))

    patch(flow.Waiting, "hear", hear_what_suits)


@bug("reckons-dates-by-its-own-clock")
def _(patch: Patch) -> None:
    read = hints.read_retry_after

    def read_by_now(headers: Any, *given: Any) -> float | None:
        return read({**headers, "date": ""}, *given)

    patch(hints, "read_retry_after", read_by_now)


@bug("takes-nothing-for-a-result")
def _(patch: Patch) -> None:
    settle = vars(flow)["settle"]  # which may be another bug's

    def settle_for_nothing(task: Any) -> Any:
        return task if task.phase is Phase.SUCCEEDED else settle(task)

    patch(flow, "settle", settle_for_nothing)


@bug("gives-up-when-limited")
def _(patch: Patch) -> None:
    patch(money, "may_repeat_submit", lambda error, **_: False)


@bug("gives-up-at-the-first-failed-poll")
def _(patch: Patch) -> None:
    patch(money, "may_repeat_read", lambda error: False)


@bug("ignores-the-header-retry-after")
def _(patch: Patch) -> None:
    patch(hints, "read_header_hint", lambda text, now: None)


@bug("ignores-retryafter-in-the-body")
def _(patch: Patch) -> None:
    patch(hints, "read_body_hint", lambda body: None)


@bug("reads-retry-after-as-milliseconds")
def _(patch: Patch) -> None:
    read = hints.read_retry_after
    patch(hints, "read_retry_after", lambda *given: (read(*given) or 0) / 1000 or None)


@bug("polls-too-often")
def _(patch: Patch) -> None:
    patch(hints, "choose_interval", lambda nth, settings: 1.0)


@bug("never-backs-off")
def _(patch: Patch) -> None:
    patch(hints, "choose_backoff", lambda nth, hint, settings: hint or settings.retry_first / 5)


@bug("hurries-at-a-short-hint")
def _(patch: Patch) -> None:
    choose = hints.choose_backoff
    patch(hints, "choose_backoff", lambda nth, hint, settings: choose(1, hint, settings))


@bug("counts-from-the-submit-how-young-a-task-is")
def _(patch: Patch) -> None:
    may_pass = flow.Flow._may_pass

    def judge(self: Any, waiting: Any, error: Any) -> bool:
        waiting.begun = waiting.deadline._end - waiting.deadline.seconds
        return may_pass(self, waiting, error)

    patch(flow.Flow, "_may_pass", judge)


@bug("polls-after-the-end")
def _(patch: Patch) -> None:
    follow = flow.Flow._follow

    def follow_on(self: Any, waiting: Any) -> Any:
        task = yield from follow(self, waiting)
        yield from self._poll(waiting)
        return task

    patch(flow.Flow, "_follow", follow_on)


@bug("waits-beyond-the-deadline")
def _(patch: Patch) -> None:
    left: Any = vars(Deadline)["left"]
    patch(Deadline, "left", property(lambda self: left.fget(self) + 9 * self.seconds))


@bug("takes-a-failed-task-for-a-good-one")
def _(patch: Patch) -> None:
    patch(flow, "settle", lambda task: task)


@bug("believes-http-200")
def _(patch: Patch) -> None:
    patch(verdict, "read_code", lambda status, body: status)


@bug("believes-only-the-body")
def _(patch: Patch) -> None:
    patch(verdict, "read_code", lambda status, body: int(dict(body or {}).get("code", 200)))


@bug("knows-only-the-documented-states")
def _(patch: Patch) -> None:
    class Strict(dict[str, Phase]):
        def get(self, key: str, _: Any = None) -> Any:
            return super().get(key, Phase.FAILED)

    patch(jobs, "PHASES", Strict(jobs.PHASES))


@bug("takes-json-in-strings-for-text")
def _(patch: Patch) -> None:
    patch(decode, "decode_nested", lambda value: None if isinstance(value, str) else value)


@bug("takes-any-task-for-its-own")
def _(patch: Patch) -> None:
    def read_task(dialect: Any, task_id: str) -> Any:
        return lambda data: dialect.read_task(data, task_id)

    patch(calls, "read_task", read_task)


@bug("reads-the-duration-as-seconds-always")
def _(patch: Patch) -> None:
    patch(decode, "read_elapsed", lambda value, *_: decode.read_number(value))


@bug("sends-the-key-to-the-file-host")
def _(patch: Patch) -> None:
    open_account = opening.open_account

    def open_and_leak(*given: Any) -> Any:
        account = open_account(*given)
        patch(fetch, "HEADERS", {**fetch.HEADERS, "authorization": f"Bearer {account.key}"})
        return account

    for module in (client, async_client):
        patch(module, "open_account", open_and_leak)


@bug("follows-redirects-with-the-key")
def _(patch: Patch) -> None:
    build = transport._build_arguments
    follow = {"follow_redirects": True}
    patch(transport, "_build_arguments", lambda request: {**build(request), **follow})


@bug("fetches-from-anywhere")
def _(patch: Patch) -> None:
    patch(fetch, "check_address", lambda url, came_from, base_url: None)


@bug("takes-any-file-for-an-image")
def _(patch: Patch) -> None:
    known = images.read_media_type
    patch(images, "read_media_type", lambda content: known(content) or "image/png")
    patch(images, "is_whole", lambda content, media_type: True)


@bug("takes-half-a-file")
def _(patch: Patch) -> None:
    patch(fetch, "is_short", lambda reply: False)
    patch(images, "is_whole", lambda content, media_type: True)


@bug("writes-in-place")
def _(patch: Patch) -> None:
    def write(path: Path, content: bytes) -> None:
        path.write_bytes(b"")
        with path.open("wb") as file:
            file.write(content)
            disk.os.fsync(file.fileno())  # type: ignore[attr-defined]

    patch(disk, "write_atomically", write)


@bug("believes-unsigned-callbacks")
def _(patch: Patch) -> None:
    patch(webhook, "verify", lambda body, headers, secret, **_: "")


@bug("believes-old-callbacks")
def _(patch: Patch) -> None:
    verify = webhook.verify
    eternal = {"tolerance": None}
    patch(webhook, "verify", lambda *given, **words: verify(*given, **{**words, **eternal}))


@bug("believes-what-callbacks-say")
def _(patch: Patch) -> None:
    take, poll = Inbox.take, flow.Flow._poll
    told: dict[str, Any] = {}

    def take_down(self: Any, task_id: str) -> Any:
        delivery = take(self, task_id)
        if delivery is not None and delivery.is_verified:
            told[task_id] = delivery.task
        return delivery

    def poll_or_believe(self: Any, waiting: Any) -> Any:
        if waiting.task_id in told:
            return told[waiting.task_id]
        return (yield from poll(self, waiting))

    patch(Inbox, "take", take_down)
    patch(flow.Flow, "_poll", poll_or_believe)


@bug("takes-the-same-callback-twice")
def _(patch: Patch) -> None:
    put = Inbox.put

    def put_again(self: Inbox, delivery: Any) -> bool:
        self._seen.clear()
        return put(self, delivery)

    patch(Inbox, "put", put_again)


def main(arguments: list[str], bugs: Mapping[str, Any] = BUGS) -> None:
    """Run the command with one bug."""
    from imagejobs.cli import main as run

    if not arguments or arguments[0] not in bugs:
        sys.exit(f"Name a bug, then a command: {', '.join(bugs)}")
    switch_on(arguments[0])
    run(arguments[1:], prog_name="imagejobs")


if __name__ == "__main__":
    main(sys.argv[1:])
