"""The control API as people and tests use it."""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from mockserver.clock import ManualClock
from mockserver.contract.model import Contract
from mockserver.engine.engine import Engine
from mockserver.engine.settings import Settings
from mockserver.web.app import build_app
from mockserver.web.asgi import App
from mockserver.web.options import Options

Ask = Callable[..., httpx.Response]

KEY = "sk-mock-test"
ACCOUNT = f"/_mock/accounts/{KEY}"
PROMPT = {"prompt": "a fox"}


def submit(ask: Ask, **given: Any) -> str:
    reply = ask("POST", "/gptimage15/api/generate", json=PROMPT, **given).json()
    return str(reply["data"]["task_id"])


def inspect(ask: Ask, task: str) -> dict[str, Any]:
    found: dict[str, Any] = ask("GET", f"/gptimage15/api/status?task_id={task}").json()["data"]
    return found


def test_the_server_lists_its_calls(ask: Ask) -> None:
    """/_mock names every control call with a sentence about it."""
    calls = ask("GET", "/_mock").json()["calls"]

    assert ("POST", "/_mock/reset") in {(call["method"], call["path"]) for call in calls}
    assert all(call["what"].endswith(".") for call in calls)


def test_providers_tell_where_they_are(ask: Ask, contracts: Sequence[Contract]) -> None:
    """Every served contract is listed with its base URL, its edition and its operations."""
    providers = ask("GET", "/_mock/providers").json()["providers"]

    assert [provider["name"] for provider in providers] == [c.name for c in contracts]
    assert providers[0]["base_url"] == f"http://127.0.0.1:8787/{contracts[0].name}"
    assert providers[0]["operations"][0]["id"] == next(iter(contracts[0].operations))


def test_a_contract_can_be_read(ask: Ask, contracts: Sequence[Contract]) -> None:
    """The contract that is served is an OpenAPI document."""
    for contract in contracts:
        document = ask("GET", f"/_mock/contracts/{contract.name}").json()

        assert document["openapi"].startswith("3.1")


def test_scenarios_are_listed_by_provider(ask: Ask) -> None:
    """Every name that a key can ask for comes with a sentence."""
    scenarios = ask("GET", "/_mock/scenarios").json()["scenarios"]

    first = {"name": "succeeds", "sentence": "Every task succeeds.", "source": "contract"}
    assert scenarios["kie"][0] == first


def test_an_account_is_shown_before_its_first_call(ask: Ask) -> None:
    """A key that was never used has its opening balance and no task."""
    account = ask("GET", ACCOUNT).json()

    assert account["key"] == KEY
    assert account["balances"]["gptimage15"] == 100_000
    assert account["tasks"] == {}
    assert account["clock"]["time"] == "2026-01-01T00:00:00.000Z"


def test_an_account_is_found_by_its_id(ask: Ask) -> None:
    """The hash that is shown stands for the key."""
    submit(ask)
    (account,) = ask("GET", "/_mock/accounts").json()["accounts"]

    assert ask("GET", f"/_mock/accounts/{account['id']}").json() == account


def test_an_unknown_id_opens_no_account(ask: Ask) -> None:
    """What looks like an id, and is none, is not found."""
    assert ask("GET", "/_mock/accounts/0123456789abcdef").status_code == 404
    assert ask("GET", "/_mock/accounts").json()["accounts"] == []


@pytest.mark.parametrize(
    "key", ["a/b", "a b?c#d", "\xfcber", "a%2Fb", "clock", "x" * 2_000, "a/clock", "%2e%2e"]
)
def test_any_key_can_be_named_in_a_path(ask: Ask, key: str) -> None:
    """A percent-encoded key reaches its account, whatever letters it has."""
    raw = quote(key, safe="")
    ask("POST", f"/_mock/accounts/{raw}/credits", json={"provider": "kie", "set": 7})

    assert ask("GET", f"/_mock/accounts/{raw}").json()["balances"]["kie"] == 7


def test_a_foreign_key_is_never_shown(ask: Ask) -> None:
    """Of a key that may be real nothing is shown but a hash and a few letters."""
    key = "live-0123456789abcdefghij"
    submit(ask, key=key)

    shown = ask("GET", "/_mock/accounts").text + ask("GET", "/_mock/requests").text

    assert key not in shown
    assert "live…" in shown


