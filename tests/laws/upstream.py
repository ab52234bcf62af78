"""A small provider that answers as a schedule says: honestly, but for the fault of each request.

It shares no code with the emulator, and it knows what every reply of it truly means.
"""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx
from PIL import Image

API: Final = "https://api.provider.example"
FILES: Final = "https://files.provider.example"
KEY: Final = "sk-secret-0123456789"
EPOCH: Final = 1_767_225_600.0  # 2026-01-01T00:00:00Z

Step = Mapping[str, Any]

IDEMPOTENT: Final = "aigptimage"
JOBS: Final = frozenset({"kie", "aigptimage"})
PROVIDERS: Final = ("kie", "aigptimage", "gptimage15", "gptimage15-v2")
STATES: Final[dict[str, dict[str, Any]]] = {
    "jobs": {
        "queued": "waiting",
        "running": "generating",
        "succeeded": "success",
        "failed": "fail",
    },
    "words": {
        "queued": "PENDING",
        "running": "IN_PROGRESS",
        "succeeded": "SUCCESS",
        "failed": "FAILED",
    },
    "numbers": {"queued": 0, "running": 0, "succeeded": 1, "failed": -1},
}


@dataclass(slots=True)
class Exchange:
    """One request, and what its reply means to a reader who makes no mistake."""

    at: float  # seconds
    role: str  # submit, inspect, file or other
    request: httpx.Request
    step: Step
    until: float = 0.0
    phase: str | None = None  # told by a good reply to a poll
    ways: frozenset[str] = frozenset()  # the errors that it may be; none if the reply is good
    is_open: bool = False  # whether it leaves open that a task was made
    hint: float | None = None  # seconds that it asks to wait
    is_short: bool = False  # whether it is a file that may come whole the next time
    results: tuple[str, ...] = ()  # addresses that a good reply tells

    @property
    def is_good(self) -> bool:
        return not self.ways

    def mean(self, *ways: str, is_open: bool = False) -> None:
        """Say what a reader has to make of the reply."""
        self.ways, self.phase, self.results = frozenset(ways), None, ()
        self.is_open = is_open and self.role == "submit"


@dataclass(frozen=True, slots=True)
class Life:
    """What becomes of each task, and in which edition of the wire it is told."""

    duration: float = 20.0  # seconds
    ends: str = "succeeded"
    edition: int = 0  # see Upstream.write_task

    def find_phase(self, age: float) -> str:
        if age >= self.duration:
            return self.ends
        return "queued" if age < self.duration / 3 else "running"


