"""Each scenario of the package does what its sentence says, at every provider that has it."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

import orjson
import pytest

from mockserver.contract.moments import Phase
from mockserver.engine.callbacks.delivery import Standing
from mockserver.engine.carriage import End
from mockserver.engine.engine import Engine
from tests.scenarios.conftest import PROVIDERS, STATES, Client, open_library

if TYPE_CHECKING:
    from mockserver.engine.call import Reply

MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
MANY: Final = 60

Check = Callable[[Client], None]

# What a sentence says, by the scenario's name.
CHECKS: dict[str, Check] = {}


def says(*names: str) -> Callable[[Check], Check]:
    """Let a function check what the sentences of some scenarios say."""

    def keep(check: Check) -> Check:
        CHECKS.update(dict.fromkeys(names, check))
        return check

    return keep


def is_json(reply: "Reply") -> bool:
    """Whether a client reads the reply as JSON."""
    try:
        orjson.loads(reply.body)
    except ValueError:
        return False
    return reply.media_type == "application/json"


def share(client: Client, is_odd: Callable[["Reply"], bool]) -> float:
    """The share of many submits whose reply is odd."""
    return sum(is_odd(client.submit()) for _ in range(MANY)) / MANY


def share_polls(client: Client, is_odd: Callable[["Reply"], bool]) -> float:
    """The share of many polls whose reply is odd."""
    task = client.make()
    return sum(is_odd(client.poll(task)) for _ in range(MANY)) / MANY


def check_first(client: Client, is_odd: Callable[["Reply"], bool], count: int = 1) -> None:
    """Only so many submits are odd, and the tasks of all others succeed."""
    assert [is_odd(client.submit()) for _ in range(count + 3)] == [True] * count + [False] * 3
    assert client.read_state(client.end(client.tasks[-1])) == client.name_state(Phase.SUCCEEDED)


@says("slow", "fails-late")
def check_slow(client: Client) -> None:
    usual = Client(client.provider, "succeeds").make()
    task = client.make()
    outcome = Phase.FAILED if "fails" in client.key else Phase.SUCCEEDED

    assert task.timeline.duration == pytest.approx(5 * usual.timeline.duration, abs=5)
    assert client.read_state(client.end(task)) == client.name_state(outcome)


@says("very-slow")
def check_very_slow(client: Client) -> None:
    task = client.make()

    assert task.timeline.duration >= 4 * HOUR
    assert client.read_state(client.end(task)) == client.name_state(Phase.SUCCEEDED)


@says("instant", "fails-at-once")
def check_instant(client: Client) -> None:
    outcome = Phase.FAILED if "fails" in client.key else Phase.SUCCEEDED

    assert client.watch(client.make(), 0) == [client.name_state(outcome)]


@says("two-polls", "fails-in-two-polls")
def check_two_polls(client: Client) -> None:
    outcome = Phase.FAILED if "fails" in client.key else Phase.SUCCEEDED
    first, second = client.watch(client.make(), HOUR, 0)

    assert not client.contract.lifecycle.by_name[first].phase.is_final
    assert second == client.name_state(outcome)
    assert len(client.take_callbacks()) == len(client.tasks[0].callbacks)


@says("five-polls")
def check_five_polls(client: Client) -> None:
    task = client.make()
    states = client.watch(task, *[0] * 5)
    walked = task.yields.through if task.yields else ()
    walk = walked or [state.name for state in client.contract.lifecycle.walk]

    assert list(dict.fromkeys(states)) == [*walk, client.name_state(Phase.SUCCEEDED)]
    assert states.count(client.name_state(Phase.SUCCEEDED)) == 1


@says("stuck", "stuck-in-queue")
def check_stuck(client: Client) -> None:
    task = client.make()
    usual = Client(client.provider, "succeeds").make().timeline.steps[:-1]
    queue = [step.state.name for step in usual if step.state.phase is Phase.QUEUED]
    first = queue[-1] if queue else usual[0].state.name
    expected = first if "queue" in client.key else usual[-1].state.name

    assert client.watch(task, HOUR, 1_000 * HOUR) == [expected] * 2
    client.engine.force_task(client.account, client.provider, task.id, Phase.SUCCEEDED)
    assert client.watch(task, 0) == [client.name_state(Phase.SUCCEEDED)]


@says("fails-fast")
def check_fails_fast(client: Client) -> None:
    assert client.watch(client.make(), 1_000) == [client.name_state(Phase.FAILED)]


@says("fails-somehow")
def check_fails_somehow(client: Client) -> None:
    for _ in range(MANY):
        client.submit()

    assert {task.failure for task in client.tasks} == set(client.contract.failures.values())
    assert client.read_state(client.end(client.tasks[0])) == client.name_state(Phase.FAILED)


@says("flaky")
def check_flaky(client: Client) -> None:
    replies = [client.submit() for _ in range(MANY)]
    conditions = {entry.condition for entry in client.account.journal.entries}
    known = (
        {"rate_limited", "server_error"} if client.provider != "gptimage15" else {"server_error"}
    )

    assert all(is_json(reply) for reply in replies)
    assert conditions == {None, *known}
    refused = sum(e.condition is not None for e in client.account.journal.entries)
    assert 0.05 < refused / MANY < 0.4


@says("lossy-network")
def check_lossy_network(client: Client) -> None:
    replies = [client.submit() for _ in range(MANY)]
    ways = [reply.carriage.end for reply in replies if reply.carriage]

    assert set(ways) == {End.RESET, End.CLOSE}
    assert 0.03 < len(ways) / MANY < 0.3
    assert len(client.tasks) == MANY


@says("resets-once")
def check_resets_once(client: Client) -> None:
    check_first(client, lambda reply: reply.carriage is not None)

    assert client.account.journal.entries[0].fault == "reset"
    assert len(client.tasks) == 3


@says("reply-lost-once")
def check_reply_lost_once(client: Client) -> None:
    lost = client.submit()

    assert client.carry(lost).is_silent
    assert client.carry(lost).end is End.CLOSE
    assert len(client.tasks) == 1
    client.end(client.tasks[0])
    movements = client.account.holdings[client.provider].ledger.entries[1:]
    assert [each.task_id for each in movements] == [client.tasks[0].id]
    assert client.submit().carriage is None


@says("hangs-once")
def check_hangs_once(client: Client) -> None:
    assert client.carry(client.submit()).end is End.NEVER
    assert not client.tasks
    assert client.submit().carriage is None


@says("poll-hangs-once")
def check_poll_hangs_once(client: Client) -> None:
    task = client.make()

    assert client.carry(client.poll(task)).end is End.NEVER
    assert client.poll(task).carriage is None


@says("slow-network")
def check_slow_network(client: Client) -> None:
    delays = [client.carry(client.submit()).delay for _ in range(MANY)]

    assert 250 < sorted(delays)[MANY // 2] < 1_000
    assert max(delays) <= 5_000
    assert len(set(delays)) > MANY // 2


@says("dripping")
def check_dripping(client: Client) -> None:
    carriage = client.carry(client.submit())

    assert (carriage.pieces, carriage.sent, carriage.is_silent) == (5, None, False)
    assert carriage.pause > 0


@says("cut-replies")
def check_cut_replies(client: Client) -> None:
    assert 0.05 < share(client, lambda reply: reply.carriage is not None) < 0.4
    assert len(client.tasks) == MANY


@says("bad-gateway-html")
def check_bad_gateway_html(client: Client) -> None:
    is_page: Callable[[Reply], bool] = lambda r: r.status == 502 and b"<html" in r.body  # noqa: E731
    pages = share(client, is_page)

    assert 0.05 < pages < 0.4
    assert len(client.tasks) == MANY - round(pages * MANY)


@says("bad-gateway-once")
def check_bad_gateway_once(client: Client) -> None:
    check_first(client, lambda reply: reply.status == 502 and b"<html" in reply.body)


@says("outage")
def check_outage(client: Client) -> None:
    assert client.submit().status == 503
    client.account.advance(MINUTE - 1)
    assert client.submit().status == 503
    client.account.advance(1)
    assert client.submit().status == 200


@says("server-error-once")
def check_server_error_once(client: Client) -> None:
    def is_refused(_: "Reply") -> bool:
        return client.entry.condition == "server_error"

    check_first(client, is_refused)


@says("polls-fail")
def check_polls_fail(client: Client) -> None:
    assert 0.1 < share_polls(client, lambda _: client.entry.condition == "server_error") < 0.6
    assert client.tasks[0].timeline.final.phase is Phase.SUCCEEDED


@says("rate-limited-once", "rate-limited-twice", "rate-limited-no-hint")
def check_rate_limited(client: Client) -> None:
    count = 1 if "once" in client.key else 2
    first = client.submit()
    hints = {name.lower() for name, _ in first.headers}
    is_hinted = "retry-after" in hints or b"retry" in first.body.lower()
    refused = [client.entry.condition == "rate_limited"]
    for _ in range(3):
        client.submit()
        refused.append(client.entry.condition == "rate_limited")

    assert refused == [True] * count + [False] * (4 - count)
    assert ("retry-after" in hints) is ("no-hint" not in client.key)
    assert is_hinted is ("no-hint" not in client.key)


@says("rate-limited-polls")
def check_rate_limited_polls(client: Client) -> None:
    task = client.make()
    heard = []
    for _ in range(7):
        client.poll(task)
        heard.append(client.entry.condition)
    client.account.advance(10_000)
    client.poll(task)

    assert heard == [None] * 5 + ["rate_limited"] * 2
    assert client.entry.condition is None


@says("no-json")
def check_no_json(client: Client) -> None:
    assert 0.1 < share_polls(client, lambda reply: not is_json(reply)) < 0.6
    assert client.entry.status == 200


@says("wrong-content-type")
def check_wrong_content_type(client: Client) -> None:
    replies = [client.submit(), client.poll(client.tasks[0])]

    assert all(reply.media_type.startswith("text/plain") for reply in replies)
    assert all(orjson.loads(reply.body) for reply in replies)


@says("unknown-at-first")
def check_unknown_at_first(client: Client) -> None:
    task = client.make()
    client.watch(task, 1_999)
    assert client.entry.condition in {"not_found", "not_yet_visible"}

    client.watch(task, 1)
    assert client.entry.condition is None


@says("goes-back")
def check_goes_back(client: Client) -> None:
    task = client.make()
    first, *others = client.watch(task, *[0] * 4)
    done = client.name_state(Phase.SUCCEEDED)

    assert first != done
    assert others == [done, first, done]


@says("unknown-state")
def check_unknown_state(client: Client) -> None:
    task = client.make()
    states = client.watch(task, *(step.at for step in task.timeline.steps[:-1]))

    assert not client.contract.lifecycle.by_name.keys() & states
    assert client.read_state(client.end(task)) == client.name_state(Phase.SUCCEEDED)


@says("extra-fields")
def check_extra_fields(client: Client) -> None:
    plain = Client(client.provider, "succeeds")
    usual, odd = (set(list_fields(orjson.loads(c.poll(c.make()).body))) for c in (plain, client))

    assert usual < odd
    assert client.read_state(client.poll(client.tasks[0])) == client.read_state(
        plain.poll(plain.tasks[0])
    )


@says("missing-fields", "null-fields", "duplicate-keys")
def check_state_fields(client: Client) -> None:
    reply = client.poll(client.make())
    data, name = orjson.loads(reply.body)["data"], STATES[client.provider]
    times = reply.body.count(f'"{name}":'.encode())

    assert data.get(name) is None
    assert times == {"missing-fields": 0, "null-fields": 1, "duplicate-keys": 2}[client.scenario]


def list_fields(value: object, pointer: str = "") -> Iterator[str]:
    """The pointers of all fields, those of JSON in strings too."""
    if isinstance(value, str) and value.startswith("{"):
        value = orjson.loads(value)
    if isinstance(value, dict):
        for name, child in value.items():
            yield f"{pointer}/{name}"
            yield from list_fields(child, f"{pointer}/{name}")


@says("empty-results")
def check_empty_results(client: Client) -> None:
    reply = client.end(client.make())

    assert client.read_state(reply) == client.name_state(Phase.SUCCEEDED)
    assert b"/_files/" not in reply.body


@says("expired-files", "truncated-files", "files-are-pages", "file-fails-once")
def check_files(client: Client) -> None:
    task = client.make()
    reply = client.end(task)
    first, second = client.download(task), client.download(task)

    assert client.read_state(reply) == client.name_state(Phase.SUCCEEDED)
    assert b"/_files/" in reply.body.replace(b"\\/", b"/")
    assert {
        "expired-files": first.status == second.status == 404,
        "truncated-files": first.status == 200 and len(first.body) < 1_000,
        "files-are-pages": first.media_type == "image/png" and b"<html" in first.body.lower(),
        "file-fails-once": (first.status, second.status) == (503, 200),
    }[client.scenario]


@says("callback-lost")
def check_callback_lost(client: Client) -> None:
    client.end(client.make())

    assert client.take_callbacks() == []
    assert {each.standing for each in client.account.deliveries} == {Standing.HELD}


@says("callback-twice")
def check_callback_twice(client: Client) -> None:
    client.end(client.make())
    first, second = client.take_callbacks()

    assert first.body == second.body
    assert first.number != second.number


@says("callback-late")
def check_callback_late(client: Client) -> None:
    client.end(client.make())
    assert client.take_callbacks() == []

    client.account.advance(MINUTE - 1)
    assert client.take_callbacks() == []
    client.account.advance(1)
    assert len(client.take_callbacks()) == 1


@says("callback-first")
def check_callback_first(client: Client) -> None:
    reply = client.submit()

    assert len(client.take_callbacks()) == 1
    assert client.carry(reply).behind == client.account.id


@says("callback-out-of-order")
def check_callback_out_of_order(client: Client) -> None:
    client.submit()
    client.submit()
    tasks = sorted(client.tasks, key=lambda task: task.ended)
    told = []
    for task in (*tasks, tasks[-1]):
        client.end(task)
        client.account.advance(1)
        told += [delivery.task_id for delivery in client.take_callbacks()]

    assert told == [task.id for task in reversed(tasks)]


@says("callback-forged", "callback-stale", "callback-tampered")
def check_callback_signature(client: Client) -> None:
    client.end(client.make())
    (delivery,) = client.take_callbacks()
    twist = delivery.twist

    assert {
        "callback-forged": twist.secret is not None,
        "callback-stale": twist.age == HOUR,
        "callback-tampered": twist.body not in (None, delivery.body),
    }[client.scenario]


@says("bad-day")
def check_bad_day(client: Client) -> None:
    for _ in range(MANY):
        client.submit()
    faults = {entry.fault for entry in client.account.journal.entries}

    assert {None, "refusal", "latency"} <= faults
    assert {task.timeline.final.phase for task in client.tasks} == {Phase.SUCCEEDED}


def list_pairs() -> Sequence[tuple[str, str]]:
    """Every scenario of the package with every provider that has it."""
    clients = [Client(provider, "succeeds") for provider in PROVIDERS]
    return [
        (name, client.provider)
        for name in open_library().files
        for client in clients
        if has(client.engine, client.provider, name)
    ]


def has(engine: Engine, provider: str, name: str) -> bool:
    """Whether a provider has a scenario."""
    return engine.find_repertoire(provider).find(name) is not None


@pytest.mark.parametrize(("name", "provider"), list_pairs())
def test_a_scenario_does_what_its_sentence_says(name: str, provider: str) -> None:
    """A client in it meets what is written there."""
    CHECKS[name](Client(provider, name))


def test_every_scenario_is_checked() -> None:
    """No file of the package is without a check, and none is checked that is not there."""
    assert CHECKS.keys() == open_library().files.keys()
    assert len(CHECKS) >= 25


def test_every_scenario_is_for_somebody() -> None:
    """Those that not all providers have are about callbacks or limits."""
    pairs = list_pairs()
    rare = {name for name, _ in pairs if sum(pair[0] == name for pair in pairs) < len(PROVIDERS)}

    assert {name for name, _ in pairs} == set(open_library().files)
    assert all(name.startswith(("callback-", "rate-limited-")) for name in rare)
