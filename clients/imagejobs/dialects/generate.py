"""The generate dialect: /api/generate and /api/status, as gptimage15.ai speaks it, v1 and v2.

Sources: https://gptimage15.ai/docs and https://gptimage15.ai/zh/docs/api/v2-status; an older page,
https://gptimage15.ai/pt/docs/api/query-tasks-result, shows numbers and JSON in strings under v1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from imagejobs import decode
from imagejobs.dialects.jobs import read_first, read_id, read_state
from imagejobs.errors import Misused
from imagejobs.models import Failure, Order, Phase, Task

PHASES: Final = {
    "PENDING": Phase.QUEUED,
    "IN_PROGRESS": Phase.RUNNING,
    "SUCCESS": Phase.SUCCEEDED,
    "FAILED": Phase.FAILED,
    "0": Phase.RUNNING,
    "1": Phase.SUCCEEDED,
    "-1": Phase.FAILED,
}


@dataclass(frozen=True, slots=True)
class Generate:
    """One version of the generate dialect."""

    name: str
    prefix: str
    home: str
    root: str  # of its paths
    callback_field: str | None = None
    idempotency_header: str | None = None
    balance_path: str | None = None
    signs_callbacks: bool = False

    def build_submit(self, prompt: str, order: Order) -> tuple[str, Mapping[str, Any]]:
        """Path and body; there is one model, which has no name on the wire."""
        if order.get("model"):
            raise Misused(f"{self.name} has no choice of models; leave the model out")
        body: dict[str, Any] = {"prompt": prompt, **order.get("options", {})}
        if order.get("images"):
            body["images"] = list(order["images"])
        if order.get("callback_url"):
            if self.callback_field is None:
                raise Misused(f"{self.name} documents no callback; leave callback_url out and poll")
            body[self.callback_field] = order["callback_url"]
        return f"{self.root}/generate", body

    def build_inspect(self, task_id: str) -> str:
        """Path and query of a poll."""
        return f"{self.root}/status?task_id={quote(task_id, safe='')}"

    def read_accepted(self, data: Any) -> str:
        """The task's id."""
        return read_id(data, "task_id", "taskId")

    def read_task(self, data: Any, task_id: str) -> Task:
        """The task, in any edition of the reply."""
        if not isinstance(data, dict):
            raise ValueError("data is no object")
        state = read_state(data.get("status"))
        phase = PHASES.get(state.upper(), Phase.RUNNING)
        request = decode.read_object(data.get("request"))
        message = decode.read_text(data.get("error_message")) or ""
        return Task(
            provider=self.name,
            id=decode.read_text(data.get("task_id")) or task_id,
            phase=phase,
            state=state,
            results=decode.read_urls(data.get("response")) if phase is Phase.SUCCEEDED else (),
            failure=Failure("", message) if phase is Phase.FAILED else None,
            prompt=decode.read_text(request.get("prompt")),
            request=request,
            credits=read_first(data, "consumed_credits", "consumed_credit"),
            created=decode.read_time(data.get("created_at")),
            raw=data,
        )
