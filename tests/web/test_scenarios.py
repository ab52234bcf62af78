"""Scenarios asked for over HTTP: in the address, in advance, and as files."""

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from mockserver.clock import ManualClock
from mockserver.contract.load import load
from mockserver.contract.model import Contract
from mockserver.data import contracts_dir
from mockserver.engine.engine import Engine
from mockserver.engine.settings import Settings
from mockserver.errors import ScenarioError
from mockserver.web.app import build_app
from mockserver.web.asgi import App
from mockserver.web.options import Options
from mockserver.web.scenario_folders import open_library

Ask = Callable[..., httpx.Response]

ME = "/_mock/accounts/sk-mock-test"
SUBMIT = "api/v1/jobs/createTask"
INSPECT = "api/v1/jobs/recordInfo"
GOOD = {"model": "gpt-image-2-text-to-image", "input": {"prompt": "a red fox"}}


def list_scenarios_of(ask: Ask) -> list[str]:
    """The scenario of each request in the journal."""
    return [entry["scenario"] for entry in ask("GET", f"{ME}/requests").json()["requests"]]


def test_an_address_names_a_scenario(ask: Ask) -> None:
    """A base URL that ends in it puts every call of a client into the scenario."""
    refused = ask("POST", f"/kie/_/rate-limited/{SUBMIT}", json=GOOD)
    taken = ask("POST", f"/kie/_/rate_limited/{INSPECT}?taskId=x")
    plain = ask("POST", f"/kie/{SUBMIT}", json=GOOD)

    assert refused.json()["code"] == 429
    assert taken.status_code == 404
    assert plain.json()["code"] == 200
    assert list_scenarios_of(ask) == ["rate-limited", "succeeds"]


@pytest.mark.parametrize("path", ["/_/fails", "/kie/_/fails"])
def test_an_address_without_a_provider_will_do(ask_app: Callable[[App], Ask], path: str) -> None:
    """Where one provider is served at the root, and under its real name, the address is shorter."""
    engine = Engine([load(contracts_dir() / "kie")], ManualClock(), Settings())
    ask = ask_app(build_app(engine, Options()))
    reply = ask("POST", f"{path}/{SUBMIT}", json=GOOD)
    named = ask("POST", f"/_/fails/{SUBMIT}", json=GOOD, headers={"host": "api.kie.ai"})

    assert (reply.json()["code"], named.json()["code"]) == (200, 200)
    assert list_scenarios_of(ask) == ["fails"] * 2


def test_parameters_in_a_path_stay_where_they_are(ask_app: Callable[[App], Ask]) -> None:
    """An address with a scenario leads to operations with templates, too."""
    acorn = Path(__file__).parents[2] / "fixtures" / "acorn"
    engine = Engine([load(acorn)], ManualClock(), Settings())
    ask = ask_app(build_app(engine, Options()))
    operation = next(o for o in engine.contracts[0].operations.values() if "{" in o.path)
    path = operation.path.replace("{", "").replace("}", "")
    ask(operation.method, f"/acorn/_/server-error{path}")

    (entry,) = ask("GET", f"{ME}/requests").json()["requests"]
    assert (entry["operation"], entry["scenario"]) == (operation.id, "server-error")


def test_a_misspelled_scenario_in_an_address_is_told(ask: Ask) -> None:
    """In the provider's own words for a wrong key, and in the journal."""
    ask("GET", ME)
    reply = ask("POST", f"/kie/_/flakey/{SUBMIT}", json=GOOD)

    told = "unknown scenario 'flakey' in the address for this provider; nearest: 'flaky'"
    assert (reply.json()["code"], reply.json()["msg"]) == (401, told)
    assert ask("GET", f"{ME}/requests").json()["requests"][0]["notes"] == [told]


# Too short, for no provider, with no name, and with names that hold a slash.
NO_SCENARIO = [
    *("/_/", "/_/fails", "/kie/_/fails/", "/kei/_/fails/x", "/_x/y"),
    *(f"/kie/_//{SUBMIT}", f"/kie/_/fails%2Ffails/{SUBMIT}", f"/kie/api/v1/_/fails/{SUBMIT}"),
]


