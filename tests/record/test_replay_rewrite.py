"""A recorded body for another time and another client."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.shape import Shape
from mockserver.record.replay.rewrite import rewrite, shift_moment
from mockserver.record.spelling import replace_addresses, replace_texts

SHAPE = Shape(
    ("ok",),
    200,
    "application/json",
    {
        "properties": {
            "id": {"x-fact": "task.id"},
            "at": {"x-fact": "task.created", "format": "unix-ms"},
            "inner": {
                "contentMediaType": "application/json",
                "contentSchema": {"properties": {"end": {"x-fact": "task.finished"}}},
            },
        }
    },
    "here",
)
IDS = {"recorded-id": "fresh-id", "7": "8"}
ADDRESSES = {
    "https://a.test/f": "http://127.0.0.1:1/f",
    "https://a.test/f/2?k=1&l=2": "http://127.0.0.1:1/g",
}

BEGIN, END = (datetime(year, 1, 1, tzinfo=UTC).replace(tzinfo=None) for year in (1990, 2100))


def change(value: Any, shift: int = 86_400_000) -> Any:
    return orjson.loads(rewrite(orjson.dumps(value), [SHAPE], shift, IDS, ADDRESSES))


@given(
    moment=st.datetimes(BEGIN, END),
    spell=st.sampled_from(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"]),
    tail=st.sampled_from(["", "Z", ".123Z", ".123456+02:00", " UTC"]),
    seconds=st.integers(-(10**8), 10**9),
)
def test_a_date_keeps_its_spelling(moment: datetime, spell: str, tail: str, seconds: int) -> None:
    """A date is moved by whole seconds; what is finer, and its zone, stay as they are written."""
    later = moment + timedelta(seconds=seconds)

    assert shift_moment(moment.strftime(spell) + tail, seconds) == later.strftime(spell) + tail
    stamp = int(moment.replace(tzinfo=UTC).timestamp())
    assert shift_moment(stamp * 1000, seconds) == (stamp + seconds) * 1000
    assert shift_moment(stamp, seconds) == stamp + seconds
    assert shift_moment(str(stamp), seconds) == str(stamp + seconds)


@pytest.mark.parametrize("value", ["", "soon", "0000-99-99T00:00:00", 0, 12, True, None, [], {}])
def test_what_is_no_moment_stays(value: object) -> None:
    """Empty fields and other things that stand in the place of a moment are left alone."""
    assert shift_moment(value, 1000) == value


def test_facts_are_rewritten_where_they_stand() -> None:
    """Moments and short ids change where the contract has them, in strings of JSON too."""
    told = {"id": "7", "seven": "7", "at": 1_700_000_000_123, "inner": '{"end":1700000001}'}
    assert change(told) == {
        "id": "8",
        "seven": "7",
        "at": 1_700_086_400_123,
        "inner": '{"end":1700086401}',
    }


@given(depth=st.integers(0, 2), escapes=st.booleans())
def test_texts_are_rewritten_wherever_they_stand(depth: int, escapes: bool) -> None:
    """Long ids and addresses change in any field, however deep in strings and however escaped."""

    def write(texts: Iterable[str], identity: str) -> str:
        one, other = texts
        text = json.dumps({"x": [one, f"see {other}."], "y": identity})
        for _ in range(depth):
            text = json.dumps({"z": text.replace("/", "\\/") if escapes else text})
        return text

    before, after = write(ADDRESSES, "recorded-id"), write(ADDRESSES.values(), "fresh-id")
    changed = rewrite(before.encode(), [SHAPE], 0, IDS, ADDRESSES)

    assert changed.decode() == after


def test_what_is_not_changed_stays_as_it_was_sent() -> None:
    """A body without anything to change keeps its blanks, and one that is no JSON its bytes."""
    for body in (b'{ "a" :\t1.50 }', b"<html>no</html>", b"", b"\xff\x00"):
        assert rewrite(body, [SHAPE], 5_000, IDS, ADDRESSES) == body


@pytest.mark.parametrize(
    ("text", "rewritten"),
    [
        ("https://a.test/f/2?k=1&l=2", "http://127.0.0.1:1/g"),
        ("https://a.test/f?k=3", "http://127.0.0.1:1/f?k=3"),
        ("https://a.test/f.", "http://127.0.0.1:1/f."),
        ("https://a.test/foo", None),
        ("https://a.test/f/3", None),
        ("https://a.test/f.png", None),
    ],
)
def test_whole_addresses_are_rewritten(text: str, rewritten: str | None) -> None:
    """An address that is the beginning of another one does not spoil it."""
    for texts in (ADDRESSES, dict(reversed(ADDRESSES.items()))):
        assert replace_addresses(text.encode(), texts).decode() == (rewritten or text)


def test_longer_texts_go_first() -> None:
    """An id that is the beginning of another one does not spoil it."""
    for texts in ({"aa": "x", "aab": "y"}, {"aab": "y", "aa": "x"}):
        assert replace_texts(b"aab aac", texts) == b"y xc"