def test_settings_of_an_account_can_be_changed(ask: Ask) -> None:
    """What a key asks for by its name can be changed later; null goes back to the default."""
    changed = {"scenario": "fails", "seed": 7, "tier": "unlimited", "http_status": "envelope"}

    account = ask("PATCH", ACCOUNT, json=changed).json()

    assert changed.items() <= account.items()
    assert ask("PATCH", ACCOUNT, json={"scenario": None}).json()["scenario"] is None


def test_a_changed_scenario_decides_the_next_submit(ask: Ask, clock: ManualClock) -> None:
    """After PATCH, new tasks go the way of the new scenario."""
    ask("PATCH", ACCOUNT, json={"scenario": "content-policy"})
    task = submit(ask)
    clock.advance(600_000)

    assert inspect(ask, task)["error_message"] == "Content policy violation detected"


def test_a_forgotten_account_begins_anew(ask: Ask) -> None:
    """DELETE takes away everything an account had; doing it twice is no error."""
    submit(ask)

    assert ask("DELETE", ACCOUNT).json() == {"forgotten": True}
    assert ask("DELETE", ACCOUNT).json() == {"forgotten": False}
    assert ask("GET", ACCOUNT).json()["tasks"] == {}


@pytest.mark.parametrize(
    ("change", "balance"), [({"set": 12.5}, 12.5), ({"add": 5}, 100_005), ({"add": -100_000}, 0)]
)
def test_credits_are_set_and_added(ask: Ask, change: dict[str, float], balance: float) -> None:
    """The balance of one provider changes, and that of the others does not."""
    reply = ask("POST", f"{ACCOUNT}/credits", json={"provider": "kie", **change})

    assert reply.json() == {"provider": "kie", "balance": balance}
    assert ask("GET", ACCOUNT).json()["balances"]["aigptimage"] == 100_000


def test_an_account_without_credits_is_refused(ask: Ask) -> None:
    """Credits that were set are the credits that count."""
    ask("POST", f"{ACCOUNT}/credits", json={"provider": "gptimage15", "set": 9.999})

    assert ask("POST", "/gptimage15/api/generate", json=PROMPT).json()["code"] == 402


def test_advance_runs_what_falls_due(ask: Ask) -> None:
    """After an advance, tasks that would have ended by then have ended."""
    task = submit(ask)

    clock = ask("POST", f"{ACCOUNT}/clock", json={"advance": "10m"}).json()

    assert clock["time"] == "2026-01-01T00:10:00.000Z"
    assert inspect(ask, task)["status"] == "SUCCESS"


def test_advance_moves_one_account_only(ask: Ask) -> None:
    """Every key has a clock of its own."""
    ask("POST", f"{ACCOUNT}/clock", json={"advance": "1h"})

    assert (
        ask("GET", "/_mock/accounts/sk-mock-b/clock").json()["time"] == "2026-01-01T00:00:00.000Z"
    )


def test_a_frozen_clock_stands_still(ask: Ask, clock: ManualClock) -> None:
    """Freeze stops an account's clock, until it is let go."""
    assert ask("POST", f"{ACCOUNT}/clock", json={"freeze": True}).json()["frozen"]
    clock.advance(60_000)
    before = ask("GET", f"{ACCOUNT}/clock").json()["now"]

    after = ask("POST", f"{ACCOUNT}/clock", json={"freeze": False, "advance": "1s"}).json()

    assert (after["now"] - before, after["frozen"]) == (1_000, False)


def test_tasks_are_shown_without_polling(ask: Ask) -> None:
    """A task is shown as it stands, with the request that made it and where it is heading."""
    task = submit(ask)

    (shown,) = ask("GET", f"{ACCOUNT}/tasks").json()["tasks"]

    assert shown["id"] == task
    assert (shown["state"], shown["phase"]) == ("IN_PROGRESS", "running")
    assert (shown["outcome"], shown["ended"]) == ("succeeded", False)
    assert shown["request"] == PROMPT
    assert len(ask("GET", f"{ACCOUNT}/requests").json()["requests"]) == 1