@dataclass(slots=True)
class Upstream:
    """Answers requests, one step of the schedule each; the way an HTTP library's server would."""

    provider: str
    life: Life
    steps: Iterator[Step]
    now: Callable[[], float]
    pass_by: Callable[[float], None]
    act: Callable[["Upstream", Exchange], httpx.Response]
    tasks: dict[str, tuple[float, Any]] = field(default_factory=dict)  # creation and body, by id
    named: dict[str, str] = field(default_factory=dict)  # ids of tasks, by request id
    trace: list[Exchange] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        exchange = Exchange(self.now(), find_role(request), request, next(self.steps))
        self.trace.append(exchange)
        try:
            return self.act(self, exchange)
        finally:
            exchange.until = max(exchange.until, self.now())

    def answer(self, exchange: Exchange) -> tuple[int, bytes]:
        """What an honest provider says: status and body; the request is done."""
        if exchange.role == "submit":
            return 200, encode(self.confirm(self.make_task(exchange.request)))
        if exchange.role == "inspect":
            return 200, encode(self.tell(exchange))
        if exchange.role == "file":
            return 200, draw_file(urlsplit(str(exchange.request.url)).path)
        exchange.mean("NotFound")
        return 404, encode({"code": 404, "msg": "there is nothing here"})

    def make_task(self, request: httpx.Request) -> str:
        """The id of a new task, or of the one that was made under the same request id."""
        request_id = request.headers.get("x-request-id")
        if self.provider == IDEMPOTENT and request_id in self.named:
            return self.named[request_id]
        task_id = f"task-{len(self.tasks) + 1}"
        self.tasks[task_id] = self.now(), json.loads(request.content)
        if request_id is not None:
            self.named[request_id] = task_id
        return task_id

    def confirm(self, task_id: str) -> Any:
        name = "taskId" if self.provider in JOBS else "task_id"
        return {"code": 200, "msg": "success", "data": {name: task_id}}

    def tell(self, exchange: Exchange, phase: str | None = None, other: str = "") -> Any:
        """How the task is that a poll asks for, or one that it does not ask for."""
        query = parse_qs(urlsplit(str(exchange.request.url)).query)
        (task_id,) = query.get("taskId") or query.get("task_id") or ["none"]
        if task_id not in self.tasks:
            exchange.mean("NotFound")
            return {"code": 404, "msg": "task not found", "data": None}
        exchange.phase = phase or self.life.find_phase(exchange.at - self.tasks[task_id][0])
        has_results = exchange.phase == "succeeded"
        exchange.results = tuple(list_results(task_id)) if has_results else ()
        data = self.write_task(task_id, exchange, other or task_id)
        return {"code": 200, "msg": "success", "data": data}

    def write_task(self, task_id: str, exchange: Exchange, shown: str) -> dict[str, Any]:
        """A task in one of four editions: JSON in strings or not, null or "", ms or seconds."""
        is_wrapped, is_new = self.life.edition % 2 == 0, self.life.edition >= 2
        created, body = self.tasks[task_id]
        results: Any = list(exchange.results)
        nothing = "" if is_new else None
        wrap: Callable[[Any], Any] = json.dumps if is_wrapped else lambda value: value
        has_failed, has_ended = (
            exchange.phase == "failed",
            exchange.phase in {"succeeded", "failed"},
        )
        if self.provider in JOBS:
            return {
                "taskId": shown,
                "state": STATES["jobs"][exchange.phase or ""],
                "param": wrap({**body, "input": wrap(body["input"])}),
                "resultJson": wrap({"resultUrls": results}) if results else nothing,
                "failCode": "501" if has_failed else nothing,
                "failMsg": "as the schedule says" if has_failed else nothing,
                "costTime": self.write_span(is_new=is_new) if has_ended else None,
                "completeTime": 1000 * (created + self.life.duration) if has_ended else None,
                "createTime": 1000 * created,
                "creditsConsumed": 4.0,
            }
        states = STATES["numbers" if self.life.edition == 3 else "words"]
        return {
            "task_id": shown,
            "status": states[exchange.phase or ""],
            "request": wrap(body),
            "response": wrap(results) if results else nothing,
            "error_message": "as the schedule says" if has_failed else nothing,
            "consumed_credits": 4.0,
            "created_at": created * (1 if is_new else 1000),
        }

    def write_span(self, *, is_new: bool) -> int:
        """The duration: milliseconds in the pages, whole seconds in recordings."""
        return round(self.life.duration) if is_new else round(self.life.duration * 1000)


def find_role(request: httpx.Request) -> str:
    """What a request wants."""
    url = str(request.url)
    if not url.startswith(f"{API}/"):
        return "file"
    path = request.url.path
    if request.method == "POST" and path.endswith(("/createTask", "/generate")):
        return "submit"
    return "inspect" if path.endswith(("/recordInfo", "/status")) else "other"


def list_results(task_id: str) -> list[str]:
    """Where the results of a task are."""
    return [f"{FILES}/{task_id}-{number}.png" for number in (1, 2)]


def encode(value: Any) -> bytes:
    return json.dumps(value).encode()


@cache
def draw_file(path: str) -> bytes:
    """An image that is another one at each address."""
    drawn = io.BytesIO()
    Image.frombytes("L", (4, 4), path[-16:].rjust(16).encode("latin-1")).save(drawn, "PNG")
    return drawn.getvalue()