@pytest.mark.parametrize("path", [*NO_SCENARIO, f"/kie/_/fails/_/fails/{SUBMIT}"])
def test_what_is_no_address_of_a_scenario_is_not_served(ask: Ask, path: str) -> None:
    """Without an operation behind it there is nothing to put into a scenario."""
    assert ask("POST", path, json=GOOD).status_code == 404


def test_the_next_submits_can_be_planned(ask: Ask) -> None:
    """A control call puts the next submits into a scenario, and no others."""
    planned = ask("POST", f"{ME}/next", json={"scenario": "rate-limited", "count": 2})
    codes = [ask("POST", f"/kie/{SUBMIT}", json=GOOD).json()["code"] for _ in range(3)]

    wish = {"scenario": "rate-limited", "count": 2, "provider": None}
    assert planned.json() == {"next": [wish]}
    assert codes == [429, 429, 200]
    assert ask("GET", f"{ME}/next").json() == {"next": []}


@pytest.mark.parametrize(
    ("scenario", "bad", "codes"),
    [
        ("fails", {"content": b"{"}, [422, 200, 200]),
        ("fails", {"json": {"model": "gpt-image-2-text-to-image"}}, [422, 200, 200]),
        ("rate-limited", {"json": {"model": 1}}, [429, 200, 200]),  # comes before the body is read
        ("insufficient-credits", {"json": {"model": 1}}, [422, 402, 200]),
        ("instant", {"content": b"{"}, [422, 200, 200]),
        ("server-error-once", {"content": b"{"}, [500, 200, 200]),
    ],
)
def test_a_submit_that_is_refused_anyway_uses_nothing_up(
    ask: Ask, scenario: str, bad: dict[str, Any], codes: list[int]
) -> None:
    """A plan waits for a submit that makes a task, or that meets the trouble it asks for."""
    ask("POST", f"{ME}/next", json={"scenario": scenario})
    sent = [bad, {"json": GOOD}, {"json": GOOD}]
    replies = [ask("POST", f"/kie/{SUBMIT}", **given) for given in sent]

    assert [reply.json()["code"] for reply in replies] == codes
    assert ask("GET", f"{ME}/next").json() == {"next": []}
    met = [request["scenario"] for request in ask("GET", f"{ME}/requests").json()["requests"]]
    assert met == [scenario, "succeeds" if codes[0] in (429, 500) else scenario, "succeeds"]


def test_what_is_planned_for_submits_is_used_by_nothing_else(ask: Ask) -> None:
    """A poll at an address with the same scenario leaves it where it is."""
    ask("POST", f"{ME}/next", json={"scenario": "rate-limited"})
    poll = ask("GET", "/kie/_/rate-limited/api/v1/jobs/recordInfo?taskId=1")

    assert poll.json()["code"] == 429
    assert len(ask("GET", f"{ME}/next").json()["next"]) == 1


