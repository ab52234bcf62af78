"""One call of the API with its retries: a generator that asks its driver to send and to pause."""

import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from imagejobs import hints, money, verdict
from imagejobs.deadline import Deadline
from imagejobs.dialects.dialect import Dialect
from imagejobs.errors import Details, ImageError, Misused, Unreadable
from imagejobs.models import Task
from imagejobs.settings import Settings
from imagejobs.version import VERSION
from imagejobs.wire import Answer, Pause, Request

T = TypeVar("T")
Steps = Generator[Request | Pause, Any, T]  # a Request is answered by an Answer, a Pause by a Task?

Hear = Callable[[float | None], object]  # takes the seconds to wait that a good reply asks for
Read = Callable[[Any], T]  # takes the envelope's data; ValueError if it breaks the contract


@dataclass(frozen=True, slots=True)
class Account:
    """Who calls whom; `key` goes to `base_url` and nowhere else."""

    dialect: Dialect
    key: str = field(repr=False)
    base_url: str
    settings: Settings

    def build_get(self, path: str) -> Request:
        """A request that reads."""
        url, timeout = self.base_url + path, self.settings.request_timeout
        return Request("GET", url, self._build_headers(), timeout=timeout)

    def build_post(self, path: str, body: Mapping[str, Any], request_id: str | None) -> Request:
        """A request that costs; with its request id, where the provider has such a thing."""
        headers = {**self._build_headers(), "content-type": "application/json"}
        timeout = self.settings.call_timeout  # giving up early on a submit leaves a question
        if self.dialect.idempotency_header and request_id:
            headers[self.dialect.idempotency_header] = request_id
            timeout = self.settings.request_timeout
        content = encode(body, self.dialect.name)
        return Request("POST", self.base_url + path, headers, content, timeout)

    def _build_headers(self) -> dict[str, str]:
        return {
            "authorization": f"Bearer {self.key}",
            "accept": "application/json",
            "user-agent": f"imagejobs/{VERSION}",
        }


def encode(body: Mapping[str, Any], provider: str) -> bytes:
    """The body as JSON; Misused if it holds what JSON cannot."""
    try:
        return json.dumps(body, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise Misused(f"the order for {provider} cannot be written as JSON: {error}") from error


def ask_once(
    account: Account,
    request: Request,
    deadline: Deadline,
    read: Read[T],
    hear: Hear | None = None,
) -> Steps[T]:
    """Send once and read the reply; raises what it means if it is no success."""
    name, now = account.dialect.name, account.settings.world.now
    answer: Answer = yield replace(request, timeout=deadline.cap(request.timeout))
    envelope = verdict.judge(answer, name, now())
    if hear is not None:
        hear(envelope.retry_after)
    try:
        return read(envelope.data)
    except ValueError as error:
        text = f"{name} answered {envelope.code}, but {error}; try again later"
        details = Details(name, "unreadable", envelope.code, envelope.message, envelope.retry_after)
        raise Unreadable(text, details) from error


def ask(account: Account, request: Request, deadline: Deadline, read: Read[T]) -> Steps[T]:
    """Read something that is free: trouble that may pass is met with a few retries."""
    failures = 0
    while True:
        try:
            return (yield from ask_once(account, request, deadline, read))
        except ImageError as error:
            failures += 1
            if not money.may_repeat_read(error):
                raise
            yield from back_off(error, failures, deadline, account.settings)


def ask_for_task(
    account: Account,
    request: Request,
    deadline: Deadline,
    read: Read[str],
    hear: Hear | None = None,
) -> Steps[str]:
    """Submit: repeated only where that cannot cost twice, see imagejobs.money."""
    header = account.dialect.idempotency_header
    request_id = request.headers.get(header) if header else None
    is_open = False  # whether a task may have been made by what was sent so far
    failures = 0
    while True:
        try:
            return (yield from ask_once(account, request, deadline, read, hear))
        except ImageError as error:
            failures += 1
            is_open = is_open or not money.is_outcome_known(error)
            try:
                if not money.may_repeat_submit(error, is_idempotent=request_id is not None):
                    raise
                yield from back_off(error, failures, deadline, account.settings)
            except ImageError as last:
                if is_open:
                    raise money.explain_unknown(last, request_id) from last
                raise


def back_off(
    error: ImageError, failures: int, deadline: Deadline, settings: Settings
) -> Steps[None]:
    """Pause before a retry; raises the error instead if there is no retry left, or no time."""
    pause = hints.choose_backoff(failures, error.retry_after, settings)
    if failures > settings.max_retries or pause >= deadline.left:
        raise error
    yield Pause(pause)


def read_task(dialect: Dialect, task_id: str) -> Read[Task]:
    """Reads the data of a poll as the task that was asked for, and no other."""

    def read(data: Any) -> Task:
        task = dialect.read_task(data, task_id)
        if task.id != task_id:
            raise ValueError(f"it is about the task {task.id!r}, not {task_id!r}")
        return task

    return read
