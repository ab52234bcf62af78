"""Request bodies become JSON values, exactly, or a sentence that says why not."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.call import Malformed
from mockserver.web.decode import MAX_DEPTH, decode_json

JSON = "application/json"

WHOLE = st.integers(-(2**63), 2**64 - 1)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | WHOLE
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=20,
)

BAD_BODIES = {
    "nothing": (b"", "empty"),
    "white space": (b" \r\n\t", "empty"),
    "half an object": (b'{"a": 1', "not JSON"),
    "a trailing comma": (b"[1,]", "not JSON"),
    "a comment": (b"{} // ok", "not JSON"),
    "single quotes": (b"{'a': 1}", "not JSON"),
    "a form": (b"a=1&b=2", "not JSON"),
    "NaN": (b'{"a": NaN}', "not JSON"),
    "infinity": (b'{"a": -Infinity}', "not JSON"),
    "a number beyond floats": (b'{"a": 1e999}', "infinity"),
    "5,000 digits": (b'{"a": %s}' % (b"7" * 5_000), "infinity"),
    "30 digits": (b'{"seed": %s}' % (b"9" * 30), "64 bits"),
    "2**64": (b"[18446744073709551616]", "18446744073709551616 in the body does not fit"),
    "-2**63 - 1": (b"[-9223372036854775809]", "64 bits"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "byte order mark"),
    "bad UTF-8": (b'{"a": "\xff"}', "UTF-8"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "not JSON"),
    "a lone surrogate": (b'"\\ud800"', "surrogate"),
    "a NUL byte": (b'"\x00"', "not JSON"),
    "a million brackets": (b"[" * 1_000_000, "depth"),
    "one level too deep": (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "nested deeper"),
}

BAD_TYPES = {
    "text": "text/plain",
    "a form": "application/x-www-form-urlencoded",
    "an upload": "multipart/form-data; boundary=x",
    "nothing": "",
    "another charset": "application/json; charset=latin-1",
}

GOOD_TYPES = [
    None,
    JSON,
    "Application/JSON",
    "application/json;charset=UTF-8",
    'application/json; charset="utf-8"',
    "application/problem+json",
]


@given(VALUES)
def test_every_json_value_is_kept_exactly(value: Any) -> None:
    """What a client's JSON library writes is read as the same value."""
    assert decode_json(json.dumps(value).encode(), JSON) == value


@given(st.integers(min_value=2**64) | st.integers(max_value=-(2**63) - 1))
def test_no_integer_silently_becomes_a_float(number: int) -> None:
    """An integer that does not fit into 64 bits is refused, wherever it stands."""
    assert isinstance(decode_json(json.dumps({"a": ["1", number]}).encode(), JSON), Malformed)


@pytest.mark.parametrize(("raw", "reason"), BAD_BODIES.values(), ids=BAD_BODIES)
def test_a_bad_body_is_refused_with_its_reason(raw: bytes, reason: str) -> None:
    """A body that is not JSON gives one sentence about what is wrong with it."""
    found = decode_json(raw, JSON)

    assert isinstance(found, Malformed)
    assert reason in found.reason
    assert found.status is None


@pytest.mark.parametrize("content_type", BAD_TYPES.values(), ids=BAD_TYPES)
def test_a_body_must_be_called_json(content_type: str) -> None:
    """JSON that is sent as something else is refused, so that no web form can send it."""
    assert isinstance(decode_json(b"{}", content_type), Malformed)


@pytest.mark.parametrize("content_type", GOOD_TYPES)
def test_every_way_to_say_json_is_understood(content_type: str | None) -> None:
    """Case, charset, a +json suffix or no Content-Type at all make no difference."""
    assert decode_json(b'{"a": 1}', content_type) == {"a": 1}


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'"12345678901234567890123"', "12345678901234567890123"),
        (rb'"\"12345678901234567890123"', '"12345678901234567890123'),
        (b"[18446744073709551615, -9223372036854775808]", [2**64 - 1, -(2**63)]),
        (b"0.1234567890123456789012", 0.1234567890123456789012),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b"[" * 50 + b"]" * 50, json.loads("[" * 50 + "]" * 50)),
        (b"[" + b"[]," * 300 + b"[]]", [[]] * 301),
        (rb'"\u0000"', "\0"),
    ],
    ids=[
        *["digits in a string", "digits after a quote", "the ends of 64 bits", "a fine fraction"],
        *["a doubled key: the last one counts", "deep enough", "wide, not deep", "an escaped NUL"],
    ],
)
def test_what_only_looks_bad_is_taken(raw: bytes, value: object) -> None:
    """The checks for numbers and depth look at numbers and depth, and at nothing else."""
    assert decode_json(raw, JSON) == value


def test_minus_zero_stays_a_number() -> None:
    """The odd zeros of JSON are numbers like others."""
    assert math.copysign(1, float(str(decode_json(b"-0.0", JSON)))) == -1
