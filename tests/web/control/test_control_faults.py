"""The control API of faults."""

from collections.abc import Callable

import httpx
import pytest

Ask = Callable[..., httpx.Response]

FAULTS = "/_mock/accounts/sk-mock-test/faults"
SUBMIT = "/gptimage15/api/generate"
WISH = {"prompt": "a red fox"}


def test_a_fault_that_never_acted_is_told(ask: Ask) -> None:
    """Each rule shows how often it was met and acted; those that never did stand out."""
    used = ask("POST", FAULTS, json={"fault": "status", "count": 1, "operation": "submit"}).json()
    spare = ask("POST", FAULTS, json={"fault": "reset", "operation": "file", "after": "1m"}).json()

    statuses = [ask("POST", SUBMIT, json=WISH).status_code for _ in range(2)]

    shown = ask("GET", FAULTS).json()
    assert statuses == [503, 200]
    assert used["rule"] == {"fault": "status", "operation": "submit", "count": 1}
    assert spare["rule"] == {"fault": "reset", "operation": "file", "after": "1m"}
    assert [(row["met"], row["acted"]) for row in shown["faults"]] == [(2, 1), (0, 0)]
    assert shown["never_acted"] == [spare["number"]]


def test_cleared_faults_act_no_more(ask: Ask) -> None:
    """Clearing tells what became of them, and the next request meets none."""
    ask("POST", FAULTS, json={"fault": "status"})
    assert ask("POST", SUBMIT, json=WISH).status_code == 503

    cleared = ask("DELETE", FAULTS).json()

    assert [row["acted"] for row in cleared["faults"]] == [1]
    assert ask("GET", FAULTS).json() == {"faults": [], "never_acted": []}
    assert ask("POST", SUBMIT, json=WISH).status_code == 200


def test_a_reset_forgets_faults(ask: Ask) -> None:
    """After a reset of the server no account has any."""
    ask("POST", FAULTS, json={"fault": "status"})

    ask("POST", "/_mock/reset", json={})

    assert ask("POST", SUBMIT, json=WISH).status_code == 200


def test_control_calls_meet_no_faults(ask: Ask) -> None:
    """Whatever is planned, the calls that could end it are answered."""
    for fault in ("reset", "html-page", "malformed-json", "hang"):
        ask("POST", FAULTS, json={"fault": fault})

    assert len(ask("GET", FAULTS).json()["faults"]) == 4
    assert ask("GET", "/_mock/health").json()["status"] == "ok"
    assert ask("POST", "/_mock/accounts/sk-mock-test/clock", json={"advance": "1m"}).json()["now"]


def test_a_mistake_is_named(ask: Ask) -> None:
    """An unknown fault or operation is refused with the nearest one, and nothing is planned."""
    fault = ask("POST", FAULTS, json={"fault": "resett"})
    operation = ask("POST", FAULTS, json={"fault": "reset", "operation": "recordinfo"})

    assert fault.status_code == operation.status_code == 400
    assert "did you mean 'reset'?" in fault.json()["error"]
    assert operation.json()["hint"] == "did you mean 'recordInfo'?"
    assert ask("GET", FAULTS).json()["faults"] == []


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ({"fault": "truncated-file", "operation": "submit"}, "'submit'; it meets file"),
        ({"fault": "stuck-task", "operation": "inspect"}, "it meets submit"),
        ({"fault": "callback-lost", "operation": "file"}, "it meets callback"),
        ({"fault": "reset", "operation": "finished"}, "it meets call, file"),
    ],
)
def test_a_fault_that_could_never_act_is_refused(
    ask: Ask, words: dict[str, str], text: str
) -> None:
    """A rule that no request, file or callback of any provider fits is a mistake."""
    reply = ask("POST", FAULTS, json=words)

    assert reply.status_code == 400
    assert text in reply.json()["error"]
    assert ask("GET", FAULTS).json()["faults"] == []


@pytest.mark.parametrize("operation", ["callback", "finished", "submit", "generate", None])
def test_a_callback_may_be_named_by_what_it_is_of(ask: Ask, operation: str | None) -> None:
    """By its own name, as any callback, or by the operation that is called back."""
    words = {} if operation is None else {"operation": operation}

    reply = ask("POST", FAULTS, json={"fault": "callback-lost", **words})

    assert reply.status_code == 200, reply.text


@pytest.mark.parametrize(
    ("place", "words", "limit"),
    [
        ("faults", {"fault": "reset"}, "mockserver.engine.trouble.plan.MAX_RULES"),
        ("next", {"scenario": "fails"}, "mockserver.web.control.wishes.MAX_WISHES"),
    ],
)
def test_an_account_has_only_so_many_plans(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, place: str, words: dict[str, str], limit: str
) -> None:
    """One too many is refused as such, and those before it stay."""
    monkeypatch.setattr(limit, 2)
    call = f"/_mock/accounts/sk-mock-test/{place}"

    codes = [ask("POST", call, json=words).status_code for _ in range(3)]

    assert codes == [200, 200, 409]
    assert len(ask("GET", call).json()[place]) == 2


def test_the_log_names_the_fault(ask: Ask, notices: list[str]) -> None:
    """People read in one line what was asked, how it was answered, and which fault did that."""
    ask("POST", FAULTS, json={"fault": "extra-fields"})

    ask("POST", SUBMIT, json=WISH)

    assert f"POST {SUBMIT} answered, with the fault extra-fields (200)" in notices


def test_every_kind_is_listed(ask: Ask) -> None:
    """The list says of each fault what it does, what it meets and what can be set."""
    kinds = {row["name"]: row for row in ask("GET", "/_mock/faults").json()["faults"]}

    assert kinds["reset"]["meets"] == ["call", "file"]
    settings = {row["name"]: row["default"] for row in kinds["latency"]["settings"]}
    assert settings["span"] == "1s"
