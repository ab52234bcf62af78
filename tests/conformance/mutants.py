"""Mutants: the reference client with one bug each, and the cases that must see it.

The bugs of `tests/clients/bugs.py` are among them; the others are written here.
"""

import json
import signal
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from imagejobs import (
    NotFound,
    Phase,
    calls,
    client,
    decode,
    disk,
    fetch,
    flow,
    hints,
    inbox,
    money,
    opening,
    receiver,
    transport,
    verdict,
    webhook,
)
from imagejobs.dialects.generate import Generate
from imagejobs.dialects.jobs import Jobs
from imagejobs.errors import Facts, GenerationFailed, ImageError, Unauthorized, Unreadable
from imagejobs.inbox import Delivery
from imagejobs.models import File, Task
from imagejobs.wire import Pause, Reply
from tests.clients import bugs

Patch = Callable[[Any, str, Any], None]  # as setattr

OWN: Final[dict[str, Callable[[Patch], None]]] = {}
DIALECTS: Final = (Jobs, Generate)
HOPS: Final = 30


def switch_on(name: str, patch: Patch = setattr) -> None:
    """Put one bug in; `patch` is setattr, or a monkeypatch's, which takes it out again."""
    ({**bugs.BUGS, **OWN})[name](patch)


def bug(name: str) -> Callable[[Callable[[Patch], None]], Callable[[Patch], None]]:
    """Give a bug its name."""

    def register(put: Callable[[Patch], None]) -> Callable[[Patch], None]:
        OWN[name] = put
        return put

    return register


def patch_dialects(patch: Patch, name: str, change: Callable[[Any], Any]) -> None:
    """Change a method of every dialect."""
    for dialect in DIALECTS:
        patch(dialect, name, change(getattr(dialect, name)))


def patch_reading(patch: Patch, look: Callable[[Any, Task], Task]) -> None:
    """Let somebody look at the data of every task that is read, and change the task."""

    def change(read: Any) -> Any:
        return lambda self, data, task_id: look(data, read(self, data, task_id))

    patch_dialects(patch, "read_task", change)


def patch_ordering(patch: Patch, look: Callable[[str, Any], Any]) -> None:
    """Let somebody change the prompt and the body of every order."""

    def change(build: Any) -> Any:
        def build_submit(self: Any, prompt: str, order: Any) -> Any:
            path, body = build(self, *look(prompt, order))
            return path, body

        return build_submit

    patch_dialects(patch, "build_submit", change)


# Submits


@bug("repeats-what-was-refused")
def _(patch: Patch) -> None:
    patch(money, "may_repeat_submit", lambda error, **_: True)


@bug("calls-its-json-plain-text")
def _(patch: Patch) -> None:
    build = calls.Account.build_post

    def build_post(*given: Any) -> Any:
        request = build(*given)
        return replace(request, headers={**request.headers, "content-type": "text/plain"})

    patch(calls.Account, "build_post", build_post)


@bug("sends-fields-of-its-own")
def _(patch: Patch) -> None:
    def change(build: Any) -> Any:
        def build_submit(self: Any, prompt: str, order: Any) -> Any:
            path, body = build(self, prompt, order)
            return path, {**body, "x_mine": 1}

        return build_submit

    patch_dialects(patch, "build_submit", change)


@bug("says-nothing-of-itself")
def _(patch: Patch) -> None:
    build = calls.Account._build_headers
    patch(calls.Account, "_build_headers", lambda self: {**build(self), "user-agent": "python"})


@bug("mixes-up-prompts")
def _(patch: Patch) -> None:
    first: list[str] = []

    def look(prompt: str, order: Any) -> Any:
        first.append(prompt)
        return first[0], order

    patch_ordering(patch, look)


@bug("strips-what-is-not-ascii")
def _(patch: Patch) -> None:
    patch_ordering(patch, lambda prompt, order: (prompt.encode("ascii", "ignore").decode(), order))


@bug("orders-again-when-a-task-is-lost")
def _(patch: Patch) -> None:
    _order_again_after(patch, NotFound)


@bug("orders-again-what-has-failed")
def _(patch: Patch) -> None:
    _order_again_after(patch, GenerationFailed)


def _order_again_after(patch: Patch, kind: type[ImageError]) -> None:
    generate = client.Client.generate

    def generate_again(*given: Any, **words: Any) -> Any:
        try:
            return generate(*given, **words)
        except kind:
            return generate(*given, **words)

    patch(client.Client, "generate", generate_again)


