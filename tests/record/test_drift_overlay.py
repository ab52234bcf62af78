"""What drift suggests: an overlay after which the contract agrees with the recording."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mockserver.contract.document import Document
from mockserver.contract.lint import lint_document
from mockserver.contract.load import build
from mockserver.contract.model import Contract
from mockserver.contract.overlay import apply_overlay
from mockserver.record.drift import RATINGS, Severity, find_drift
from mockserver.record.drift.kind import Kind as Drifted
from mockserver.record.drift.overlay import suggest_overlay
from mockserver.record.exchange import Exchange, Kind
from tests.record.played import read_contract, record

EDITIONS = [
    ("kie", "documented"),
    ("kie", "observed"),
    ("aigptimage", "documented"),
    ("gptimage15", "documented"),
    ("acorn", "documented"),
    ("acorn", "seasoned"),
]
VALUES = [None, "", "other", "2026-01-01", 7, -1, 0.5, True, [], ["x"], {}, {"a": {"b": 1}}]


@cache
def record_briefly(name: str, edition: str) -> tuple[Exchange, ...]:
    """At most two exchanges with each operation and outcome."""
    kept: dict[tuple[object, ...], list[Exchange]] = {}
    for each in record(name, edition):
        body = orjson.loads(each.response_body or each.request_body)
        data = body.get("data")
        state = (data.get("state"), data.get("status")) if isinstance(data, dict) else None
        kept.setdefault((each.operation, each.kind, body.get("code"), state), []).append(each)
    return tuple(each for found in kept.values() for each in found[:2])


def mend(contract: Contract, overlay: dict[str, Any]) -> Document:
    """The contract's document with an overlay applied."""
    document = contract.document
    root = apply_overlay(document.root, overlay, "suggested")
    return Document(document.folder, root, document.name)


def list_fields(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every field below a value."""
    if isinstance(value, dict):
        for name, child in value.items():
            yield (*path, name)
            yield from list_fields(child, (*path, name))


def change(body: Any, path: tuple[str, ...], way: str, value: Any) -> Any:
    """A copy of a body with one field dropped, added beside, or set."""
    copy = orjson.loads(orjson.dumps(body))
    node = copy
    for name in path[:-1]:
        node = node.get(name) if isinstance(node, dict) else None
    if not isinstance(node, dict):
        return copy
    if way == "drop":
        node.pop(path[-1], None)
    elif way == "add":
        node[f"{path[-1]}_more"] = value
    elif path[-1] in node:
        node[path[-1]] = value
    return copy


class Mutation(NamedTuple):
    """One way in which an API leaves its contract."""

    call: int  # which reply of the tape, which of its fields: both counted round
    field: int
    way: str
    value: Any
    is_for_all: bool  # the operation's replies, or only this one


MUTATIONS = st.builds(
    Mutation,
    st.integers(0, 40),
    st.integers(0, 40),
    st.sampled_from(["drop", "add", "set"]),
    st.sampled_from(VALUES),
    st.booleans(),
)


def mutate(tape: list[Exchange], mutation: Mutation) -> list[Exchange]:
    """A tape with one change in some of its replies."""
    calls = [each for each in tape if each.kind is Kind.CALL]
    chosen = calls[mutation.call % len(calls)]
    fields = list(list_fields(orjson.loads(chosen.response_body)))
    if not fields:
        return tape
    path = fields[mutation.field % len(fields)]
    return [
        replace(
            each,
            response_body=orjson.dumps(
                change(orjson.loads(each.response_body), path, mutation.way, mutation.value)
            ),
        )
        if each is chosen
        or (mutation.is_for_all and each.operation == chosen.operation and each.response_body)
        else each
        for each in tape
    ]


@given(subject=st.sampled_from(EDITIONS), mutations=st.lists(MUTATIONS, min_size=1, max_size=3))
def test_the_suggested_overlay_leaves_nothing_that_breaks_readers(
    subject: tuple[str, str], mutations: list[Mutation]
) -> None:
    """Whatever changes in replies but codes of refusals, the overlay for it makes them agree."""
    contract, tape = read_contract(*subject), list(record_briefly(*subject))
    for mutation in mutations:
        tape = mutate(tape, mutation)
    overlay, unsaid = suggest_overlay(find_drift(tape, [contract]), contract)
    assume(all(finding.kind is not Drifted.NEW_CODE for finding in unsaid))

    mended = build(mend(contract, overlay), "mended", ("mended",))

    left = [f for f in find_drift(tape, [mended]).findings if f.severity is Severity.BREAKS]
    assert [f for f in left if RATINGS[f.kind].by_overlay] == []


OBSERVED = ("kie", "observed")


def poll_often(*changes: dict[str, Any]) -> list[Exchange]:
    """Answers to polls of one open task, each with some of its data changed."""
    first = next(each for each in record(*OBSERVED) if each.operation == "recordInfo")
    tape = []
    for number, data in enumerate(changes):
        body = orjson.loads(first.response_body)
        body["data"].update(data)
        started = first.started + 1_000 * number
        tape.append(replace(first, started=started, response_body=orjson.dumps(body)))
    return tape


EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "a new state": [{"state": "paused"}, {"state": "paused"}],
    "more values than are listed": [{"successFlag": number} for number in range(2, 14)],
    "values that may be secrets": [{"successFlag": f"sk-live-{'0123456789abcdef' * 2}"}],
    "objects of many forms": [
        {"extra": {"deep": number if number < 10 else "text"}} for number in range(12)
    ],
    "JSON in a string that is none, beside one that lacks a field": [
        {"param": "{"},
        {"param": '{"input": "{}"}'},
        {"param": '{"input": 5, "model": "m"}'},
    ],
    "a text, null and a number in one field": [{"model": None}, {"model": 5}, {"model": "m"}],
}


@pytest.mark.parametrize("case", EXAMPLES)
def test_after_the_overlay_there_is_no_drift(case: str) -> None:
    """Whatever came that the contract does not know, it knows after the overlay."""
    contract, tape = read_contract(*OBSERVED), poll_often(*EXAMPLES[case])
    drift = find_drift(tape, [contract])
    overlay, unsaid = suggest_overlay(drift, contract)
    document = mend(contract, overlay)

    left = find_drift(tape, [build(document, "mended", ("mended",))])

    assert drift.findings
    assert (left.findings, unsaid) == ([], [])
    assert "sk-live" not in repr(overlay)


def test_a_new_state_has_its_place_in_the_lifecycle() -> None:
    """A state that an overlay adds is a word of replies, can be reached, and leads to an end."""
    contract = read_contract(*OBSERVED)

    overlay, _ = suggest_overlay(find_drift(poll_often({"state": "paused"}), [contract]), contract)

    assert lint_document(mend(contract, overlay)) == []


def test_each_action_says_by_what_evidence() -> None:
    """A reviewer reads where something was seen, how often, and when first."""
    tape = poll_often({"model": None}, {})

    overlay, _ = suggest_overlay(
        find_drift(tape, [read_contract(*OBSERVED)]), read_contract(*OBSERVED)
    )

    (action,) = overlay["actions"]
    assert action["description"] == (
        "recordInfo, queued|running: null at /data/model (1 of 2, first 2026-01-01)"
    )
    assert action["update"] == {"type": ["string", "null"]}
