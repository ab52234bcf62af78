"""JSON with places for facts."""

from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.template import Template

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet="ab {}", max_size=4),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children),
    max_leaves=8,
)


@given(PLAIN)
def test_what_names_no_fact_stays_as_it_is(value: object) -> None:
    """A value without places is its own filling."""
    assert Template(value).fill({"task.id": "1"}) == value
    assert Template(value).needs == set()


def test_a_place_takes_a_fact() -> None:
    """A text with more in it takes the fact as people write it, one without takes it as it is."""
    template = Template({"all": "{$task.results}", "of": ["task {$task.id}, {$task.results}"]})
    facts = {"task.results": ["a", "b"], "task.id": "7"}

    assert template.needs == {"task.results", "task.id"}
    assert template.fill(facts) == {"all": ["a", "b"], "of": ["task 7, a, b"]}