def test_a_task_can_be_made_to_fail(ask: Ask) -> None:
    """PATCH ends an open task at once, with the failure that was asked for."""
    task = submit(ask)

    fate = {"outcome": "failed", "failure": "content-policy"}
    shown = ask("PATCH", f"{ACCOUNT}/tasks/{task}", json=fate).json()

    assert (shown["phase"], shown["failure"]) == ("failed", "content-policy")
    assert inspect(ask, task)["error_message"] == "Content policy violation detected"
    assert ask("PATCH", f"{ACCOUNT}/tasks/{task}", json=fate).status_code == 409


def test_long_heads_count_in_a_journal(
    contracts: Sequence[Contract], ask_app: Callable[[App], Ask]
) -> None:
    """Headers and targets make old entries give way as bodies do."""
    engine = Engine(contracts, ManualClock(), Settings(max_journal_bytes=200_000))
    ask = ask_app(build_app(engine, Options()))
    counts = []
    for headers, query in [({}, ""), ({"x-long": "x" * 20_000}, ""), ({}, "&x=" + "x" * 20_000)]:
        ask("DELETE", f"{ACCOUNT}/requests")
        for _ in range(15):
            ask("GET", f"/gptimage15/api/status?task_id=1{query}", headers=headers)
        counts.append(len(ask("GET", f"{ACCOUNT}/requests").json()["requests"]))

    assert counts == [15, 9, 9]


@pytest.mark.parametrize(
    ("fate", "error", "hint"),
    [
        ({"outcome": "bogus"}, "no task of gptimage15 ends 'bogus'", "succeeded, failed"),
        ({"outcome": "running"}, "no task of gptimage15 ends 'running'", "there are "),
        ({"outcome": "faild"}, "no task of gptimage15 ends 'faild'", "did you mean 'failed'?"),
        ({"failure": "tired"}, "gptimage15 has no failure 'tired'", ""),
    ],
)
def test_a_fate_that_no_task_has_is_told(
    ask: Ask, fate: dict[str, str], error: str, hint: str
) -> None:
    """The error names the provider and the word; the hint has the outcomes of its contract."""
    reply = ask("PATCH", f"{ACCOUNT}/tasks/{submit(ask)}", json=fate)

    assert reply.status_code == 400
    assert reply.json()["error"].startswith(error)
    assert hint in reply.json().get("hint", "")


def test_the_journal_shows_what_was_asked_and_answered(ask: Ask) -> None:
    """An entry holds request and reply as JSON, with the operation and what was wrong."""
    ask("POST", "/gptimage15/api/generate", json={"size": "1x1"})

    (entry,) = ask("GET", f"{ACCOUNT}/requests").json()["requests"]

    assert entry["operation"] == "generate"
    assert entry["request"] == {"size": "1x1"}
    assert entry["reply"]["code"] == entry["status"] == 400
    assert entry["condition"] == "missing_field"
    assert {v["field"] for v in entry["violations"]} == {"prompt", "size"}


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 3),
        ("?provider=gptimage15", 3),
        ("?provider=kie", 0),
        ("?operation=status", 1),
        ("?operation=submit", 2),
        ("?condition=missing_field", 1),
        ("?violations=true", 1),
        ("?violations=false", 2),
        ("?limit=2", 2),
        ("?limit=0", 0),
        ("?since=0", 2),
        ("?since=2", 0),
    ],
)
def test_the_journal_is_filtered(ask: Ask, query: str, count: int) -> None:
    """Filters leave the entries that were asked for, the latest last."""
    task = submit(ask)
    ask("POST", "/gptimage15/api/generate", json={})
    inspect(ask, task)

    rows = ask("GET", f"{ACCOUNT}/requests{query}").json()["requests"]

    assert len(rows) == count
    assert [row["seq"] for row in rows] == sorted(row["seq"] for row in rows)


def test_a_cleared_journal_is_empty(ask: Ask) -> None:
    """DELETE forgets the entries; the next one has a new number."""
    submit(ask)

    assert ask("DELETE", f"{ACCOUNT}/requests").json() == {"cleared": 1}
    submit(ask)
    assert [r["seq"] for r in ask("GET", f"{ACCOUNT}/requests").json()["requests"]] == [1]


