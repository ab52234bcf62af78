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
from mockserver.record.replay.play import Mode, Pace
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


def write_submit(prompt: str, **more: Any) -> dict[str, Any]:
    return {"model": MODEL, "input": {"prompt": prompt, "aspect_ratio": "1:1"}, **more}


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
        self, tape: Tape, mode: Mode = Mode.EPOCH, scale: float = 1, key: str = "somebody"
    ) -> None:
        self.report = Report(tape)
        self.deck = Deck(tape, key, Pace(mode, scale), self.report)
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
        return orjson.loads(self.last.body) if isinstance(self.last, Answer) else self.last

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

    def take_callbacks(self) -> list[Notification]:
        """Those that are due, of the task that was asked for last."""
        assert self.answer.play is not None
        return self.deck.take_callbacks(self.answer.play, self.now, ORIGIN)
