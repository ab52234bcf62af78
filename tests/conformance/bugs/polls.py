"""Bugs of polls: when is asked how a task stands, and what becomes of the answer."""

import signal
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from imagejobs import (
    NotFound,
    Phase,
    calls,
    decode,
    flow,
    hints,
    money,
    opening,
)
from imagejobs.errors import ImageError
from imagejobs.models import Task
from imagejobs.wire import Pause
from tests.conformance.bugs.registry import Patch, bug, patch_dialects, patch_reading


@bug("takes-offence-at-new-fields")
def _(patch: Patch) -> None:
    def look(data: Any, task: Task) -> Task:
        if "unexpected" in data:
            raise TypeError("got an unexpected keyword argument 'unexpected'")
        return task

    patch_reading(patch, look)


@bug("wants-to-see-a-task-run")
def _(patch: Patch) -> None:
    seen: set[str] = set()

    def look(_: Any, task: Task) -> Task:
        if not task.ended:
            seen.add(task.id)
        elif task.id not in seen:
            raise RuntimeError("a task cannot have ended before it has begun")
        return task

    patch_reading(patch, look)


@bug("gives-up-after-three-polls")
def _(patch: Patch) -> None:
    poll = flow.Flow._poll

    def poll_thrice(self: Any, waiting: Any) -> Any:
        if waiting.polls >= 3:
            raise flow.build_timeout(waiting)
        return (yield from poll(self, waiting))

    patch(flow.Flow, "_poll", poll_thrice)


@bug("ignores-hints-of-good-replies")
def _(patch: Patch) -> None:
    patch(flow.Waiting, "hear", lambda self, hint: None)


@bug("keeps-the-first-hint")
def _(patch: Patch) -> None:
    hear = flow.Waiting.hear
    patch(flow.Waiting, "hear", lambda self, hint: hear(self, self.hint or hint))


@bug("sleeps-for-as-long-as-it-is-told")
def _(patch: Patch) -> None:
    def rest(self: Any, waiting: Any) -> Any:
        yield Pause(waiting.hint or 0.1, waiting.task_id)

    patch(flow.Flow, "_rest", rest)


@bug("reads-no-dates")
def _(patch: Patch) -> None:
    patch(hints, "read_header_hint", lambda text, now: decode.read_number(text))


@bug("dies-of-odd-hints")
def _(patch: Patch) -> None:
    read = hints.read_header_hint

    def read_strictly(text: str, now: float) -> float | None:
        hint = read(text, now)
        if hint is None:
            raise TypeError(f"cannot wait for {text!r}")
        return hint

    def read_retry_after(headers: Mapping[str, str], body: Any, now: float) -> float | None:
        known = headers.get("retry-after")
        return None if known is None else read_strictly(known, now)

    patch(hints, "read_retry_after", read_retry_after)


@bug("polls-in-a-tight-loop")
def _(patch: Patch) -> None:
    patch(hints, "choose_interval", lambda nth, settings: 0.02)


@bug("polls-ever-faster")
def _(patch: Patch) -> None:
    patch(hints, "choose_interval", lambda nth, settings: max(0.02, 1.6 / 3**nth))


@bug("forgets-its-task-at-the-deadline")
def _(patch: Patch) -> None:
    patch(flow, "build_timeout", lambda waiting: ImageError("it takes too long"))


@bug("has-no-patience-with-slow-replies")
def _(patch: Patch) -> None:
    build = calls.Account.build_get
    patch(calls.Account, "build_get", lambda *given: replace(build(*given), timeout=0.2))
    patch(money, "may_repeat_read", lambda error: False)


@bug("takes-not-found-for-the-end")
def _(patch: Patch) -> None:
    may_pass = flow.Flow._may_pass

    def is_passing(self: Any, waiting: Any, error: Any) -> bool:
        return not isinstance(error, NotFound) and may_pass(self, waiting, error)

    patch(flow.Flow, "_may_pass", is_passing)


@bug("dies-when-a-task-goes-back")
def _(patch: Patch) -> None:
    note, order = flow.Waiting.note, list(Phase)

    def note_strictly(self: Any, task: Task) -> Task:
        if self.last is not None and order.index(task.phase) < order.index(self.last.phase):
            raise RuntimeError("a task cannot go back")
        return note(self, task)

    patch(flow.Waiting, "note", note_strictly)


@bug("needs-every-field")
def _(patch: Patch) -> None:
    def look(data: Any, task: Task) -> Task:
        if task.created is None:
            raise TypeError("unsupported operand type(s): NoneType")
        return task

    patch_reading(patch, look)


@bug("polls-for-another-task")
def _(patch: Patch) -> None:
    def change(build: Any) -> Any:
        return lambda self, task_id: build(self, task_id[:-1])

    patch_dialects(patch, "build_inspect", change)


@bug("quotes-no-ids")
def _(patch: Patch) -> None:
    def change(build: Any) -> Any:
        return lambda self, task_id: unquote(build(self, task_id))

    patch_dialects(patch, "build_inspect", change)


@bug("cuts-long-ids")
def _(patch: Patch) -> None:
    def change(build: Any) -> Any:
        return lambda self, task_id: build(self, task_id[:64])

    patch_dialects(patch, "build_inspect", change)


@bug("takes-ids-for-numbers")
def _(patch: Patch) -> None:
    def change(build: Any) -> Any:
        return lambda self, task_id: build(self, f"{float(task_id):.0f}")

    patch_dialects(patch, "build_inspect", change)


@bug("calls-a-path-that-is-none")
def _(patch: Patch) -> None:
    check = opening.check_base_url
    patch(opening, "check_base_url", lambda url: check(url) + "/")


@bug("counts-errors-for-ever")
def _(patch: Patch) -> None:
    may_pass, failures = flow.Flow._may_pass, [0]

    def is_passing(self: Any, waiting: Any, error: Any) -> bool:
        failures[0] += 1
        return failures[0] < 3 and may_pass(self, waiting, error)

    patch(flow.Flow, "_may_pass", is_passing)


@bug("shrugs-off-an-interrupt")
def _(patch: Patch) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