@bug("asks-again-when-nobody-answers")
def _(patch: Patch) -> None:
    build = calls.Account.build_post
    patch(calls.Account, "build_post", lambda *given: replace(build(*given), timeout=0.3))
    switch_on("repeats-a-paid-submit", patch)


@bug("uses-one-name-for-all-orders")
def _(patch: Patch) -> None:
    build = calls.Account.build_post
    patch(
        calls.Account, "build_post", lambda self, path, body, _: build(self, path, body, "order-1")
    )


@bug("changes-an-order-between-attempts")
def _(patch: Patch) -> None:
    ask_once = calls.ask_once
    seen: list[Any] = []

    def ask(account: Any, request: Any, *rest: Any) -> Any:
        if request.body is not None:
            seen.append(request)
            body = {**json.loads(request.body), "attempt": len(seen)}
            request = replace(request, body=json.dumps(body).encode())
        return ask_once(account, request, *rest)

    patch(calls, "ask_once", ask)


# Polls


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
    patch(flow, "build_timeout", lambda waiting: ImageError("it takes too long", Facts()))


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


@bug("takes-nothing-for-a-result")
def _(patch: Patch) -> None:
    download = client.Client.download

    def download_if_any(self: Any, source: Any, *given: Any, **words: Any) -> Any:
        return download(self, source, *given, **words) if source.results else None

    patch(client.Client, "download", download_if_any)


@bug("polls-for-another-task")
def _(patch: Patch) -> None:
    def change(build: Any) -> Any:
        return lambda self, task_id: build(self, task_id[:-1])

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


# Replies


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


# Files


@bug("mixes-up-results")
def _(patch: Patch) -> None:
    choose, first = fetch.choose_url, []

    def choose_first(source: Any, index: int) -> str:
        first.append(choose(source, index))
        return str(first[0])

    patch(fetch, "choose_url", choose_first)


@bug("saves-whatever-comes")
def _(patch: Patch) -> None:
    patch(fetch.Fetch, "_judge", lambda self, answer, url: answer)
    patch(fetch, "read_file", lambda reply, url: File(url, "image/png", reply.body))


@bug("rewrites-files")
def _(patch: Patch) -> None:
    write = disk.write_atomically
    patch(disk, "write_atomically", lambda path, content: write(path, content + b"\n"))


@bug("fetches-nothing")
def _(patch: Patch) -> None:
    patch(client.Client, "download", lambda *given, **words: None)


# The key


@bug("puts-the-key-into-the-address")
def _(patch: Patch) -> None:
    build = calls.Account.build_get

    def build_get(self: Any, path: str) -> Any:
        return build(self, f"{path}{'&' if '?' in path else '?'}key={self.key}")

    patch(calls.Account, "build_get", build_get)


@bug("follows-redirects-blindly")
def _(patch: Patch) -> None:
    exchange = transport._exchange

    def follow(http: Any, request: Any, is_over: Any) -> Any:
        answer = exchange(http, request, is_over)
        for _ in range(HOPS):
            if not isinstance(answer, Reply) or answer.status // 100 != 3:
                break
            request = replace(request, url=fetch.join(request.url, answer.headers["location"]))
            answer = exchange(http, request, is_over)
        if isinstance(answer, Reply) and answer.status // 100 == 3:
            return replace(answer, status=503)  # the client itself would end at a redirect
        return answer

    patch(transport, "_exchange", follow)


@bug("prints-the-key")
def _(patch: Patch) -> None:
    ask_once = calls.ask_once

    def ask(account: Any, *given: Any) -> Any:
        try:
            return (yield from ask_once(account, *given))
        except ImageError as error:
            raise RuntimeError(f"{error}, asked with {account.key}") from error

    patch(calls, "ask_once", ask)


# Callbacks


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


@bug("shrugs-off-an-interrupt")
def _(patch: Patch) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


