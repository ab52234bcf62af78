from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mockserver.engine.accounts.journal import Entry, Journal, measure_entry
from mockserver.engine.accounts.remarks import MAX_REMARKS, MAX_TEXT
from mockserver.engine.settings import Settings

if TYPE_CHECKING:
    from tests.engine.conftest import NewWorld, World

LIVE = "0123456789abcdef0123456789abcdef"


def build_entry(seq: int, request: bytes = b"", reply: bytes = b"") -> Entry:
    return Entry(
        seq, 0, None, None, "GET", "/", {}, request, 200, reply, None, (), (), None, None
    )  # fmt: skip


@given(st.lists(st.tuples(st.binary(max_size=60), st.binary(max_size=60)), max_size=30))
def test_a_journal_keeps_the_latest_within_its_bounds(bodies: list[tuple[bytes, bytes]]) -> None:
    """Neither entries nor bytes nor single bodies exceed what the settings say."""
    settings = Settings(max_journal_bytes=5_300, max_body_bytes=40)
    journal = Journal(settings, 10)
    for request, reply in bodies:
        journal.add(build_entry(journal.total, request, reply))

    assert list(range(len(bodies)))[-len(journal.entries) or 99 :] == [
        entry.seq for entry in journal.entries
    ]
    assert min(len(bodies), 4) <= len(journal.entries) <= 5
    assert all(len(e.request) <= 40 and len(e.reply) <= 40 for e in journal.entries)


def test_a_cleared_journal_goes_on_counting() -> None:
    """Numbers are never given twice."""
    journal = Journal(Settings(), 10)
    journal.add(build_entry(journal.total))
    journal.clear()
    journal.add(build_entry(journal.total))

    assert [entry.seq for entry in journal.entries] == [1]


def test_an_entry_holds_the_request_and_the_reply(world: "World") -> None:
    """Both as they were sent, with what the engine made of them."""
    headers = {"user-agent": "me/1"}
    reply = world.call("make", body={"model": "plain", "input": {"prompt": "a"}}, headers=headers)
    entry = world.account().journal.entries[-1]

    assert (entry.provider, entry.operation, entry.method) == ("walnut", "make", "POST")
    assert (entry.request, entry.headers) == (b'{"model":"plain","input":{"prompt":"a"}}', headers)
    assert (entry.status, entry.reply, entry.condition) == (200, reply.body, None)
    assert (entry.scenario, entry.at) == ("succeeds", world.clock.now())
    assert [entry.task_id] == list(world.account().holdings["walnut"].tasks)


@pytest.mark.parametrize("key", [LIVE, "short"])
@pytest.mark.parametrize("operation", ["credits", "look"])
def test_a_key_that_may_be_real_is_nowhere_to_be_found(
    world: "World", key: str, operation: str
) -> None:
    """Neither the account nor its journal holds more than a hash of it."""
    headers = {
        "authorization": f"Bearer {key}", "x-api-key": key, "cookie": f"key={key}",
        "proxy-authorization": f"Basic {key}",
    }  # fmt: skip
    world.call(operation, key=key, headers=headers)
    account = world.account(key)
    (entry,) = account.journal.entries

    assert key not in f"{account.label} {entry}"
    assert entry.headers["authorization"] == f"Bearer {account.label}"


def test_a_mock_key_is_shown(world: "World") -> None:
    """There is nothing to hide in it."""
    headers = {"authorization": "Bearer sk-mock-me"}
    world.call("credits", headers=headers)

    assert headers == world.account().journal.entries[-1].headers


def test_a_key_that_is_refused_is_hidden_too(new_world: "NewWorld") -> None:
    """The strays hold no more of a key than an account would."""
    world = new_world(keys=frozenset())
    world.call("credits", key=LIVE, headers={"authorization": f"Bearer {LIVE}"})

    assert LIVE not in str(world.engine.strays.entries[-1])


def test_a_key_that_looks_live_is_noted_once(world: "World") -> None:
    """The first entry warns, the others do not repeat it."""
    for _ in range(2):
        world.call("credits", key=LIVE)
    notes = [list(entry.notes) for entry in world.account(LIVE).journal.entries]

    assert notes == [["the API key looks like a live one"], []]


def test_long_remarks_are_cut(world: "World") -> None:
    """Neither ten thousand unknown fields nor a very long value make an entry large."""
    unknown = {f"field{number}": 1 for number in range(10_000)}
    world.call("make", body={"model": "plain", "input": {"prompt": "a", **unknown}})
    world.call("make", body={"model": "plain", "input": {"prompt": "a" * 50_000}})
    odd, bad = world.account().journal.entries

    assert len(odd.notes) == MAX_REMARKS + 1
    assert odd.notes[-1] == "9,900 more notes are not kept"
    assert len(bad.violations[0].message) == MAX_TEXT
    assert bad.violations[0].message.endswith(" is longer than 200 characters")
    assert max(measure_entry(odd), measure_entry(bad)) < 200_000


def test_the_oldest_give_way_to_a_large_entry() -> None:
    """Headers, targets and remarks count as well as bodies."""
    journal = Journal(Settings(max_journal_bytes=20_000), 10)
    for size, note in [(0, ""), (9_000, ""), (0, "x" * 900), (9_000, ""), (0, "")]:
        notes = [note] * 8 if note else []
        journal.add(replace(build_entry(journal.total), extra=size, notes=notes))

    assert [entry.seq for entry in journal.entries] == [3, 4]


def test_the_journals_of_idle_accounts_give_way(new_world: "NewWorld") -> None:
    """When there is no room the journals of the idlest accounts go first, no more than needed."""
    world = new_world(max_kept_bytes=16_000)
    names = ["sk-mock-a", "sk-mock-b", "sk-mock-c"]
    for name in names:
        for _ in range(3):
            world.call("make", key=name, body={"model": "plain", "input": {"prompt": "a"}})
    kept = [len(world.account(name).journal.entries) for name in names]
    tasks = [len(world.account(name).holdings["walnut"].tasks) for name in names]

    assert (kept, tasks) == ([0, 3, 3], [3, 3, 3])
    assert world.engine.accounts.shelf.emptied == 1
