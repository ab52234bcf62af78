"""The jobs dialect: createTask and recordInfo, as KIE.AI and aigptimage.com speak it.

Sources: https://docs.kie.ai/market/common/get-task-detail and
https://aigptimage.com/en/docs/tasks/record-info; what differs from them in public recordings of
KIE.AI (2026-04 to 2026-10) is read as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from imagejobs import decode
from imagejobs.errors import Misused
from imagejobs.models import Failure, Order, Phase, Task

PHASES: Final = {
    "waiting": Phase.QUEUED,
    "queuing": Phase.QUEUED,
    "queueing": Phase.QUEUED,
    "generating": Phase.RUNNING,
    "success": Phase.SUCCEEDED,
    "fail": Phase.FAILED,
    "failed": Phase.FAILED,
}

# The input field for images, by the start of the model's name; the newest families say input_urls.
IMAGE_FIELDS: Final = {
    "nano-banana-2-lite": "image_urls",
    "nano-banana-2-text": "image_urls",  # aigptimage.com's own names end so
    "nano-banana-2": "image_input",
    "nano-banana-pro": "image_input",
    "nano-banana": "image_urls",
    "google/nano-banana": "image_urls",
    "bytedance/seedream": "image_urls",
    "seedream/": "image_urls",
    "seedance-2.0": "image_urls",
    "grok-imagine/": "image_urls",
    "qwen3/": "image_urls",
    "qwen2-1/": "image_urls",
    "ideogram/character-remix": "image_urls",
    "ideogram/character": "reference_image_urls",
}


@dataclass(frozen=True, slots=True)
class Jobs:
    """One provider of the jobs dialect."""

    name: str
    prefix: str
    home: str
    text_model: str  # asked for if the order names none
    image_model: str  # the same, with images
    callback_field: str | None = None
    idempotency_header: str | None = None
    balance_path: str | None = None
    signs_callbacks: bool = False

    def build_submit(self, prompt: str, order: Order) -> tuple[str, Mapping[str, Any]]:
        """Path and body; images go where the model looks for them."""
        images = list(order.get("images", ()))
        model = order.get("model") or (self.image_model if images else self.text_model)
        given = {"prompt": prompt, **order.get("options", {})}
        if images:
            given[find_image_field(model)] = images
        body: dict[str, Any] = {"model": model, "input": given}
        if order.get("callback_url"):
            if self.callback_field is None:
                raise Misused(f"{self.name} documents no callback; leave callback_url out and poll")
            body[self.callback_field] = order["callback_url"]
        return "/api/v1/jobs/createTask", body

    def build_inspect(self, task_id: str) -> str:
        """Path and query of a poll."""
        return f"/api/v1/jobs/recordInfo?taskId={quote(task_id, safe='')}"

    def read_accepted(self, data: Any) -> str:
        """The task's id."""
        return read_id(data, "taskId", "task_id", "recordId")

    def read_task(self, data: Any, task_id: str) -> Task:
        """The task, in any edition of the reply."""
        if not isinstance(data, dict):
            raise ValueError("data is no object")
        state = read_state(data.get("state"))
        phase = PHASES.get(state.lower(), Phase.RUNNING)
        request = decode.read_object(data.get("param") or data.get("paramJson"))
        given = decode.read_object(request.get("input"))
        created = decode.read_time(data.get("createTime"))
        finished = decode.read_time(data.get("completeTime"))
        return Task(
            provider=self.name,
            id=decode.read_text(data.get("taskId")) or task_id,
            phase=phase,
            state=state,
            results=read_results(data) if phase is Phase.SUCCEEDED else (),
            failure=read_failure(data) if phase is Phase.FAILED else None,
            model=decode.read_text(data.get("model")) or decode.read_text(request.get("model")),
            prompt=decode.read_text(given.get("prompt")),
            request={**request, "input": given} if request else {},
            credits=read_first(data, "creditsConsumed", "consumeCredits"),
            created=created,
            finished=finished,
            elapsed=decode.read_elapsed(data.get("costTime"), created, finished),
            raw=data,
        )


def find_image_field(model: str) -> str:
    """The longest known start of the model's name decides."""
    starts = [start for start in IMAGE_FIELDS if model.startswith(start)]
    return IMAGE_FIELDS[max(starts, key=len)] if starts else "input_urls"


def read_id(data: Any, *names: str) -> str:
    """The first of some fields that holds an id."""
    fields = data if isinstance(data, dict) else {}
    for name in names:
        found = decode.read_text(fields.get(name))
        if found and found.isprintable():
            return found
    raise ValueError(f"there is no {names[0]} in it")


def read_state(value: Any) -> str:
    """A state's word, which may be a number; nothing at all is no state."""
    found = decode.read_text(value)
    if found is None:
        raise ValueError("there is no state in it")
    return found


def read_results(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Addresses in `resultJson`, else in `response`, which came in 2026-09."""
    return decode.read_urls(data.get("resultJson")) or decode.read_urls(data.get("response"))


def read_failure(data: Mapping[str, Any]) -> Failure:
    """Code and words of a failed task."""
    code, words = decode.read_text(data.get("failCode")), decode.read_text(data.get("failMsg"))
    return Failure(code or "", words or "")


def read_first(data: Mapping[str, Any], *names: str) -> float | None:
    """The first of some fields that holds a number."""
    found = (decode.read_number(data.get(name)) for name in names)
    return next((number for number in found if number is not None), None)
