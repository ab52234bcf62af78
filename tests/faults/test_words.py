"""Fault rules as people write them, and the table of all faults."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.engine.trouble.fault import Target
from mockserver.engine.trouble.words import read_rule, write_rule
from mockserver.errors import UsageError
from mockserver.faults import FAULTS, list_faults

COMPLAINTS: list[tuple[Any, str]] = [
    (["reset"], "is no rule"),
    ({}, "'fault' must name a fault"),
    ({"fault": "resett"}, "did you mean 'reset'?"),
    ({"fault": "reset", "oparation": "submit"}, "did you mean 'operation'?"),
    ({"fault": "latency", "span": "soon"}, "'span' must be a span of time"),
    ({"fault": "latency", "span": "2h"}, "'span' must be a span of time"),
    (
        {"fault": "latency", "spread": "uniform", "span": "9s", "most": "1s"},
        "'most' is less than 'span'",
    ),
    ({"fault": "status", "status": 99}, "'status' must be an HTTP status"),
    ({"fault": "status", "status": "503"}, "'status' must be an HTTP status"),
    ({"fault": "callback-wrong-signature", "secret": 0}, "'secret' must be a text of one line, or"),
    ({"fault": "wrong-content-type", "says": "a\r\nb: c"}, "'says' must be"),
    ({"fault": "reset", "count": 0}, "'count' must be a whole number"),
    ({"fault": "reset", "nth": [1, 0]}, "'nth' must be a whole number"),
    ({"fault": "reset", "probability": 2}, "'probability' must be a number from 0 to 1"),
    ({"fault": "reset", "probability": float("nan")}, "'probability' must be a number"),
    ({"fault": "reset", "task": {"modell": "x"}}, "did you mean 'model'?"),
    ({"fault": "reset", "task": {"phase": "busy"}}, "has the phase 'busy'"),
    ({"fault": "reset", "task": {"phase": ["queued"]}}, "write one text"),
    ({"fault": "reset", "after": 3}, "'after' 3 is no span of time"),
    ({"fault": "reset", "after": "3s", "until": "2s"}, "'until' lies before 'after'"),
]


@pytest.mark.parametrize(("words", "complaint"), COMPLAINTS)
def test_what_cannot_be_is_named(words: Any, complaint: str) -> None:
    """One error says where it is, which word is wrong, and what to write."""
    with pytest.raises(UsageError) as caught:
        read_rule(words, FAULTS, "here")

    assert str(caught.value).startswith("here: ")
    assert complaint in str(caught.value)


def test_names_may_have_underscores() -> None:
    """Dashes and underscores mean the same, in faults and in their settings."""
    rule = read_rule({"fault": "rate_limit", "retry-after": 3}, FAULTS)

    assert (rule.name, rule.settings) == ("rate-limit", {"retry_after": 3})


SPANS = st.integers(0, 10**6).map(lambda span: f"{span}ms")
RULES = st.fixed_dictionaries(
    {"fault": st.sampled_from(FAULTS.names)},
    optional={
        "operation": st.sampled_from(["submit", "look"]),
        "nth": st.lists(st.integers(1, 9), min_size=1),
        "task": st.fixed_dictionaries({"prompt": st.text()}),
        "probability": st.floats(0, 1),
        "count": st.integers(1, 9),
        "after": SPANS,
    },
)


@given(words=RULES)
def test_a_rule_that_is_written_reads_the_same(words: dict[str, Any]) -> None:
    """Whatever can be read is written in words that mean the same."""
    rule = read_rule(words, FAULTS)

    assert read_rule(write_rule(rule), FAULTS) == rule


def test_everything_by_default() -> None:
    """Without further words a rule is meant for anybody, always."""
    assert read_rule({"fault": "reset"}, FAULTS).target == Target()


@pytest.mark.parametrize("kind", list_faults(), ids=lambda kind: kind.name)
def test_each_fault_explains_itself(kind: Any) -> None:
    """It has a sentence, meets something, and can be built without any setting."""
    assert kind.sentence.endswith(".")
    assert kind.sentence[0].isupper()
    assert kind.meets
    assert all(setting.sentence and setting.type for setting in kind.settings)
    assert FAULTS.build(kind.name, {}) == FAULTS.build(kind.name, {})