def test_what_was_planned_can_be_taken_back(ask: Ask) -> None:
    """A planned scenario that no submit has used is forgotten."""
    ask("POST", f"{ME}/next", json={"scenario": "fails", "provider": "kie"})

    assert ask("DELETE", f"{ME}/next").json() == {"cleared": 1}
    ask("POST", f"/kie/{SUBMIT}", json=GOOD)
    assert list_scenarios_of(ask) == ["succeeds"]


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({}, 400, "'scenario' is missing"),
        ({"scenario": "flakey"}, 400, "did you mean 'flaky'?"),
        ({"scenario": "fails", "count": 0}, 400, "'count' must be a whole number from 1"),
        ({"scenario": "fails", "provider": "kei"}, 404, "did you mean 'kie'?"),
        ({"scenario": "maintenance", "provider": "gptimage15"}, 400, "has no scenario"),
        ({"scenario": "fails", "times": 2}, 400, "there is no field 'times'"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(
    ask: Ask, body: dict[str, object], status: int, text: str
) -> None:
    """One clear error that names what was probably meant."""
    reply = ask("POST", f"{ME}/next", json=body)

    assert reply.status_code == status
    assert text in reply.text
    assert ask("GET", f"{ME}/next").json() == {"next": []}


def test_the_list_says_where_scenarios_come_from(ask: Ask) -> None:
    """Files that come with the package are listed behind the contract's own."""
    scenarios = ask("GET", "/_mock/scenarios").json()["scenarios"]
    sources = {each["name"]: each["source"] for each in scenarios["kie"]}

    assert (sources["maintenance"], sources["flaky"]) == ("contract", "built-in")
    assert "callback-lost" not in {each["name"] for each in scenarios["aigptimage"]}


@pytest.mark.parametrize("is_asked_first", [True, False])
def test_an_application_changes_nothing_of_its_engine(
    contracts: Sequence[Contract], is_asked_first: bool
) -> None:
    """What scenarios there are is said when an engine is made, whenever it is first asked."""
    bare = Engine(contracts, ManualClock(), Settings())
    whole = Engine(contracts, ManualClock(), Settings(), open_library([], contracts, print))
    found = []
    for engine in (bare, whole):
        if is_asked_first:
            engine.find_repertoire("kie").find("flaky")
        build_app(engine, Options())
        found.append(engine.find_repertoire("kie").find("flaky") is not None)

    assert found == [False, True]


@pytest.fixture
def served(contracts: Sequence[Contract], tmp_path: Path) -> tuple[Ask, list[str]]:
    """A server with three scenarios of its user, one in place of a built-in one; its log."""
    (tmp_path / "mine.yaml").write_text("sentence: It is mine.\noutcome: failed\n")
    (tmp_path / "slow.yml").write_text("sentence: It is quick.\npace: instant\n")
    (tmp_path / "odd-ids.yaml").write_text(
        "sentence: Ids are odd.\npace: instant\nids: '/%41+?a=b&c#~{hex:8}'\n"
    )
    notices: list[str] = []
    library = open_library([tmp_path], contracts, notices.append)
    engine = Engine(contracts, ManualClock(), Settings(speed=1), library)
    app = build_app(engine, Options())

    async def send(method: str, path: str, key: str) -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        headers = {"authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            return await http.request(method, path, headers=headers, json=GOOD)

    return lambda method, path, key: asyncio.run(send(method, path, key)), notices


def test_users_bring_their_own_scenarios(served: tuple[Ask, list[str]]) -> None:
    """A file is a scenario, and may take the place of a built-in one, which is told."""
    ask, notices = served
    for scenario in ("mine", "slow"):
        ask("POST", f"/kie/{SUBMIT}", f"sk-mock-me.{scenario}")
    mine, slow = (
        ask("GET", f"/_mock/accounts/sk-mock-me.{name}/tasks", "").json()["tasks"][0]
        for name in ("mine", "slow")
    )

    assert (mine["scenario"], mine["outcome"]) == ("mine", "failed")
    assert (slow["scenario"], slow["ended"]) == ("slow", True)
    assert len(notices) == 1
    assert "the scenario slow is that of" in notices[0]


def test_ids_may_look_as_a_scenario_says(served: tuple[Ask, list[str]]) -> None:
    """They are drawn for each task, and quoted where they stand in an address."""
    ask, _ = served
    key = "sk-mock-me.odd-ids"
    ids = [ask("POST", f"/kie/{SUBMIT}", key).json()["data"]["taskId"] for _ in range(2)]
    data = ask("GET", f"/kie/{INSPECT}?taskId={quote(ids[0], safe='')}", key).json()["data"]

    assert ids[0] != ids[1]
    assert all(re.fullmatch(r"/%41\+\?a=b&c#~[0-9a-f]{8}", each) for each in ids)
    assert (data["taskId"], data["state"]) == (ids[0], "success")
    (url,) = json.loads(data["resultJson"])["resultUrls"]
    assert quote(ids[0], safe="") in url
    assert ask("GET", url, key).headers["content-type"] == "image/png"


def test_a_bad_file_of_a_user_stops_the_start(
    contracts: Sequence[Contract], tmp_path: Path
) -> None:
    """The first complaint is told with its line, and how to see the others."""
    (tmp_path / "mine.yaml").write_text("sentence: It is mine.\npace: quick\noutcom: failed\n")

    with pytest.raises(ScenarioError, match=r"mine.yaml line 3: .*'outcome'.*1 more") as caught:
        open_library([tmp_path], contracts, print)
    assert f"mockserver lint {tmp_path}" in str(caught.value)
