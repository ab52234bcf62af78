"""A recording that is made: what the modes do, what is fetched, what may be spent."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mockserver.contract.load import load
from mockserver.contract.model import Contract
from mockserver.data import contracts_dir
from mockserver.errors import UsageError
from mockserver.record.blobs import INLINE
from mockserver.record.exchange import Exchange, Kind
from mockserver.record.har import read_har
from mockserver.record.purse import Purse, format_credits
from mockserver.record.recording import Mode, Recording

HEADERS = (("content-type", "application/json"),)
JOBS = "https://api.kie.ai/api/v1/jobs"
LATE = "late-secret-0123456789"


@pytest.fixture(scope="session")
def kie() -> Contract:
    """A contract that comes with the package."""
    return load(contracts_dir() / "kie")


def submit(task: str | None = "t1", status: int | None = 200, **given: Any) -> Exchange:
    """A submit, and the task that it made."""
    asked = {"model": "gpt-image-2-text-to-image", "input": {"prompt": "x", "aspect_ratio": "1:1"}}
    data = {"taskId": task, "recordId": task}
    told: dict[str, Any] = {"code": 200, "msg": "success", "data": data}
    if task is None:
        told = {"code": 402, "msg": "Credits insufficient", "data": None}
    made = Exchange(
        *(0, 1, "POST", f"{JOBS}/createTask", HEADERS, json.dumps(asked).encode(), status),
        *(HEADERS, json.dumps(told).encode() if status else b""),
    )
    return replace(made, **given)


def poll(kie: Contract, *results: str, cost: int = 6_000) -> Exchange:
    """A poll that finds the task done."""
    facts = {
        "task.id": "t1",
        "task.model": "m",
        "task.state": "success",
        "task.request": {"input": {"prompt": "x"}},
        "task.input": {"prompt": "x"},
        "task.results": list(results),
        "task.cost": cost,
        "task.price": cost,
        "task.created": 1,
        "task.finished": 2,
        "task.elapsed": 1,
    }
    operation = kie.operations["recordInfo"]
    body = json.dumps(operation.shapes["succeeded"].render(facts)).encode()
    url = f"{JOBS}/recordInfo?taskId=t1"
    return Exchange(0, 1, "GET", url, HEADERS, b"", 200, HEADERS, body)


def test_each_result_is_to_be_fetched_once(tmp_path: Path, kie: Contract) -> None:
    """Addresses of results come up once, and not at all if the client has fetched them."""
    one, two = "https://f.test/1.png", "https://f.test/2.png"
    with Recording(tmp_path / "x.har", [kie]) as recording:
        recording.add(poll(kie, one))
        assert recording.take_addresses() == [one]
        recording.add(poll(kie, one, two))
        recording.add(Exchange(0, 1, "GET", two, status=200))
        recording.add(poll(kie, one, two))
        assert not recording.take_addresses()

        assert (recording.summary.files, recording.summary.tasks) == (1, {"t1"})


def test_modes(tmp_path: Path, kie: Contract) -> None:
    """Once refuses what is there, new adds to it, all begins anew, side files included."""
    path = tmp_path / "x.har"
    with Recording(path, [kie]) as recording:
        recording.add(submit("a", response_body=bytes(INLINE + 1)))
    with pytest.raises(UsageError, match="--mode new"):
        Recording(path, [kie])
    with Recording(path, [kie], Mode.NEW) as recording:
        recording.add(submit("b"))
    assert len(list(read_har(path))) == 2
    with Recording(path, [kie], Mode.ALL) as recording:
        recording.add(submit("c"))

    assert [exchange.task_id for exchange in read_har(path)] == ["c"]
    assert not list((tmp_path / "x.har.d").iterdir())


def test_placeholders_go_on_counting(tmp_path: Path, kie: Contract) -> None:
    """Another key in a later part of a file gets a placeholder of its own."""
    path = tmp_path / "x.har"
    for key in ("first-key-123456", "second-key-123456"):
        keyed = (("Authorization", f"Bearer {key}"), *HEADERS)
        with Recording(path, [kie], Mode.NEW) as recording:
            recording.add(submit(request_headers=keyed))

    shown = [exchange.find_request_header("authorization") for exchange in read_har(path)]
    assert shown == ["Bearer redacted-1", "Bearer redacted-2"]


def test_a_secret_that_comes_late_is_taken_out_of_what_was_written(
    tmp_path: Path, kie: Contract
) -> None:
    """What only a later exchange shows to be a secret is in no file at the end."""
    path = tmp_path / "x.har"
    image = (("content-type", "image/png"),)
    blob = LATE.encode() + bytes(INLINE + 1)
    with Recording(path, [kie], tape={"provider": "kie"}) as recording:
        recording.add(Exchange(0, 1, "GET", f"https://x.test/{LATE}", status=200))
        recording.add(
            Exchange(0, 1, "GET", "https://x.test/", (), b"", 200, image, blob, kind=Kind.FILE)
        )
        recording.add(submit(request_headers=(("X-Api-Key", LATE), *HEADERS)))

    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert len(files) == 2
    assert not any(LATE.encode() in file.read_bytes() for file in files)
    assert json.loads(path.read_bytes())["log"]["_tape"]["provider"] == "kie"
    assert len(list(read_har(path))) == 3


def test_an_exchange_that_cannot_be_cleaned_is_left_out(
    tmp_path: Path, kie: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If redaction fails, nothing of the exchange is written, and the summary says so."""
    path = tmp_path / "x.har"
    with Recording(path, [kie], secrets=[LATE]) as recording:
        monkeypatch.setattr(recording.redactor, "redact", lambda exchange: exchange)
        recording.add(submit(notes=(LATE,)))

        assert (recording.summary.exchanges, recording.summary.dropped) == (0, 1)
    assert LATE.encode() not in path.read_bytes()


