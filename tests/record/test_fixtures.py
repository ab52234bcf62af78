"""The recordings that come with the project: readable, recognised, clean, and true to contracts."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from mockserver.contract.load import load
from mockserver.contract.model import Contract
from mockserver.data import contracts_dir
from mockserver.record.exchange import Exchange, Kind
from mockserver.record.har import read_har
from mockserver.record.recognise import recognise_all
from mockserver.record.redact import PLACEHOLDER, Redactor

RECORDINGS = Path(__file__).resolve().parents[2] / "fixtures" / "recordings"
EMULATOR = sorted((RECORDINGS / "emulator").glob("*.har"))
RECONSTRUCTED = sorted((RECORDINGS / "reconstructed").glob("*.har"))


@pytest.fixture(scope="session")
def contracts() -> Sequence[Contract]:
    """Every contract that comes with the package, as it is served."""
    return [load(file.parent) for file in sorted(contracts_dir().glob("*/contract.yaml"))]


def read(path: Path, contracts: Sequence[Contract]) -> list[Exchange]:
    """The exchanges of a recording, recognised."""
    return list(recognise_all(read_har(path), contracts))


def find_misfits(exchanges: list[Exchange], contract: Contract) -> list[str]:
    """Replies that no shape of their operation accepts."""
    return [
        f"{exchange.operation}: {exchange.response_body.decode()[:200]}"
        for exchange in exchanges
        if exchange.operation and exchange.kind is Kind.CALL
        if not any(
            shape.accepts(json.loads(exchange.response_body))
            for shape in contract.operations[exchange.operation].shapes.values()
        )
    ]


def test_there_is_one_for_each_provider(contracts: Sequence[Contract]) -> None:
    """Every contract has a recording of the emulator."""
    assert {file.stem for file in EMULATOR} == {contract.name for contract in contracts}
    assert len(RECONSTRUCTED) >= 3


@pytest.mark.parametrize("path", EMULATOR, ids=lambda path: path.stem)
def test_a_recording_of_the_emulator_holds_two_whole_tasks(
    path: Path, contracts: Sequence[Contract]
) -> None:
    """Two lanes with submit and polls, the result's file, callbacks; and no key."""
    contract = next(each for each in contracts if each.name == path.stem)
    exchanges = read(path, contracts)
    lanes = Counter(exchange.task_id for exchange in exchanges)
    roles = Counter(exchange.role for exchange in exchanges)

    assert len(lanes) == 2
    assert min(lanes.values()) >= 3
    assert roles["submit"] == 2
    has_callbacks = any(operation.callbacks for operation in contract.operations.values())
    assert roles["callback"] == (2 if has_callbacks else 0)
    (file,) = [exchange for exchange in exchanges if exchange.kind is Kind.FILE]
    assert file.response_body[:4] in (b"\x89PNG", b"RIFF", b"\xff\xd8\xff\xe0")
    assert b"sk-mock" not in path.read_bytes()


@pytest.mark.parametrize("path", EMULATOR, ids=lambda path: path.stem)
def test_it_is_recognised_without_our_fields_too(path: Path, contracts: Sequence[Contract]) -> None:
    """Without what the recorder wrote down, the contract's marks find the same again."""
    told = read(path, contracts)
    nothing = {"provider": None, "operation": None, "role": None, "task_id": None}
    plain = [replace(each, **nothing, kind=Kind.CALL) for each in told]  # type: ignore[arg-type]
    seen = list(recognise_all(plain, contracts))

    for one, other in zip(told, seen, strict=True):
        assert (one.provider, one.operation, one.role, one.task_id, one.kind) == (
            *(other.provider, other.operation, other.role, other.task_id),
            other.kind,
        )


@pytest.mark.parametrize("path", RECONSTRUCTED, ids=lambda path: path.stem)
def test_the_reconstructed_ones_say_so(path: Path) -> None:
    """Nobody can take them for recordings."""
    log = json.loads(path.read_bytes())["log"]

    assert log["_reconstructed"]
    assert log["comment"].startswith("Reconstructed, not recorded")


EDITIONS = [
    ("kie-2026-04", "2026-04", 2),
    ("kie-2026-09", "2026-09", 2),
    ("kie-refusals", "observed", 0),
]


@pytest.mark.parametrize(("name", "edition", "tasks"), EDITIONS)
def test_the_reconstructed_ones_fit_their_edition(name: str, edition: str, tasks: int) -> None:
    """What was written by hand from the facts is what the dated contract says, reply by reply."""
    contract = load(contracts_dir() / "kie", edition)
    exchanges = read(RECORDINGS / "reconstructed" / f"{name}.har", [contract])
    submitted = {exchange.task_id for exchange in exchanges if exchange.role == "submit"}

    assert not find_misfits(exchanges, contract)
    assert len(submitted - {None}) == tasks


@pytest.mark.parametrize("path", [*EMULATOR, *RECONSTRUCTED], ids=lambda path: path.stem)
def test_redaction_raises_no_false_alarm(path: Path) -> None:
    """In recordings without secrets nothing changes but keys, cookies and signatures."""
    redactor = Redactor(first=1_000)
    for exchange in read_har(path):
        kept = redactor.redact(exchange)
        assert kept.url == exchange.url
        assert kept.request_body == exchange.request_body
        assert kept.response_body == exchange.response_body
        changed = {
            name.lower()
            for (name, value), (_, old) in zip(
                kept.request_headers, exchange.request_headers, strict=True
            )
            if value != old
        }
        assert changed <= {"authorization", "cookie"}
        assert PLACEHOLDER.search(kept.find_request_header("authorization") or "redacted-1")