def test_all_requests_are_shown_with_those_that_reached_no_account(ask: Ask) -> None:
    """The journal of the server has every account's requests, and the strays."""
    submit(ask)
    submit(ask, key="sk-mock-b")
    ask("GET", "/nope")

    rows = ask("GET", "/_mock/requests").json()["requests"]

    assert sorted(str(row["account"]) for row in rows) == ["None", "sk-mock-b", KEY]


def test_all_requests_come_in_order_of_arrival(ask: Ask) -> None:
    """Whatever the clocks of their accounts show, and `since` goes by the number over all."""
    submit(ask)
    ask("POST", f"{ACCOUNT}/clock", json={"advance": "1h"})
    submit(ask)
    submit(ask, key="sk-mock-b")
    ask("GET", "/nope")

    rows = ask("GET", "/_mock/requests").json()["requests"]
    later = ask("GET", "/_mock/requests?since=2").json()["requests"]
    assert [row["account"] for row in rows] == [KEY, KEY, "sk-mock-b", None]
    assert [row["number"] for row in rows] == [1, 2, 3, 4]
    assert later == rows[2:]


def test_reset_forgets_everything(ask: Ask) -> None:
    """After a reset the server is as at its start."""
    submit(ask)
    ask("GET", "/nope")

    assert ask("POST", "/_mock/reset").json() == {"reset": True}
    assert ask("GET", "/_mock/accounts").json()["accounts"] == []
    assert ask("GET", "/_mock/requests").json()["requests"] == []


BadCall = tuple[str, str, Any, int, str]  # method, path, body; status, a word of the answer

BAD_CALLS: dict[str, BadCall] = {
    "unknown field": ("PATCH", ACCOUNT, {"scenari": "x"}, 400, "scenario"),
    "unknown scenario": ("PATCH", ACCOUNT, {"scenario": "faisl"}, 400, "fails"),
    "unknown tier": ("PATCH", ACCOUNT, {"tier": "proo"}, 400, "pro"),
    "bad http_status": ("PATCH", ACCOUNT, {"http_status": "x"}, 400, "envelope"),
    "bad seed": ("PATCH", ACCOUNT, {"seed": "7"}, 400, "whole number"),
    "true is no seed": ("PATCH", ACCOUNT, {"seed": True}, 400, "whole number"),
    "no provider": ("POST", f"{ACCOUNT}/credits", {"set": 1}, 400, "provider"),
    "unknown provider": ("POST", f"{ACCOUNT}/credits", {"provider": "ki", "set": 1}, 404, "kie"),
    "set and add": (
        "POST",
        f"{ACCOUNT}/credits",
        {"provider": "kie", "set": 1, "add": 1},
        400,
        "set",
    ),
    "neither": ("POST", f"{ACCOUNT}/credits", {"provider": "kie"}, 400, "add"),
    "a fortune": ("POST", f"{ACCOUNT}/credits", {"provider": "kie", "set": 1e300}, 400, "below"),
    "bad span": ("POST", f"{ACCOUNT}/clock", {"advance": "soon"}, 400, "30s"),
    "a span without a unit": ("POST", f"{ACCOUNT}/clock", {"advance": 30}, 400, "such as '30s'"),
    "backwards": ("POST", f"{ACCOUNT}/clock", {"advance": "-1s"}, 400, "30s"),
    "no move": ("POST", f"{ACCOUNT}/clock", {}, 400, "advance"),
    "a list": ("POST", f"{ACCOUNT}/clock", [], 400, "advance"),
    "no task": ("PATCH", f"{ACCOUNT}/tasks/nope", {"outcome": "failed"}, 404, "nope"),
    "unknown filter": ("GET", f"{ACCOUNT}/requests?operatoin=x", None, 400, "operation"),
    "unknown operation": ("GET", f"{ACCOUNT}/requests?operation=sumbit", None, 400, "submit"),
    "no provider to filter by": ("GET", "/_mock/requests?provider=kei", None, 400, "kie"),
    "bad limit": ("GET", f"{ACCOUNT}/requests?limit=-1", None, 400, "whole number"),
    "bad flag": ("GET", "/_mock/requests?violations=yes", None, 400, "true or false"),
    "unknown contract": ("GET", "/_mock/contracts/ki", None, 404, "kie"),
    "unknown call": ("GET", "/_mock/nope", None, 404, "no such control call"),
    "an unknown call is shown the list": ("GET", "/_mock/nope", None, 404, "GET /_mock lists"),
    "a slash too many": ("GET", "/_mock/health/", None, 404, "did you mean /_mock/health?"),
    "wrong method": ("PUT", "/_mock/reset", None, 405, "use POST"),
    "unknown part": ("GET", f"{ACCOUNT}/fautls", None, 404, "no such control call"),
    "a bad key": ("GET", "/_mock/accounts/sk-mock-", None, 404, "sk-mock-<name>"),
}


