"""Plain exchanges from anybody's recorder: whose they are, what for, and of which task."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from mockserver.contract.load import load
from mockserver.contract.model import Contract, Role
from mockserver.data import contracts_dir
from mockserver.record.exchange import Exchange, Kind
from mockserver.record.recognise import Recogniser, recognise, recognise_all

TASK = "330a9433fd309e9e18df1c567ae38471"
FILE = "https://files.example.test/r/1.png"
CLIENT = "https://client.example.test/hooks/1"
HEADERS = (("content-type", "application/json"),)


@pytest.fixture(scope="session")
def contracts() -> Sequence[Contract]:
    """Every contract that comes with the package."""
    return [load(file.parent) for file in sorted(contracts_dir().glob("*/contract.yaml"))]


def make(method: str, url: str, request: object = None, reply: object = None) -> Exchange:
    """A plain exchange."""
    asked = b"" if request is None else json.dumps(request).encode()
    told = b"" if reply is None else json.dumps(reply).encode()
    return Exchange(0, 1, method, url, HEADERS, asked, 200, HEADERS, told)


def list_talk(base: str) -> Iterator[tuple[Exchange, tuple[object, ...]]]:
    """A task from its submit to its callback; provider aside, what each exchange is."""
    body = {"model": "m", "callBackUrl": CLIENT, "input": {"prompt": "x"}}
    made = {"code": 200, "msg": "success", "data": {"taskId": TASK, "new": True}}
    data = {"taskId": TASK, "state": "success", "resultJson": json.dumps({"resultUrls": [FILE]})}
    jobs = f"{base}/api/v1/jobs"
    yield make("POST", f"{jobs}/createTask", body, made), ("createTask", "submit", TASK, Kind.CALL)
    poll = make("GET", f"{jobs}/recordInfo?taskId={TASK}", None, {"code": 200, "data": data})
    yield poll, ("recordInfo", "inspect", TASK, Kind.CALL)
    yield (
        replace(poll, status=None, response_body=b"", error="reset"),
        (
            *("recordInfo", "inspect", TASK),
            Kind.CALL,
        ),
    )
    yield make("GET", FILE), (None, "file", TASK, Kind.FILE)
    yield make("GET", f"{FILE}?width=5"), (None, "file", TASK, Kind.FILE)
    told = {"code": 200, "data": {"taskId": TASK, "state": "success"}}
    yield make("POST", CLIENT, told), ("createTask", "callback", TASK, Kind.CALLBACK)
    yield make("POST", "https://moved.test/", told), ("createTask", "callback", TASK, Kind.CALLBACK)
    yield make("POST", "https://moved.test/", {"hello": 1}), (None, None, None, Kind.CALL)
    yield make("GET", f"{jobs}/recordInfo/"), (None, None, None, Kind.CALL)


@pytest.mark.parametrize(
    "base",
    ["https://api.kie.ai", "http://127.0.0.1:8787/kie", "https://gateway.test/llm/v2/kie"],
)
def test_a_task_is_seen_from_submit_to_callback(contracts: Sequence[Contract], base: str) -> None:
    """By host, behind our mount, or behind a gateway: each exchange finds operation and task."""
    talk = list(list_talk(base))
    seen = recognise_all((exchange for exchange, _ in talk), contracts)

    for found, (_, expected) in zip(seen, talk, strict=True):
        assert (found.operation, found.role, found.task_id, found.kind) == expected
        assert found.provider == (None if expected[1] is None else "kie")


def test_callbacks_of_two_families_at_one_address_are_told_apart(
    contracts: Sequence[Contract],
) -> None:
    """By the task that they are about, whoever named the address first."""
    base, ids = "https://api.kie.ai/api/v1", {"jobs/createTask": "a1", "gpt4o-image/generate": "b2"}
    submits = [
        make(
            "POST", f"{base}/{path}", {"callBackUrl": CLIENT}, {"code": 200, "data": {"taskId": t}}
        )
        for path, t in ids.items()
    ]
    told = [make("POST", CLIENT, {"code": 200, "data": {"taskId": t}}) for t in ("b2", "a1", "b2")]

    seen = [found.operation for found in recognise_all([*submits, *told], contracts)][2:]
    assert seen == ["generate4oImage", "createTask", "generate4oImage"]


def test_a_foreign_host_gets_no_operation(contracts: Sequence[Contract]) -> None:
    """What belongs to no contract stays as it was."""
    stranger = make("GET", "https://example.test/index.html")

    assert recognise(stranger, contracts) == stranger


def test_own_annotations_are_kept(contracts: Sequence[Contract]) -> None:
    """What a recording says of itself counts more than what can be guessed."""
    told = replace(
        make("GET", "http://127.0.0.1:9/api/v1/jobs/recordInfo"),
        provider="aigptimage",
        operation="recordInfo",
        role="inspect",
        task_id="t-1",
    )

    assert recognise(told, contracts) == told


def test_the_reply_tells_providers_with_one_path_apart(contracts: Sequence[Contract]) -> None:
    """Where two contracts have a path in common, the one whose shapes fit the reply is meant."""
    strict, other = (next(c for c in contracts if c.name == n) for n in ("kie", "aigptimage"))
    operation = other.find_role(Role.SUBMIT)[0]
    reply = operation.shapes["ok"].render({"task.id": "abc", "reply.message": "success"})
    plain = make("POST", f"http://x.test{operation.path}", {}, reply)

    for order in ([strict, other], [other, strict]):
        assert recognise(plain, order).provider == other.name


def test_every_operation_is_found_by_its_own_address(contracts: Sequence[Contract]) -> None:
    """Each operation of each contract, at each of its servers, is recognised with its role."""
    count = 0
    for contract in contracts:
        for server in contract.servers:
            for operation in contract.operations.values():
                path = operation.path.replace("{", "").replace("}", "")
                found = recognise(make(operation.method, server + path), contracts)
                assert (found.provider, found.operation) == (contract.name, operation.id)
                assert found.role == operation.role
                count += 1
    assert count > 8


def test_a_link_to_a_result_belongs_to_its_task(contracts: Sequence[Contract]) -> None:
    """Who asks for a temporary link names a result, and so a task; the link is a file too."""
    recogniser = Recogniser(contracts)
    for exchange, _ in list_talk("https://api.kie.ai"):
        recogniser.recognise(exchange)
    link = "https://temporary.example.test/x?until=5"
    asked = make(
        "POST",
        "https://api.kie.ai/api/v1/common/download-url",
        {"url": FILE},
        {"code": 200, "msg": "success", "data": link},
    )

    assert recogniser.recognise(asked).task_id == TASK
    assert recogniser.recognise(make("GET", link)).task_id == TASK


def test_memory_is_bounded(contracts: Sequence[Contract], monkeypatch: pytest.MonkeyPatch) -> None:
    """A recording with more results than are remembered is read all the same."""
    monkeypatch.setattr("mockserver.record.recognise.MAX_REMEMBERED", 0)
    seen = [
        found.role
        for found in recognise_all(
            (exchange for exchange, _ in list_talk("https://api.kie.ai")), contracts
        )
    ]

    assert seen[:4] == ["submit", "inspect", "inspect", None]
