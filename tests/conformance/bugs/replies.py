"""Bugs of replies: what is made of bodies that are odd, broken or refusals."""

import json
from dataclasses import replace
from typing import Any

from imagejobs import (
    Phase,
    decode,
    flow,
    printing,
    transport,
    verdict,
)
from imagejobs.errors import Unauthorized, Unreadable
from imagejobs.models import Task
from tests.conformance.bugs.registry import (
    Patch,
    bug,
    patch_reading,
    switch_on,
)


@bug("lets-parse-errors-out")
def _(patch: Patch) -> None:
    read = verdict.read_envelope

    def read_envelope(reply: Any, *given: Any) -> Any:
        try:
            json.loads(reply.body)
        except ValueError as error:
            raise RuntimeError(f"JSONDecodeError: {error}") from error
        return read(reply, *given)

    patch(verdict, "read_envelope", read_envelope)


@bug("believes-half-answers")
def _(patch: Patch) -> None:
    switch_on("lets-parse-errors-out", patch)

    def exchange(http: Any, request: Any, _: Any) -> Any:
        body = bytearray()
        with http.stream(**transport._build_arguments(request)) as response:
            try:
                for chunk in response.iter_raw():
                    body += chunk
            except Exception:  # noqa: BLE001, S110 - the bug itself
                pass
            return transport._build_reply(response, body, request)

    patch(transport, "_exchange", exchange)


@bug("lets-nested-parse-errors-out")
def _(patch: Patch) -> None:
    def decode_nested(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError as error:
            raise RuntimeError(f"JSONDecodeError: {error}") from error

    patch(decode, "decode_nested", decode_nested)


@bug("wants-one-content-type")
def _(patch: Patch) -> None:
    read = verdict.read_envelope

    def read_envelope(reply: Any, *given: Any) -> Any:
        if reply.headers.get("content-type") != "application/json":
            raise Unreadable("this is no JSON")
        return read(reply, *given)

    patch(verdict, "read_envelope", read_envelope)


@bug("refuses-doubled-keys")
def _(patch: Patch) -> None:
    def check(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError("a key stands twice")
        return dict(pairs)

    patch(verdict, "decode_json", lambda body: json.loads(body, object_pairs_hook=check))


@bug("knows-one-edition")
def _(patch: Patch) -> None:
    def look(data: Any, task: Task) -> Task:
        if "successFlag" not in data:
            raise KeyError("successFlag")
        return task

    patch_reading(patch, look)


@bug("knows-failures-of-one-edition")
def _(patch: Patch) -> None:
    def look(data: Any, task: Task) -> Task:
        is_new = "successFlag" in data
        fails = task.phase is Phase.FAILED and not is_new
        return replace(task, phase=Phase.SUCCEEDED) if fails else task

    patch_reading(patch, look)
    switch_on("takes-nothing-for-a-result", patch)


@bug("prints-whatever-it-is-told")
def _(patch: Patch) -> None:
    class Plain(str):
        __slots__ = ()
        __repr__ = str.__str__

    read_text = decode.read_text
    patch(verdict, "read_text", lambda value: Plain(read_text(value) or ""))
    patch(printing, "clean", str)


@bug("takes-a-refused-poll-for-the-end")
def _(patch: Patch) -> None:
    poll = flow.Flow._poll

    def poll_or_end(self: Any, waiting: Any) -> Any:
        try:
            return (yield from poll(self, waiting))
        except Unauthorized:
            return Task("", waiting.task_id, Phase.SUCCEEDED)

    patch(flow.Flow, "_poll", poll_or_end)
    switch_on("takes-nothing-for-a-result", patch)


@bug("takes-a-failure-for-a-success")
def _(patch: Patch) -> None:
    switch_on("takes-a-failed-task-for-a-good-one", patch)
    switch_on("takes-nothing-for-a-result", patch)
