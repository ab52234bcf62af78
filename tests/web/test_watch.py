"""The log says in one line what did not go as its sender hoped."""

from collections.abc import Callable, Sequence

import httpx

from mockserver.clock import SystemClock
from mockserver.contract.model import Contract
from mockserver.engine.engine import Engine
from mockserver.engine.settings import Settings
from mockserver.web.app import build_app
from mockserver.web.asgi import App
from mockserver.web.options import Options

Ask = Callable[..., httpx.Response]

PATH = "/gptimage15/api/generate"


def test_what_goes_well_is_not_logged(ask: Ask, notices: list[str]) -> None:
    """A submit and a poll without fault leave the log empty."""
    task = ask("POST", PATH, json={"prompt": "a fox"}).json()["data"]["task_id"]
    ask("GET", "/gptimage15/api/status", params={"task_id": task})

    assert not notices


def test_a_refused_call_is_one_line(ask: Ask, notices: list[str]) -> None:
    """The line names the call, the condition, the status and what was wrong with the body."""
    ask("POST", PATH, json={"size": "1x1", "prompt": ""})

    (line,) = notices
    assert line.startswith("POST /gptimage15/api/generate refused: missing_field (400); ")


def test_a_bad_value_is_told_with_its_place_and_without_its_middle(
    ask: Ask, notices: list[str]
) -> None:
    """A prompt that is too long by far makes no long line; the line names the field."""
    content = {"prompt": "y" * 30_000, "aspect_ratio": "3:2"}
    body = {"model": "gpt-image-2-text-to-image", "input": content}
    ask("POST", "/kie/api/v1/jobs/createTask", json=body)

    (line,) = notices
    assert len(line) < 450
    assert '; /input/prompt: "yyy' in line
    assert line.endswith('yyy" is longer than 20000 characters')


def test_a_limit_is_explained_once(ask: Ask, notices: list[str]) -> None:
    """The first call that breaks a limit tells how to lift it, those after it do not."""
    body = {"model": "gpt-image-2-text-to-image", "input": {"prompt": "a fox"}}
    for _ in range(22):
        ask("POST", "/kie/api/v1/jobs/createTask", json=body)

    assert ["unlimited" in line for line in notices if "rate_limited" in line] == [True, False]


def test_a_refusal_that_was_asked_for_says_so(ask: Ask, notices: list[str]) -> None:
    """A scenario's refusal is told apart from a real one."""
    ask("POST", PATH, json={"prompt": "a fox"}, key="sk-mock-a.insufficient-credits")

    assert "insufficient_credits, as its scenario asks" in notices[0]


def test_a_call_without_an_account_is_logged(ask: Ask, notices: list[str]) -> None:
    """An unknown scenario opens no account, and the log names the nearest one."""
    ask("POST", PATH, json={"prompt": "a fox"}, key="sk-mock-a.fials")
    ask("POST", PATH, json={"prompt": "a fox"}, key=None)

    assert "'fails'" in notices[0]
    assert "unauthorized" in notices[1]


def test_a_refused_key_is_told_with_the_reason(
    contracts: Sequence[Contract], ask_app: Callable[[App], Ask], notices: list[str]
) -> None:
    """The provider says only that there is no access; the log says what is wrong with the key."""
    engine = Engine(contracts, SystemClock(), Settings(keys=frozenset({"sk-mock-a"})))
    ask = ask_app(build_app(engine, Options(notice=notices.append)))
    ask("GET", "/kie/api/v1/chat/credit", key="sk-mock-b")
    ask("GET", "/kie/api/v1/chat/credit", key=None)
    ask("GET", "/kie/api/v1/chat/credit", key="sk-mock-a")

    line = "GET /kie/api/v1/chat/credit refused: unauthorized (200); "
    assert notices == [
        f"{line}sk-mock-b is none of the keys that this server lets in",
        f"{line}no API key came where the contract asks for it",
    ]


def test_a_key_that_looks_live_is_warned_of_once(ask: Ask, notices: list[str]) -> None:
    """The first call with such a key is served and noted; the key itself is not shown."""
    key = "0123456789abcdefghijklmnopqrstuv"
    for _ in range(2):
        ask("POST", PATH, json={"prompt": "a fox"}, key=key)

    (line,) = notices
    assert "looks like a live one" in line
    assert key not in line


def test_the_log_goes_on_after_a_reset(ask: Ask, engine: Engine, notices: list[str]) -> None:
    """A reset empties the journals; the next stray is logged all the same."""
    ask("GET", "/nope/1")
    engine.reset()
    ask("GET", "/nope/2")

    assert ["/nope/1" in notices[0], "/nope/2" in notices[1]] == [True, True]
