"""Client and emulator, each the other's witness: in one process, and over a socket."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagejobs import ImageError, Task, TimedOut
from mockserver.engine.scenarios.scenario import list_scenarios
from tests.laws import client_laws
from tests.laws.client_laws import Manner, Turn, go, judge_outing
from tests.laws.hooks import POSTMEN, Hook, Postman, Round, choose_secret
from tests.laws.orders import Wanted, draw_orders
from tests.laws.targets import (
    PROVIDERS,
    Emulated,
    InProcess,
    OverSocket,
    load_contracts,
)

CONTRACTS = {"documented": load_contracts("documented"), "served": load_contracts()}
TURNS = st.builds(
    Turn, st.integers(0, 5), st.integers(0, 90_000), st.sampled_from([None, "failed", "succeeded"])
)
MANNERS = st.builds(
    Manner,
    st.booleans(),
    st.sampled_from([600.0, 60.0, 7.0]),
    st.sampled_from([2.0, 1.0, 9.0]),
    st.sampled_from([10.0, 3.0, 60.0]),
    st.none() | TURNS,
)
STATUSES = st.sampled_from([None, "envelope", "code"])  # where refusals carry their code

# A socket and a process of its own make an example several times as dear.
SHARES = {"documented": 0.4, "served": 0.4, "socket": 0.15}


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    """Where the callbacks of emulators go."""
    hook = Hook()
    yield hook
    hook.close()


@pytest.fixture(scope="module", params=["documented", "served", "socket"])
def target(request: pytest.FixtureRequest) -> Iterator[Emulated]:
    """An emulator of every provider, as documented and as it is served, here and over there."""
    contracts = CONTRACTS.get(request.param, CONTRACTS["served"])
    line: Any = OverSocket() if request.param == "socket" else InProcess([*contracts.values()])
    yield Emulated(line, contracts, request.param)
    line.close()


@cache
def draw_for(edition: str, provider: str) -> st.SearchStrategy[Wanted]:
    return draw_orders(CONTRACTS[edition][provider.removesuffix("-v2")], provider)


def draw_any(target: Emulated, providers: list[str] = PROVIDERS) -> st.SearchStrategy[Wanted]:
    """An order for any provider."""
    edition = "documented" if target.name == "documented" else "served"
    return st.sampled_from(providers).flatmap(lambda provider: draw_for(edition, provider))


def draw_wishes(target: Emulated) -> st.SearchStrategy[str]:
    """A scenario that every provider knows, or one that only some do; success is the most of it."""
    names = {name for contract in target.contracts.values() for name in list_scenarios(contract)}
    return st.sampled_from(["succeeds", "fails"]) | st.sampled_from(sorted(names))


def try_many(target: Emulated, share: float = 1.0) -> settings:
    """So many examples as the profile allows and the target is worth; nightly a thousand."""
    most = settings().max_examples
    if most >= 1_000 and target.name != "socket":
        return settings(max_examples=1_000)
    return settings(max_examples=min(1_000, max(5, round(most * SHARES[target.name] * share))))


def test_client_and_provider_agree(target: Emulated) -> None:
    """However an order ends: time, credits, tasks, facts and errors are right."""

    @try_many(target)
    @given(draw_any(target), draw_wishes(target), MANNERS, STATUSES)
    def law(order: Wanted, wish: str, manner: Manner, status: str | None) -> None:
        with target.open(order.provider, wish, status=status) as place:
            judge_outing(go(place, order, manner))

    law()


def test_sync_and_async_do_the_same(target: Emulated) -> None:
    """With and without an event loop a client asks the same, at the same moments."""

    @try_many(target, 0.3)
    @given(draw_any(target), draw_wishes(target), MANNERS)
    def law(order: Wanted, wish: str, manner: Manner) -> None:
        traces = []
        for is_async in (False, True):
            with target.open(order.provider, wish, "sk-mock-twice") as place:
                outing = go(place, order, replace(manner, is_async=is_async))
                traces.append(client_laws.list_traces(outing))

        assert traces[0] == traces[1]

    law()


def test_a_download_is_the_picture_of_what_was_sent(target: Emulated) -> None:
    """The file of a task decodes to its id, its prompt and its model, and came without the key."""

    @try_many(target, 0.1)
    @given(draw_any(target), st.booleans())
    def law(order: Wanted, is_async: bool) -> None:
        with target.open(order.provider) as place:
            client_laws.judge_file(go(place, order, Manner(is_async)))

    law()


def test_two_orders_are_two_pictures_and_the_same_order_is_one(target: Emulated) -> None:
    """The digest in a file follows what was sent: equal orders under one seed have equal files."""

    @try_many(target, 0.03)
    @given(draw_any(target, ["gptimage15"]), st.text(min_size=1, max_size=9))
    def law(order: Wanted, more: str) -> None:
        other = Wanted(order.provider, order.prompt + more, order.words)
        digests = []
        for each in (order, order, other):
            with target.open(each.provider) as place:
                digests.append(client_laws.find_digest(go(place, each)))

        assert digests[0] == digests[1] != digests[2]

    law()


def test_an_interrupted_wait_is_resumed(target: Emulated) -> None:
    """Whenever a program stops waiting, the id is enough to get the result, and pay once."""

    @try_many(target, 0.2)
    @given(draw_any(target), st.floats(1, 40))
    def law(order: Wanted, timeout: float) -> None:
        with target.open(order.provider) as place:
            outing = go(place, order, Manner(timeout=timeout))
            judge_outing(outing)
            if isinstance(outing.end, TimedOut):
                task_id = outing.end.task_id
                task = place.do(lambda client: client.wait(task_id, timeout=900))
                assert task.id == task_id
                assert task.results
            assert len(place.list_tasks() or []) == 1

    law()


def test_callbacks_late_twice_or_never_change_nothing(target: Emulated, hook: Hook) -> None:
    """However a callback comes, the client ends with what polls say, and asks no more than they."""

    @try_many(target, 0.3)
    @given(
        draw_any(target, ["kie", "gptimage15"]),
        st.sampled_from(["succeeds", "fails"]),
        POSTMEN,
        st.booleans(),
    )
    def law(order: Wanted, wish: str, postman: Postman, is_async: bool) -> None:
        secret = choose_secret(order.provider)
        with target.open(order.provider, wish, "sk-mock-hook") as place:
            plain = go(place, order, Manner(is_async), callback_url=hook.url)
        with target.open(order.provider, wish, "sk-mock-hook") as place:
            walk = Round(place, hook, postman, secret)
            words = {"callback_url": hook.url, "inbox": walk.inbox}
            outing = go(place, order, Manner(is_async), **words)
            judge_called(outing, plain, walk)

    law()


def judge_called(outing: Any, plain: Any, walk: Round) -> None:
    """Both ends are the same and heard by a poll; what was forged is refused."""
    client_laws.judge_end(outing)
    client_laws.judge_money(outing)
    client_laws.judge_reading(outing)
    assert type(outing.end) is type(plain.end)
    last = client_laws.read_by_lens(outing, outing.seen[-1])
    if isinstance(outing.end, Task):
        assert list(outing.end.results) == last.facts["task.results"]
        assert len(outing.end.results) == len(plain.end.results)
        assert outing.end.credits in {None, plain.end.credits}
    else:
        assert isinstance(outing.end, ImageError)
        assert outing.end.failure == plain.end.failure
    # A callback is a reason to poll, and so is a false one that nobody had to sign.
    assert len(outing.seen) <= len(plain.seen) + 1
    is_refused = walk.postman.lie == "forged" and walk.secret is not None
    lies = [401 if is_refused else 200] if walk.postman.lie else []
    assert walk.statuses in ([], lies + [200] * walk.postman.times)
