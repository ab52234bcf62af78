"""Laws of whole runs: what they depend on, and what they do not."""

import asyncio
import hashlib
import os
import subprocess
import sys
from typing import Any

import httpx
import orjson
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from mockserver.engine.accounts.account import Account
from mockserver.engine.task import Task
from mockserver.web.app import build_app
from mockserver.web.options import Options
from tests.laws.world import (
    KEYS,
    ORIGIN,
    PROVIDERS,
    ROOT,
    SCRIPTS,
    SPANS,
    Action,
    Submit,
    World,
    draw_submits,
    list_everything,
    picture,
    run_script,
)

# A script that gives every key as much as it may need.
ENOUGH: list[Action] = [
    *(("rank", key, "unlimited") for key in KEYS),
    *(("pay", key, provider, 10**9) for key in KEYS for provider in PROVIDERS),
]


@given(script=SCRIPTS, seed=st.integers(0, 3))
def test_the_same_seed_gives_the_same_run(script: list[Action], seed: int) -> None:
    """Two engines that are asked the same say the same, byte for byte, and end up equal."""
    one, other = (run_script(World(seed=seed), script) for _ in range(2))

    assert list_everything(one) == list_everything(other)


@settings(max_examples=settings().max_examples // 4)
@given(script=SCRIPTS, seed=st.integers(0, 3))
def test_the_same_seed_gives_the_same_journal(script: list[Action], seed: int) -> None:
    """What the control API shows of two such runs is the same, byte for byte."""
    one, other = (asyncio.run(fetch_journals(World(seed=seed), script)) for _ in range(2))

    assert one == other
    assert all(body.startswith(b"{") for body in one)


async def fetch_journals(world: World, script: list[Action]) -> list[bytes]:
    """The journal of each key and of the whole server, and the callbacks, after a script."""
    transport = httpx.ASGITransport(build_app(world.engine, Options()))
    world.engine.outbox.wake = lambda: None  # nobody is called here
    run_script(world, script)
    accounts = [f"/_mock/accounts/{key}" for key in KEYS]
    paths = [
        "/_mock/requests",
        *(f"{a}/{what}" for a in accounts for what in ("requests", "callbacks")),
    ]
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as http:
        return [(await http.get(path)).content for path in paths]


def digest_documented_run() -> str:
    """What becomes of the requests that the vendors' pages show."""
    world = World()
    for file in sorted((ROOT / "fixtures" / "documented").glob("*/*.request.json")):
        example = orjson.loads(file.read_bytes())
        if "body" in example:
            submit = Submit(file.parent.name, example["operation"], example["body"], "once")
            run_script(world, [("submit", KEYS[0], submit), ("poll", KEYS[0], 3)])
            run_script(world, [("advance", KEYS[0], 30_000), ("poll", KEYS[0], 7)])
    return hashlib.sha256(repr(list_everything(world)).encode()).hexdigest()


def run_elsewhere(hash_seed: str) -> str:
    """The same in another process, whose sets have another order."""
    code = "from tests.laws.test_runs import *; print(digest_documented_run())"
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    return subprocess.check_output(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, text=True
    ).strip()


def test_the_same_seed_gives_the_same_run_elsewhere() -> None:
    """Two processes that are asked the same end up equal, to the last byte of their journals."""
    assert run_elsewhere("1") == run_elsewhere("4")


@given(script=SCRIPTS, key=st.sampled_from(KEYS), spans=st.lists(SPANS, min_size=1, max_size=4))
def test_advances_add_up(script: list[Action], key: str, spans: list[int]) -> None:
    """After anything at all, how an advance is divided leaves no trace."""
    divided, whole = (run_script(World(), script) for _ in range(2))
    for span in spans:
        divided.advance(key, span)
    whole.advance(key, sum(spans))

    assert list_everything(whole) == list_everything(divided)


@given(script=SCRIPTS, key=st.sampled_from(KEYS))
def test_what_others_do_makes_no_difference(script: list[Action], key: str) -> None:
    """An account comes out the same, to the last byte, whether it is alone or one of many."""
    own = [action for action in script if action[1] == key or action[0] == "tick"]
    together, apart = run_script(World(), script), run_script(World(), own)

    assert picture_alone(together.account(key)) == picture_alone(apart.account(key))


def picture_alone(account: Account) -> dict[str, Any]:
    """Everything that an account has, but for the numbers that a server gives to all requests."""
    entries = [replace(entry, number=0) for entry in account.journal.entries]
    return {**picture(account), "journal": entries}


@given(rows=st.lists(st.tuples(st.sampled_from(KEYS), draw_submits()), max_size=8), data=st.data())
def test_the_order_of_submits_decides_nothing(
    rows: list[tuple[str, Submit]], data: st.DataObject
) -> None:
    """Where limits and credits suffice, ids, durations and prices are the same in every order."""
    submits: list[Action] = [("submit", key, submit._replace(name=None)) for key, submit in rows]
    shuffled = data.draw(st.permutations(submits))
    worlds = [run_script(World(), [*ENOUGH, *order]) for order in (submits, shuffled)]
    one, other = (
        {key: sorted(map(describe_outcome, world.list_tasks(key))) for key in KEYS}
        for world in worlds
    )

    assert one == other


def describe_outcome(task: Task) -> tuple[str, str, int, str, int]:
    """What chance and scenario have decided about a task."""
    timeline = task.timeline
    return task.contract.name, task.id, timeline.duration, str(timeline.final.name), task.price
