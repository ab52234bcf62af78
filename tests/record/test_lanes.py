"""Lanes: the exchanges of a recording by task, and what each of them tells."""

from dataclasses import replace
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.moments import Phase
from mockserver.record.exchange import Exchange, Kind
from mockserver.record.lanes import Lane, Lanes, group_lanes
from mockserver.record.recognise import recognise_all
from tests.record.played import HOOK, Player, read_contract

CONTRACT = read_contract("kie", "observed")
MODEL = "gpt-image-2-text-to-image"


def play(*prompts: str) -> list[Exchange]:
    """The tape of some tasks, one after the other, without our annotations."""
    player = Player(CONTRACT)
    create = CONTRACT.operations["createTask"]
    for prompt in prompts:
        player.play(create, {"model": MODEL, "input": {"prompt": prompt}, "callBackUrl": HOOK})
    nothing: dict[str, Any] = {"provider": None, "operation": None, "role": None, "task_id": None}
    return [replace(each, kind=Kind.CALL, **nothing) for each in player.tape]


TAPE = play("a fox", "an owl", "a bee")


def group(tape: list[Exchange]) -> Lanes:
    return group_lanes(recognise_all(tape, [CONTRACT]), [CONTRACT])


def list_times(lane: Lane) -> list[int]:
    return [exchange.started for exchange in lane.list_exchanges()]


def test_a_lane_holds_a_whole_task() -> None:
    """Submit, polls and callback of a task in a plain recording stand in one lane."""
    lanes = group(TAPE)

    assert len(lanes.lanes) == 3
    for lane in lanes.lanes.values():
        assert lane.submit is not None
        assert lane.submit.facts["task.id"] == lane.task_id
        assert len(lane.polls) == 4
        assert [step.moments for step in lane.callbacks] == [(Phase.SUCCEEDED,)]
        assert [epoch[0].has_ended for epoch in lane.epochs] == [False, True]
        assert lane.account == "Bearer sk-mock-tape"
        assert list_times(lane) == sorted(list_times(lane))
    assert lanes.loose == []


@given(order=st.permutations(range(3)), picks=st.lists(st.integers(0, 2), max_size=30))
def test_interleaving_does_not_change_lanes(order: list[int], picks: list[int]) -> None:
    """However several clients' exchanges are mixed, each lane holds what it held alone."""
    tapes = [TAPE[number * 6 : number * 6 + 6] for number in order]
    mixed: list[Exchange] = []
    for pick in [*picks, 0, 1, 2]:
        rest = tapes[pick]
        mixed += rest[:1] if len(picks) >= len(mixed) else rest
        tapes[pick] = [each for each in rest if each not in mixed]
    for rest in tapes:
        mixed += rest

    lanes = group(mixed).lanes

    assert {key: list_times(lane) for key, lane in lanes.items()} == {
        key: list_times(lane) for key, lane in group(TAPE).lanes.items()
    }


def test_what_counts_is_when_an_exchange_began() -> None:
    """A recorder that writes exchanges in another order makes the same lanes."""
    backwards = list(recognise_all(TAPE, [CONTRACT]))[::-1]

    lanes = group_lanes(backwards, [CONTRACT]).lanes

    for key, lane in group(TAPE).lanes.items():
        assert lanes[key].polls == lane.polls
        assert lanes[key].epochs == lane.epochs


def test_a_reply_that_left_the_contract_is_read_all_the_same() -> None:
    """A step keeps the state that it tells of, though its body has fields missing."""
    tape = list(TAPE[:6])
    body = orjson.loads(tape[1].response_body)
    del body["data"]["createTime"]
    tape[1] = replace(tape[1], response_body=orjson.dumps(body))

    ((_, lane),) = group(tape).lanes.items()

    assert [step.keeps_contract for step in lane.polls] == [False, True, True, True]
    assert lane.polls[0].states == lane.polls[1].states != ()


def test_what_tells_nothing_is_a_step_without_facts() -> None:
    """A page of HTML in place of a reply is kept in its lane, and nothing is read from it."""
    tape = list(TAPE[:6])
    tape[1] = replace(tape[1], response_body=b"<html>")

    ((_, lane),) = group(tape).lanes.items()

    assert lane.polls[0].moments == ()
    assert lane.polls[0].facts == {}


def test_exchanges_of_no_task_are_loose() -> None:
    """A balance, and a request to somebody else, belong to no lane and are not lost."""
    player = Player(CONTRACT)
    player.call(CONTRACT.operations["getCredits"])
    stranger = replace(player.tape[0], url="https://elsewhere.example/x", provider=None, role=None)

    lanes = group([*player.tape, replace(stranger, operation=None)])

    assert lanes.lanes == {}
    assert len(lanes.loose) == 2
