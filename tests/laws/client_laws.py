"""Laws of a client and a provider, each the other's witness: the same for every target."""

import itertools
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from imagejobs import File, GenerationFailed, ImageError, Phase, Task
from imagejobs.dialects import DIALECTS
from imagejobs.verdict import judge
from imagejobs.wire import Reply
from mockserver.contract.facts import Facts
from mockserver.contract.model import Operation, Role
from mockserver.contract.reading import Reading, read_reply
from mockserver.media.decode import decode
from tests.laws.orders import Wanted
from tests.laws.targets import Place, Seen

LEEWAY: Final = 1.0

# What a neutral condition is for a client.
ERRORS: Final = {
    "unauthorized": "Unauthorized",
    "malformed": "InvalidRequest",
    "missing_field": "InvalidRequest",
    "bad_value": "InvalidRequest",
    "unknown_model": "InvalidRequest",
    "invalid_request": "InvalidRequest",
    "not_found": "NotFound",
    "not_yet_visible": "NotFound",
    "no_such_resource": "NotFound",
    "expired": "NotFound",
    "insufficient_credits": "OutOfCredits",
    "key_limit_reached": "OutOfCredits",
    "rate_limited": "RateLimited",
    "too_many_active": "Conflict",
    "conflict": "Conflict",
    "generation_failed": "GenerationFailed",
    "maintenance": "Unavailable",
    "feature_disabled": "Unavailable",
    "server_error": "Unavailable",
}


@dataclass(frozen=True)
class Turn:
    """What happens to a task from outside after so many sleeps of its client."""

    at: int = 0
    span: int = 0  # milliseconds that pass at once
    outcome: str | None = None  # in which it is ended

    def prepare(self, place: Place) -> None:
        """Let it happen at a place."""
        sleeps = itertools.count()
        place.releases.append(lambda: self.take(place) if next(sleeps) == self.at else None)

    async def take(self, place: Place) -> None:
        await place.line.advance(place.key, self.span)
        found = await place.line.control("GET", f"{place.address}/tasks")
        for task in found["tasks"]:
            if self.outcome is not None and not task["ended"]:
                path = f"{place.address}/tasks/{task['id']}"
                await place.line.control("PATCH", path, {"outcome": self.outcome})


@dataclass(frozen=True)
class Manner:
    """How a client goes about it, and what comes between."""

    is_async: bool = False
    timeout: float = 600.0
    poll_first: float = 2.0
    poll_cap: float = 10.0
    turn: Turn | None = None


@dataclass
class Outing:
    """What a client did with an order, and how that ended."""

    place: Place
    order: Wanted
    manner: Manner = field(default_factory=Manner)
    end: Task | ImageError | None = None
    seen: list[Seen] = field(default_factory=list)
    watched: list[Task] = field(default_factory=list)
    before: float | None = None  # credits
    after: float | None = None
    took: float = 0.0  # seconds of the place's time


def go(place: Place, order: Wanted, manner: Manner | None = None, **words: Any) -> Outing:
    """Generate what is ordered, and look at the balance before and after."""
    outing = Outing(place, order, manner or Manner())
    outing.before = place.find_balance()
    place.rhythm = {"poll_first": outing.manner.poll_first, "poll_cap": outing.manner.poll_cap}
    if outing.manner.turn is not None:
        outing.manner.turn.prepare(place)
    begun = place.now()
    given: dict[str, Any] = {**order.words, "watch": outing.watched.append, **words}
    try:
        outing.end = place.do(
            lambda client: client.generate(order.prompt, timeout=outing.manner.timeout, **given),
            is_async=outing.manner.is_async,
        )
    except ImageError as error:
        outing.end = error
    outing.took, outing.seen = place.now() - begun, place.seen
    outing.after = place.find_balance()
    return outing


def find_operation(outing: Outing, seen: Seen) -> Operation:
    """The operation that a request is for."""
    path = urlsplit(str(seen.request.url)).path
    root = urlsplit(outing.place.base_url).path
    operations = outing.place.contract.operations.values()
    found = [o for o in operations if (o.method, root + o.path) == (seen.request.method, path)]
    assert found, f"{seen.request.method} {path} is no operation of the contract"
    return found[0]


