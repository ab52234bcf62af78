"""Fault schedules: what happens to each successive request of one `generate` and its download.

A schedule that breaks a law prints itself as `run_schedule([...])`. To see it again:

    from tests.laws.schedules import run_schedule
"""

import asyncio
import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from typing import Any, Final
from unittest import mock

import httpx
from hypothesis import strategies as st

from imagejobs import AsyncClient, Client, File, ImageError, Settings, Task, World, transport
from tests.laws import mischief, schedule_laws
from tests.laws.upstream import API, EPOCH, KEY, PROVIDERS, Exchange, Life, Step, Upstream

PROMPT: Final = "a red fox"


@dataclass(frozen=True)
class Plan:
    """A schedule and its circumstances; after its last step nothing goes wrong any more."""

    steps: Sequence[Step]
    provider: str = "kie"
    duration: float = 20.0  # of the task, in seconds
    ends: str = "succeeded"
    edition: int = 0  # of the wire, see tests.laws.upstream
    is_endless: bool = False  # the last step is repeated for ever
    timeout: float = 300.0  # of generate
    chance: float = 0.5  # what the client draws, from 0 up to 1

    def __repr__(self) -> str:
        """As Python that repeats it."""
        said = [repr(list(self.steps))]
        for each in fields(self)[1:]:
            value, default = getattr(self, each.name), getattr(Plan([]), each.name)
            if value != default:
                said.append(f"{each.name}={value!r}")
        return f"run_schedule({', '.join(said)})"

    def list_steps(self) -> Iterator[Step]:
        """A step for each request."""
        last: Step = self.steps[-1] if self.steps and self.is_endless else {}
        return itertools.chain(self.steps, itertools.repeat(last))


@dataclass
class Run:
    """What came of a plan."""

    plan: Plan
    upstream: Upstream
    end: Task | ImageError | None = None  # of generate
    ended_at: float = 0.0
    file: File | ImageError | None = None
    finished_at: float = 0.0
    watched: list[Task] = field(default_factory=list)

    @property
    def trace(self) -> list[Exchange]:
        return self.upstream.trace

    def list_seen(self) -> list[Any]:
        """Everything that can be seen from outside, to be compared."""
        sent = [
            (e.at, e.until, e.request.method, str(e.request.url), e.request.content)
            for e in self.trace
        ]
        ends = [
            (type(end), str(end), end.details) if isinstance(end, ImageError) else end
            for end in (self.end, self.file)
        ]
        return [sent, ends, self.ended_at, self.finished_at, self.watched]


class Timepiece:
    """Virtual time, and the world that a client gets with it."""

    def __init__(self, chance: float) -> None:
        self.seconds = EPOCH
        ids = (f"order-{number}" for number in itertools.count(1))
        self.world = World(
            clock=self.now,
            now=self.now,
            sleep=self.pass_by,
            sleep_async=self.sleep_async,
            random=lambda: chance,
            new_id=lambda: next(ids),
        )

    def now(self) -> float:
        return self.seconds

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds

    async def sleep_async(self, seconds: float) -> None:
        self.pass_by(seconds)


def follow(plan: Plan, *, is_async: bool = False) -> Run:
    """Let a client go through a plan."""
    time, steps = Timepiece(plan.chance), plan.list_steps()
    life = Life(plan.duration, plan.ends, plan.edition)
    run = Run(plan, Upstream(plan.provider, life, steps, time.now, time.pass_by, mischief.act))
    # A thread that the machine keeps waiting is no slow server.
    with mock.patch.object(transport, "MARGIN", 60.0):
        if is_async:
            asyncio.run(go_async(run, time))
        else:
            go(run, time)
    return run


def build_words(plan: Plan, time: Timepiece) -> dict[str, Any]:
    return {"api_key": KEY, "base_url": API, "settings": Settings(world=time.world)}


def go(run: Run, time: Timepiece) -> None:
    """Generate and download without an event loop."""
    http = httpx.Client(transport=httpx.MockTransport(run.upstream))
    client = Client(run.plan.provider, http=http, **build_words(run.plan, time))
    with note_end(run, time, "end"):
        timeout, watch = run.plan.timeout, run.watched.append
        run.end = client.generate(PROMPT, timeout=timeout, watch=watch)
    if isinstance(run.end, Task):
        with note_end(run, time, "file"):
            run.file = client.download(run.end)
    run.finished_at = time.now()


async def go_async(run: Run, time: Timepiece) -> None:
    """The same in one."""
    http = httpx.AsyncClient(transport=httpx.MockTransport(run.upstream))
    client = AsyncClient(run.plan.provider, http=http, **build_words(run.plan, time))
    with note_end(run, time, "end"):
        timeout, watch = run.plan.timeout, run.watched.append
        run.end = await client.generate(PROMPT, timeout=timeout, watch=watch)
    if isinstance(run.end, Task):
        with note_end(run, time, "file"):
            run.file = await client.download(run.end)
    run.finished_at = time.now()


@contextmanager
def note_end(run: Run, time: Timepiece, name: str) -> Iterator[None]:
    """Take down an error of the client's; any other is a bug and goes on."""
    try:
        yield
    except ImageError as error:
        setattr(run, name, error)
    finally:
        if name == "end":
            run.ended_at = time.now()


def run_schedule(steps: Sequence[Step], **words: Any) -> None:
    """Judge a schedule; the message of a failure is the call that repeats it."""
    run_plan(Plan(steps, **words))


def run_plan(plan: Plan, *, is_alone: bool = False) -> None:
    """Both clients go through a plan: they keep every law, and do the same, unless one is alone."""
    try:
        run = follow(plan)
        schedule_laws.judge(run)
        if not is_alone:
            other = follow(plan, is_async=True)
            assert run.list_seen() == other.list_seen(), "sync and async differ"
    except Exception as error:
        text = f"{type(error).__name__}: {error}\n\n    {plan!r}\n"
        raise AssertionError(text) from error