def test_a_missing_folder_is_named(tmp_path: Path, kie: Contract) -> None:
    """A recording into a folder that is not there says so before anything is sent."""
    with pytest.raises(UsageError, match="no such folder"):
        Recording(tmp_path / "no" / "x.har", [kie])


def pay(purse: Purse, kie: Contract, exchange: Exchange) -> str | None:
    """Make a call; why it may not be made."""
    operation = kie.operations["createTask"]
    price = purse.price(operation, exchange.request_body)
    problem = purse.reserve(price)
    if problem is None:
        purse.settle(price, replace(exchange, operation=operation.id))
    return problem


def test_the_ceiling_refuses_what_would_exceed_it(kie: Contract) -> None:
    """Submits pass as long as the contract's prices fit below the ceiling."""
    purse = Purse(kie, 13_000)  # a task costs six credits

    assert [pay(purse, kie, submit(name)) for name in ("a", "b")] == [None, None]
    refused = pay(purse, kie, submit("c"))
    assert refused is not None
    assert "12 of 13 credits are spent, and this submit costs 6" in refused


OUTCOMES: Sequence[tuple[Exchange, int]] = [
    (submit("a"), 6_000),
    (submit(None), 0),
    (submit("a", None, error="refused"), 6_000),
]


@pytest.mark.parametrize(("exchange", "spent"), OUTCOMES)
def test_what_a_submit_costs(kie: Contract, exchange: Exchange, spent: int) -> None:
    """A task costs its price, a refusal nothing; if nobody knows, it counts as spent."""
    purse = Purse(kie)
    pay(purse, kie, exchange)

    assert purse.spent == spent


def test_what_the_reply_says_counts(kie: Contract) -> None:
    """The cost in a reply takes the place of the contract's price."""
    purse = Purse(kie)
    pay(purse, kie, submit("t1"))
    purse.settle(0, replace(poll(kie, "https://f.test/1.png", cost=4_500), operation="recordInfo"))

    assert purse.spent == 4_500
    assert format_credits(purse.spent) == "4.5"


def test_without_a_price_a_ceiling_cannot_be_kept(kie: Contract) -> None:
    """A model that the contract does not price is refused under a ceiling, and only there."""
    strange = submit("a", request_body=b'{"model": "no-such-model", "input": {}}')

    assert pay(Purse(kie), kie, strange) is None
    refused = pay(Purse(kie, 1_000_000), kie, strange)
    assert refused is not None
    assert "no price" in refused
