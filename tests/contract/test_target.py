from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonpath_rfc9535 import find

from mockserver.contract.target import find_plain

NAMES = st.sampled_from(["a", "b_1", "x-y", "/p/{q}", "", "$ref", "é"])
DOCUMENTS = st.recursive(
    st.none() | st.integers(0, 2) | NAMES,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(NAMES, children, max_size=4),
    max_leaves=12,
)
STEPS = st.one_of(
    st.sampled_from([".a", ".b_1", "['a', 'x-y']", "['/p/{q}','a']"]),
    NAMES.map(lambda name: f"['{name}']"),
    st.builds("[?@.a == '{}']".format, NAMES),
    st.builds("[?@['{}'] == '{}']".format, NAMES, NAMES),
)


@given(DOCUMENTS, st.lists(STEPS, max_size=4).map("".join))
def test_a_plain_target_finds_what_the_library_finds(document: Any, steps: str) -> None:
    """The same places in the same order, whatever the document is."""
    expected = [list(node.location) for node in find(f"${steps}", document)]

    assert expected == find_plain(f"${steps}", document)


@pytest.mark.parametrize(
    "target",
    [
        "a",
        "",
        "$.",
        "$..a",
        "$[*]",
        "$.a[0]",
        "$[1:2]",
        "$['a\\\\b']",
        "$[?@.a == 1]",
        "$.a b",
        "$.é",
    ],
)
def test_any_other_target_is_for_the_library(target: str) -> None:
    """What is not certainly plain is left alone."""
    assert find_plain(target, {"a": [{"a": 1}]}) is None
