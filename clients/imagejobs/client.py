"""The client for programs without an event loop."""

import os
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

from imagejobs import transport
from imagejobs.calls import Steps
from imagejobs.disk import write_file
from imagejobs.fetch import Fetch
from imagejobs.flow import Flow, Watch, Wish, read_id
from imagejobs.inbox import Inbox
from imagejobs.models import File, Order, Task
from imagejobs.opening import open_account
from imagejobs.settings import Settings
from imagejobs.wire import Request

T = TypeVar("T")


class Client:
    """Submits, waits and downloads for one provider and one key.

    `http` is an httpx.Client, or anything of its shape; a given one is not closed. Timeouts are
    in seconds and total: retries and pauses are inside. Errors are in imagejobs.errors.
    """

    def __init__(
        self,
        provider: str,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        http: Any = None,
        settings: Settings | None = None,
    ) -> None:
        self._settings = settings or Settings()
        account = open_account(provider, api_key, base_url, self._settings)
        self._flow = Flow(account)
        self._fetch = Fetch(account.base_url, self._settings)
        self._owns_http = http is None
        self._http = transport.build_http() if http is None else http

    def submit(self, prompt: str, *, timeout: float | None = None, **order: Unpack[Order]) -> Task:
        """Order an image. Raises SubmitUnknown if it may have been accepted without an answer."""
        return self._drive(self._flow.submit(prompt, order, timeout))

    def inspect(self, task: Task | str, *, timeout: float | None = None) -> Task:
        """A task as it is now, whether it goes well or not."""
        return self._drive(self._flow.inspect(read_id(task), timeout))

    def wait(
        self,
        task: Task | str,
        *,
        timeout: float | None = None,
        inbox: Inbox | None = None,
        watch: Watch | None = None,
    ) -> Task:
        """Follow a task to its good end. Raises GenerationFailed, TimedOut.

        `watch` is called with the task at each change; a callback in `inbox` is a reason to poll.
        """
        return self._drive(self._flow.wait(task, Wish(timeout, watch)), inbox)

    def generate(
        self,
        prompt: str,
        *,
        timeout: float | None = None,
        inbox: Inbox | None = None,
        watch: Watch | None = None,
        **order: Unpack[Order],
    ) -> Task:
        """Submit and wait."""
        return self._drive(self._flow.generate(prompt, order, Wish(timeout, watch)), inbox)

    def balance(self, *, timeout: float | None = None) -> float:
        """Credits that are left, where the provider has such a call."""
        return self._drive(self._flow.balance(timeout))

    def download(
        self,
        source: Task | str,
        to: str | os.PathLike[str] | None = None,
        *,
        index: int = 0,
        timeout: float | None = None,
    ) -> File:
        """A result of a task, or an address; written to a path as a whole or not at all."""
        file = self._drive(self._fetch.download(source, index, timeout))
        return file if to is None else write_file(file, to)

    def close(self) -> None:
        """Close the HTTP client, unless it was given."""
        if self._owns_http:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _drive(self, steps: Steps[T], inbox: Inbox | None = None) -> T:
        answer: Any = None
        sleep = self._settings.world.sleep
        while True:
            try:
                step = steps.send(answer)
            except StopIteration as end:
                result: T = end.value
                return result
            if isinstance(step, Request):
                answer = transport.send(self._http, step)
            elif inbox is not None and step.task_id is not None:
                answer = inbox.wait(step.task_id, step.seconds, sleep)
            else:
                answer = sleep(step.seconds)