def read_by_lens(outing: Outing, seen: Seen) -> Reading:
    """What the contract reads in a reply; there is one way only."""
    (reading,) = read_reply(outing.place.contract, find_operation(outing, seen), seen.json)
    return reading


def pick(outing: Outing, role: Role) -> list[Seen]:
    return [seen for seen in outing.seen if find_operation(outing, seen).role is role]


def judge_end(outing: Outing) -> None:
    """A client ends in its time, after few requests, and asks nothing after the end."""
    assert isinstance(outing.end, Task | ImageError)
    assert outing.took <= outing.manner.timeout + LEEWAY
    least = min(outing.manner.poll_first, outing.manner.poll_cap)
    assert len(outing.seen) <= 20 + outing.manner.timeout / (0.9 * least)
    ends = {"succeeded", "failed", "canceled"}
    polls = [read_by_lens(outing, seen) for seen in pick(outing, Role.INSPECT)]
    assert not any(ends.issuperset(reading.moments) for reading in polls[:-1])


def judge_money(outing: Outing) -> None:
    """One order is at most one task, and what the client says of credits is what has gone."""
    tasks = outing.place.list_tasks()
    if tasks is None:
        submits = [read_by_lens(outing, seen) for seen in pick(outing, Role.SUBMIT)]
        tasks = [reading for reading in submits if reading.moments == ("ok",)]
    assert len(tasks) <= 1
    assert bool(tasks) or not isinstance(outing.end, Task)
    if outing.before is None or outing.after is None:
        return
    spent = round(outing.before - outing.after, 3)
    assert spent >= 0
    if not tasks:
        assert spent == 0, "a refused submit has cost something"
    if isinstance(outing.end, Task) and outing.end.credits is not None:
        assert spent == outing.end.credits
    if isinstance(outing.end, GenerationFailed) and outing.end.task_id:
        assert not outing.place.contract.money.refund or spent == 0


def judge_reading(outing: Outing) -> None:
    """Client and contract read every reply to the same facts."""
    for seen in outing.seen:
        reading = read_by_lens(outing, seen)
        compare(outing, seen, find_operation(outing, seen), reading)


def compare(outing: Outing, seen: Seen, operation: Operation, reading: Reading) -> None:
    dialect = DIALECTS[outing.place.provider]
    try:
        envelope = judge(Reply(seen.status, {}, seen.body), dialect.name, 0)
    except ImageError as error:
        compare_refusal(error, reading)
        return
    if operation.role is Role.SUBMIT:
        assert reading.moments == ("ok",)
        assert dialect.read_accepted(envelope.data) == reading.facts["task.id"]
    else:
        task = dialect.read_task(envelope.data, "nobody's")
        assert task.phase in reading.moments
        said, read = list_said(task), list_facts(reading.facts)
        assert said == read, {n: (said.get(n), read.get(n)) for n in {*said, *read}}


def compare_refusal(error: ImageError, reading: Reading) -> None:
    """A client's error is what the contract calls the condition."""
    ways = {ERRORS[condition] for condition in reading.moments}
    assert {type(error).__name__} == ways, f"{error!r} for {reading.moments}"
    assert error.retry_after == reading.facts.get("refusal.retry_after")


def list_said(task: Task) -> dict[str, Any]:
    """What a client says of a task, in the words of contracts, without what it does not say."""
    failure = task.failure
    said = {
        "task.id": task.id,
        "task.results": list(task.results) or None,
        "task.model": task.model,
        "task.failure.message": failure and (failure.message or None),
        "task.failure.code": failure and (failure.code or None),
        "task.created": count_seconds(task.created),
        "task.finished": count_seconds(task.finished),
        "task.elapsed": None if task.elapsed is None else round(task.elapsed),
        "credits": task.credits,
        "input.prompt": task.prompt,
    }
    return {name: value for name, value in said.items() if value is not None}