HINTS: Final = st.sampled_from([0, 1, 7, 29, 61, 400, 10**7])
SKEWS: Final = st.sampled_from([0, 600, -600])
EFFECT: Final = st.booleans()
LIMITS: Final = st.sampled_from([429, 503])
STATUSES: Final = st.sampled_from(sorted(mischief.MEANINGS))
CODES: Final = st.sampled_from(sorted(code for code in mischief.MEANINGS if code != 204))
REDIRECTS: Final = st.sampled_from(mischief.REDIRECTS)
BODIES: Final = st.sampled_from(["same", "none", "well"])
ODD: Final[dict[str, list[Any]]] = {
    "code": [None, [], {}, True, "x"],
    "data": [None, [], {}, True, "x", -1],
    "state": [None, [], {}, True, ""],
    "results": [True, -1, "x", [None], [1]],
}


def draw_hinted(name: str, settings: Mapping[str, Any]) -> st.SearchStrategy[Step]:
    """A reply that may say how long to wait, in the body, in seconds, as a date of either clock."""
    hints = {"retry_body": HINTS, "retry_after": HINTS | st.just("soon"), "retry_date": HINTS}
    required = {"fault": st.just(name), **settings}
    one = [st.fixed_dictionaries({**required, key: value}) for key, value in hints.items()]
    several: list[dict[str, Any]] = [
        {k: hints[k] for k in ("retry_body", "retry_after")},
        {"retry_date": HINTS, "skew": SKEWS},
    ]
    more = [st.fixed_dictionaries(required | settings) for settings in several]
    return st.one_of(st.fixed_dictionaries(required), *one, *more)


def draw_plain(name: str, **settings: Any) -> st.SearchStrategy[Step]:
    return st.fixed_dictionaries({"fault": st.just(name), **settings})


INSIDE: Final = [
    "http://127.0.0.1:9",
    "http://[::1]",
    "http://169.254.169.254",
    "http://2130706433",
]
MIRRORS: Final = ["https://mirror.example", "http://mirror.example"]
ODD_ADDRESSES: Final = [
    *INSIDE,
    "ftp://files.provider.example",
    "file:///etc/hosts",
    "fox.png",
    "//",
]

STEPS: Final[st.SearchStrategy[Step]] = st.one_of(
    st.just({}),
    draw_plain("unreachable"),
    draw_plain("hang", takes_effect=EFFECT),
    draw_plain("reset", takes_effect=EFFECT),
    draw_plain("empty-reply", takes_effect=EFFECT),
    draw_plain("latency", seconds=st.sampled_from([1, 15, 45, 90]), takes_effect=EFFECT),
    draw_plain("cut-body", percent=st.integers(0, 99), silent=st.just(False)),
    draw_plain("cut-body", percent=st.integers(0, 99), silent=st.just(True)),
    draw_plain("wrong-length", more=st.integers(1, 9)),
    draw_plain("malformed-json"),
    draw_plain("garbage", bytes=st.binary(max_size=9), takes_effect=EFFECT),
    draw_plain("wrong-content-type", says=st.sampled_from(["text/html", "image/png", ""])),
    draw_hinted(
        "html-page", {"status": st.sampled_from([200, 403, 429, 502, 503]), "takes_effect": EFFECT}
    ),
    draw_hinted("status", {"status": LIMITS, "body": BODIES, "takes_effect": EFFECT}),
    draw_hinted("status", {"status": STATUSES, "body": BODIES, "takes_effect": EFFECT}),
    draw_hinted("body-code", {"code": LIMITS, "takes_effect": EFFECT}),
    draw_hinted("body-code", {"code": CODES, "takes_effect": EFFECT}),
    draw_hinted("extra-headers", {}),
    draw_plain("redirect", status=REDIRECTS, to=st.sampled_from(MIRRORS)),
    draw_plain("redirect", status=REDIRECTS, to=st.sampled_from(INSIDE)),
    draw_plain("briefly-unknown"),
    draw_plain("extra-fields"),
    draw_plain("null-fields"),
    draw_plain("null-data"),
    draw_plain("state-backwards"),
    draw_plain("other-task"),
    draw_plain("unknown-state"),
    draw_plain("empty-results"),
    draw_plain("odd-results", to=st.sampled_from(ODD_ADDRESSES)),
    draw_plain("broken-json-string"),
    *(
        draw_plain("wrong-type", place=st.just(place), value=st.sampled_from(values))
        for place, values in ODD.items()
    ),
)


def draw_plans(max_steps: int = 10) -> st.SearchStrategy[Plan]:
    """Schedules for every provider, and what else may matter."""
    steps = st.lists(STEPS, max_size=max_steps)
    plans = {
        "provider": st.sampled_from(PROVIDERS),
        "duration": st.sampled_from([20.0, 0.0, 1.0, 70.0, 250.0, 1e6]),
        "ends": st.sampled_from(["succeeded", "failed"]),
        "edition": st.integers(0, 3),
        "is_endless": st.booleans(),
        "timeout": st.sampled_from([300.0, 900.0, 45.0, 5.0]),
        "chance": st.sampled_from([0.5, 0.0, 0.999]),
    }
    at_once = {**plans, "duration": st.just(0.0), "ends": st.just("succeeded")}
    # Trouble from the start, or only when all polls are to come, or only at the download.
    return st.one_of(
        st.builds(Plan, steps, **plans),
        st.builds(Plan, steps.map(lambda found: [{}, *found]), **plans),
        st.builds(Plan, steps.map(lambda found: [{}, {}, *found]), **at_once),
    )