@pytest.mark.parametrize("bad_call", BAD_CALLS.values(), ids=BAD_CALLS)
def test_a_wrong_control_call_is_told_what_to_do(ask: Ask, bad_call: BadCall) -> None:
    """One clear error says what is wrong and what would be right; nothing changes."""
    method, path, body, status, word = bad_call
    submit(ask)
    before = ask("GET", "/_mock/accounts").json()

    reply = ask(method, path, **({} if body is None else {"json": body}))

    assert reply.status_code == status
    assert word in reply.text
    assert "error" in reply.json()
    assert ask("GET", "/_mock/accounts").json() == before


@pytest.mark.parametrize(
    "raw", [b"{", b"", b"[" * 5_000, b"\xff", b'{"advance": NaN}'], ids=range(5)
)
def test_a_control_body_that_is_no_json_is_refused(ask: Ask, raw: bytes) -> None:
    """No body makes the control API fail."""
    headers = {"content-type": "application/json"}

    reply = ask("POST", f"{ACCOUNT}/clock", content=raw, headers=headers)

    assert reply.status_code == 400


def test_a_control_body_is_capped(ask: Ask) -> None:
    """A control call has the same limit as every other request."""
    headers = {"content-type": "application/json"}

    reply = ask("POST", f"{ACCOUNT}/clock", content=b" " * 1_100_000, headers=headers)

    assert reply.status_code == 413


CHANGES = [
    *[("POST", "/_mock/reset"), ("DELETE", ACCOUNT), ("PATCH", ACCOUNT)],
    *[("POST", f"{ACCOUNT}/credits"), ("POST", f"{ACCOUNT}/clock")],
    *[("PATCH", f"{ACCOUNT}/tasks/x"), ("DELETE", f"{ACCOUNT}/requests")],
]


@pytest.mark.parametrize(("method", "path"), CHANGES)
@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"origin": "https://evil.test"},
        {"origin": "null", "content-type": "application/json"},
    ],
    ids=["text", "form", "foreign page", "hidden page"],
)
def test_no_web_page_changes_anything(
    ask: Ask, method: str, path: str, headers: dict[str, str]
) -> None:
    """What a page of another origin can send is refused on every call that changes something."""
    submit(ask)

    reply = ask(method, path, content=b"{}", headers=headers)

    assert reply.status_code in {403, 415}
    assert "access-control-allow-origin" not in reply.headers
    assert len(ask("GET", f"{ACCOUNT}/tasks").json()["tasks"]) == 1


def test_a_token_is_asked_for_on_every_call(
    contracts: Sequence[Contract], ask_app: Callable[[App], Ask]
) -> None:
    """With an admin token, reading and writing need it; providers do not."""
    engine = Engine(contracts, ManualClock(), Settings())
    ask = ask_app(build_app(engine, Options(admin_token="secret")))

    assert ask("GET", "/_mock/accounts").status_code == 401
    assert ask("GET", "/_mock/accounts", headers={"x-mock-token": "secret"}).status_code == 200
    assert ask("POST", "/gptimage15/api/generate", json=PROMPT).status_code == 200


def test_what_control_shows_is_not_kept_by_browsers(ask: Ask) -> None:
    """Journals hold what clients sent; nothing stores it, and nothing takes it for a page."""
    reply = ask("GET", "/_mock/requests")

    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["x-content-type-options"] == "nosniff"
