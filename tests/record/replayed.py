"""A client of a replay, and tapes to replay: played by the engine, written as HAR files."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson

from mockserver.contract.model import Contract, Operation
from mockserver.record.exchange import Exchange
from mockserver.record.har import write_har
from mockserver.record.replay.answer import Answer, Miss, Notification
from mockserver.record.replay.ask import Ask
from mockserver.record.replay.deck import Deck
from mockserver.record.replay.play import ReplayMode, ReplayPace
from mockserver.record.replay.report import Report
from mockserver.record.replay.tape import Tape, read_tape
from tests.record.played import HOOK, Player, read_contract

CONTRACT = read_contract("kie", "observed")
CREATE, INSPECT, CREDITS = (
    CONTRACT.operations[name] for name in ("createTask", "recordInfo", "getCredits")
)
MODEL = "gpt-image-2-text-to-image"
ORIGIN = "http://127.0.0.1:9999"
NOW = 1_800_000_000_000
STATES = ["waiting", "queuing", "generating", "generating", "success"]
MADE = NOW - 10**10  # when the tape was recorded
FOX, OWL = "f0" * 16, "0e" * 16


def write_submit(prompt: str, **more: Any) -> dict[str, Any]:
    return {"model": MODEL, "input": {"prompt": prompt, "aspect_ratio": "1:1"}, **more}


def write_exchange(number: int, method: str, target: str, sent: Any, told: Any) -> Exchange:
    """A plain exchange, so many tenths of seconds after the beginning."""
    return Exchange(
        started=MADE + number * 100,
        elapsed=10,
        method=method,
        url=CONTRACT.servers[0] + target,
        request_body=b"" if sent is None else orjson.dumps(sent),
        status=200,
        response_headers=(("content-type", "application/json"),),
        response_body=orjson.dumps(told),
    )


def write_task(task_id: str, prompt: str, states: list[str], first: int = 0) -> list[Exchange]:
    """A task that was polled once for each state; each reply has a number of its own."""
    made = {"code": 200, "msg": "success", "data": {"taskId": task_id}}
    tape = [write_exchange(first, "POST", CREATE.path, write_submit(prompt), made)]
    for number, state in enumerate(states, 1):
        told = {
            "taskId": task_id,
            "model": MODEL,
            "state": state,
            "param": f'{{"prompt":"{prompt}"}}',
            "resultJson": "",
            "costTime": number,
            "createTime": MADE + first * 100,
        }
        reply = {"code": 200, "msg": "success", "data": told}
        target = f"{INSPECT.path}?taskId={task_id}"
        tape.append(write_exchange(first + 2 * number, "GET", target, None, reply))
    return tape


def play_tasks(*prompts: str, spans: Iterable[int] = (100, 5_000, 60_000, 200_000)) -> Player:
    """A client that submits tasks and polls each so often, with spans of milliseconds between."""
    player = Player(CONTRACT)
    for prompt in prompts:
        task_id = player.submit(CREATE, write_submit(prompt, callBackUrl=HOOK))
        assert task_id is not None
        for span in spans:
            player.clock.advance(span)
            player.poll(task_id)
            player.deliver(CREATE)
    return player


def make_tape(
    path: Path, exchanges: Iterable[Exchange] = (), contract: Contract = CONTRACT
) -> Tape:
    """The tape of exchanges without our annotations, or of a file that is there."""
    nothing: dict[str, Any] = {"provider": None, "operation": None, "role": None, "task_id": None}
    if not path.exists():
        write_har(path, (replace(each, **nothing) for each in exchanges))
    return read_tape([path], [contract])


class Viewer:
    """A client of one account."""

    def __init__(
        self,
        tape: Tape,
        mode: ReplayMode = ReplayMode.EPOCH,
        scale: float = 1,
        key: str = "somebody",
    ) -> None:
        self.report = Report(tape)
        self.deck = Deck(tape, key, ReplayPace(mode, scale), self.report)
        self.now = NOW
        self.last: Answer | Miss | None = None

    def ask(
        self,
        operation: Operation,
        query: Mapping[str, str] | None = None,
        body: object = None,
        contract: Contract = CONTRACT,
        **more: Mapping[str, str],
    ) -> Any:
        """The JSON value of the answer, or the miss; more are headers, and parameters in a path."""
        target = operation.path + ("?" + urlencode(query) if query else "")
        raw = b"" if body is None else json.dumps(body).encode()
        sent = tuple(more.get("headers", {}).items())
        exchange = Exchange(self.now, 0, operation.method, target, sent, raw)
        self.last = self.deck.answer(
            Ask(contract, operation, more.get("path", {}), exchange), self.now, ORIGIN
        )
        if not isinstance(self.last, Answer):
            return self.last
        return orjson.loads(self.last.body) if self.last.body else None

    @property
    def answer(self) -> Answer:
        """The last answer."""
        assert isinstance(self.last, Answer)
        return self.last

    def submit(self, prompt: str, **more: Any) -> str:
        return str(self.ask(CREATE, body=write_submit(prompt, **more))["data"]["taskId"])

    def poll(self, task_id: str) -> dict[str, Any]:
        data: dict[str, Any] = self.ask(INSPECT, {"taskId": task_id})["data"]
        return data

    def ask_for_task(self, task_id: str) -> Any:
        """What a poll is told, or why nothing."""
        return self.ask(INSPECT, {"taskId": task_id})

    def take_callbacks(self) -> list[Notification]:
        """Those that are due, of the task that was asked for last."""
        assert self.answer.play is not None
        return self.deck.take_callbacks(self.answer.play, self.now, ORIGIN)


def watch(viewer: Viewer, task_id: str, polls: int) -> list[tuple[str, int]]:
    """State and number of the reply to each of so many polls."""
    told = [viewer.poll(task_id) for _ in range(polls)]
    return [(each["state"], each["costTime"]) for each in told]