# Mutant -> the trials in which it must be seen.
KILLS: Final[Mapping[str, tuple[str, ...]]] = {
    "repeats-what-was-refused": (
        "CRE-04/bad-value",
        "CRE-05",
        "CRE-06",
        "CRE-13/maintenance",
        "RET-07/403",
        "MNY-01",
        "FCT-01",
        "FCT-02/code",
    ),
    "calls-its-json-plain-text": ("CRE-01",),
    "sends-fields-of-its-own": ("CRE-02",),
    "says-nothing-of-itself": ("CRE-12",),
    "mixes-up-prompts": ("CRE-14",),
    "strips-what-is-not-ascii": ("WIR-03",),
    "orders-again-when-a-task-is-lost": ("POL-15",),
    "orders-again-what-has-failed": ("MNY-03", "POL-03/internal-error"),
    "repeats-a-paid-submit": ("RET-11", "IDE-07"),
    "asks-again-when-nobody-answers": ("RET-12",),
    "takes-offence-at-new-fields": ("CRE-07",),
    "wants-to-see-a-task-run": ("CRE-11",),
    "gives-up-after-three-polls": ("POL-01",),
    "polls-after-the-end": ("POL-02",),
    "takes-a-failure-for-a-success": ("POL-03/internal-error",),
    "ignores-hints-of-good-replies": ("POL-04", "POL-05", "WIR-01"),
    "reads-no-dates": ("POL-05",),
    "dies-of-odd-hints": ("POL-06/word",),
    "polls-in-a-tight-loop": ("POL-09",),
    "polls-ever-faster": ("POL-10",),
    "forgets-its-task-at-the-deadline": ("POL-12",),
    "has-no-patience-with-slow-replies": ("POL-13", "RET-17"),
    "takes-not-found-for-the-end": ("POL-14",),
    "knows-only-the-documented-states": ("POL-16",),
    "dies-when-a-task-goes-back": ("POL-17",),
    "needs-every-field": ("POL-18",),
    "takes-nothing-for-a-result": ("POL-19", "POL-20"),
    "mixes-up-results": ("POL-24",),
    "polls-for-another-task": ("POL-25",),
    "calls-a-path-that-is-none": ("POL-26",),
    "ignores-the-header-retry-after": ("RET-02", "RET-03"),
    "gives-up-at-the-first-failed-poll": (
        "RET-01",
        "RET-08/502",
        "RET-09",
        "RET-16",
        "RET-18",
        "DWN-08",
        "FCT-03",
    ),
    "never-backs-off": ("RET-05",),
    "counts-errors-for-ever": ("RET-16",),
    "believes-half-answers": ("RET-13",),
    "lets-parse-errors-out": ("RET-14", "RET-15"),
    "lets-nested-parse-errors-out": ("FCT-07",),
    "wants-one-content-type": ("WIR-02",),
    "refuses-doubled-keys": ("WIR-07",),
    "believes-http-200": ("CRE-15",),
    "takes-a-refused-poll-for-the-end": ("FCT-04",),
    "knows-one-edition": ("FCT-05/documented",),
    "knows-failures-of-one-edition": ("FCT-06/documented",),
    "takes-half-a-file": ("DWN-01/short",),
    "saves-whatever-comes": ("DWN-02", "DWN-03/page"),
    "takes-any-file-for-an-image": ("DWN-03/disguised",),
    "rewrites-files": ("DWN-04",),
    "fetches-nothing": ("MNY-02",),
    "puts-the-key-into-the-address": ("SEC-01",),
    "sends-the-key-to-the-file-host": ("SEC-02",),
    "follows-redirects-blindly": ("SEC-03", "SEC-07"),
    "prints-the-key": ("SEC-05/refused", "SEC-05/no-json"),
    "refuses-every-callback": ("CBK-01",),
    "believes-unsigned-callbacks": ("CBK-02", "CBK-03"),
    "believes-old-callbacks": ("CBK-04",),
    "refuses-what-it-knows-already": ("CBK-08",),
    "refuses-callbacks-of-unknown-tasks": ("CBK-10",),
    "waits-for-callbacks-alone": ("CBK-12",),
    "believes-what-callbacks-say": ("CBK-14",),
    "stops-at-odd-callbacks": ("CBK-15", "CBK-16"),
}

# The same for a contract that knows names for orders, and tells in bodies when to come again.
KILLS_BY_NAME: Final[Mapping[str, tuple[str, ...]]] = {
    "makes-a-new-request-id-for-each-retry": ("IDE-01",),
    "uses-one-name-for-all-orders": ("IDE-02",),
    "changes-an-order-between-attempts": ("IDE-03",),
    "ignores-retryafter-in-the-body": ("RET-19",),
    "repeats-what-was-refused": ("CRE-04/unknown-model", "FCT-09"),
}