def list_facts(facts: Facts) -> dict[str, Any]:
    """The same of what the contract reads; times are compared by whole seconds."""
    known: dict[str, Any] = {**find_in_request(facts), **facts}
    cost = known.get("task.cost", known.get("task.price"))
    known["credits"] = None if cost is None else cost / 1000
    for name in ("task.created", "task.finished", "task.elapsed"):
        if name in known:
            known[name] = round(known[name] / 1000)
    names = {"task.id", "task.results", "task.model", "task.failure.message", "task.failure.code"}
    names |= {"task.created", "task.finished", "task.elapsed", "credits", "input.prompt"}
    return {name: known[name] for name in names if known.get(name) not in (None, [])}


def find_in_request(facts: Facts) -> dict[str, Any]:
    """The prompt and the model in the request that a reply repeats."""
    request = facts.get("task.request") or {}
    assert isinstance(request, dict)
    given: Any = facts.get("task.input") or request.get("input") or request
    given = json.loads(given) if isinstance(given, str) else given
    return {"input.prompt": given.get("prompt"), "task.model": request.get("model")}


def count_seconds(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp())


def judge_order(outing: Outing) -> None:
    """What was asked is what the task says it was made from."""
    if isinstance(outing.end, Task):
        assert outing.end.phase is Phase.SUCCEEDED
        assert outing.end.results
        if outing.end.prompt is not None:
            assert outing.end.prompt == outing.order.prompt
        if outing.end.request:
            assert {**outing.end.request} == {**outing.order.build_body(), **outing.end.request}
        assert outing.watched[-1] == outing.end


# What else an error may be: the outcome of a submit is unclear, or the time for polls was up.
OTHERWISE: Final = {
    Role.SUBMIT: {"Unavailable": "SubmitUnknown"},
    Role.INSPECT: dict.fromkeys(("Unavailable", "RateLimited", "NotFound"), "TimedOut"),
}


def judge_error(outing: Outing) -> None:
    """An error is what the last reply means to a reader of the contract, and names its task."""
    if not isinstance(outing.end, ImageError):
        return
    reading, role = read_by_lens(outing, last := outing.seen[-1]), find_operation(outing, last).role
    ways = {"failed": "GenerationFailed", **ERRORS}
    way = ways.get(reading.moments[0], "TimedOut")
    kind = type(outing.end).__name__
    assert kind in {way, OTHERWISE[role].get(way)}, f"{kind} for {reading.moments}"
    tasks = outing.place.list_tasks() or []
    assert not tasks or outing.end.task_id == tasks[0]["id"] or kind == "SubmitUnknown"
    if kind == "GenerationFailed" and tasks:
        assert outing.end.failure is not None
        assert outing.end.failure.message == reading.facts.get("task.failure.message", "")


LAWS: Final = [judge_end, judge_money, judge_reading, judge_order, judge_error]


def judge_outing(outing: Outing) -> None:
    """Every law."""
    for law in LAWS:
        law(outing)


def judge_file(outing: Outing) -> None:
    """What is downloaded is the picture of what was sent, and of nothing else."""
    assert isinstance(outing.end, Task)
    task = outing.end
    file: File = outing.place.do(lambda client: client.download(task))
    assert all("authorization" not in seen.request.headers for seen in outing.place.witness.seen)
    if outing.place.is_live and "127.0.0.1" not in outing.place.base_url:
        return  # somebody else's pictures
    decoded = decode(file.content)
    assert len(decoded.digest) == 32
    assert decoded.task_id == task.id
    assert decoded.prompt == outing.order.prompt
    assert decoded.model == outing.order.build_body().get("model", decoded.model)
    assert decoded.disagreements == ()
    assert decoded.number == 1
    assert decoded.of == len(task.results)


def find_digest(outing: Outing) -> str:
    """What the first file of a task says of its request."""
    task = outing.end
    file: File = outing.place.do(lambda client: client.download(task))
    return decode(file.content).digest


def list_traces(outing: Outing) -> list[Any]:
    """What an outing looks like from outside, but for moments on the wall."""
    sent = [(s.request.method, str(s.request.url), s.request.content) for s in outing.seen]
    end = outing.end
    said = (type(end), end.task_id) if isinstance(end, ImageError) else type(end)
    watched = [(task.id, task.phase, task.state) for task in outing.watched]
    return [sent, said, watched, round(outing.took, 3), outing.after]
